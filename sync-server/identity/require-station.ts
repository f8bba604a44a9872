import { createMiddleware } from 'hono/factory'
import { AppError } from '#shared/errors.ts'
import { PublicKey } from '#shared/protocol.ts'
import { queryClinic } from '../database/clinic-tx.ts'
import type { ServerDeps, ServerEnv, StationCredential } from '../server-deps.ts'
import { type StationClaims, verifyStationToken } from './access-token.ts'

/** Lets a station in by its access token, and puts it into the context as `station`. */
export function requireStation(deps: ServerDeps) {
  return createMiddleware<ServerEnv>(async (c, next) => {
    const authorization = c.req.header('authorization')
    const claims = await verifyStationToken(deps.signingKey, authorization, deps.now())
    c.set('station', await readStation(deps, claims))
    await next()
  })
}

/**
 * Claims are hints: what counts is what the clinic's rows say now. One round trip, since every
 * request of every station begins with it; the contact is noted every ten seconds at most.
 *
 * @throws AppError UNAUTHENTICATED, or STATION_REVOKED
 */
async function readStation(deps: ServerDeps, claims: StationClaims): Promise<StationCredential> {
  const { rows } = await queryClinic<{ publicKey: string; revoked: boolean; ended: boolean }>(
    deps.pool,
    claims.clinicId,
    'SELECT public_key AS "publicKey", revoked, ended FROM station_state($1, $2)',
    [claims.clinicId, claims.sub],
  )
  const station = rows[0]
  if (station === undefined) throw new AppError('UNAUTHENTICATED')
  if (station.revoked) throw new AppError('STATION_REVOKED')
  if (station.ended) throw new AppError('UNAUTHENTICATED')
  return {
    clinicId: claims.clinicId,
    stationId: claims.sub,
    publicKey: PublicKey.parse({ kty: 'OKP', crv: 'Ed25519', x: station.publicKey }),
    expiresAt: claims.exp * 1000,
  }
}

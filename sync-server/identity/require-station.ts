import { createMiddleware } from 'hono/factory'
import { z } from 'zod'
import { AppError } from '#shared/errors.ts'
import type { ClinicId, StationId } from '#shared/ids.ts'
import { PublicKey } from '#shared/protocol.ts'
import { type ClinicTx, queryClinic } from '../database/clinic-tx.ts'
import type { ServerDeps, ServerEnv, StationClaim, StationCredential } from '../server-deps.ts'
import { type StationClaims, verifyStationToken } from './access-token.ts'

/** Lets a station in by its access token, and puts it into the context as `station`. */
export function requireStation(deps: ServerDeps) {
  return createMiddleware<ServerEnv>(async (c, next) => {
    const authorization = c.req.header('authorization')
    const claims = await verifyStationToken(deps.signingKey, authorization, deps.now())
    await readStation(deps, claims.clinicId, claims.sub)
    c.set('station', claimOf(claims))
    await next()
  })
}

/**
 * The same for routes that look at the station's row themselves, in the first round trip of their
 * own work: `admitStation()` or `learnStation()`, before anything is answered or written.
 */
export function requireStationToken(deps: ServerDeps) {
  return createMiddleware<ServerEnv>(async (c, next) => {
    const authorization = c.req.header('authorization')
    c.set('station', claimOf(await verifyStationToken(deps.signingKey, authorization, deps.now())))
    await next()
  })
}

/** A station's key never changes; `clinic/station`. */
const keys = new Map<string, PublicKey>()
const MAX_KEYS = 10_000

function claimOf({ clinicId, sub, exp }: StationClaims): StationClaim {
  return { clinicId, stationId: sub, expiresAt: exp * 1000 }
}

/**
 * With its key, for what it has signed.
 *
 * @throws AppError UNAUTHENTICATED, or STATION_REVOKED
 */
export async function withKey(
  deps: Pick<ServerDeps, 'pool'>,
  claim: StationClaim,
): Promise<StationCredential> {
  const { clinicId, stationId } = claim
  const known = keys.get(`${clinicId}/${stationId}`)
  return { ...claim, publicKey: known ?? (await readStation(deps, clinicId, stationId)) }
}

/** Of `station_state()`: a station as its row has it now, its contact noted. */
const StationState = z.object({ publicKey: z.string(), revoked: z.boolean(), ended: z.boolean() })

/**
 * Claims are hints: what counts is what the clinic's rows say now.
 *
 * @param state what `station_state()` gave; nothing: no such station
 * @throws AppError UNAUTHENTICATED, or STATION_REVOKED
 */
export function admitStation(state: unknown): PublicKey {
  const station = StationState.nullish().parse(state)
  if (station === null || station === undefined) throw new AppError('UNAUTHENTICATED')
  if (station.revoked) throw new AppError('STATION_REVOKED')
  if (station.ended) throw new AppError('UNAUTHENTICATED')
  return PublicKey.parse({ kty: 'OKP', crv: 'Ed25519', x: station.publicKey })
}

/**
 * The same, and its key is remembered: the next push need not ask for it.
 *
 * @throws AppError UNAUTHENTICATED, or STATION_REVOKED
 */
export function learnStation(
  { clinicId, stationId }: Pick<StationClaim, 'clinicId' | 'stationId'>,
  state: unknown,
): PublicKey {
  const key = admitStation(state)
  if (keys.size >= MAX_KEYS) keys.clear()
  keys.set(`${clinicId}/${stationId}`, key)
  return key
}

const READ_STATION = 'SELECT public_key AS "publicKey", revoked, ended FROM station_state($1, $2)'

/** @throws AppError UNAUTHENTICATED, or STATION_REVOKED */
export async function admitStationIn(tx: ClinicTx, stationId: StationId): Promise<void> {
  const { rows } = await tx.query<{ publicKey: unknown }>(READ_STATION, [tx.clinicId, stationId])
  admitStation(rows[0])
}

/** @throws AppError UNAUTHENTICATED, or STATION_REVOKED */
export async function readStation(
  { pool }: Pick<ServerDeps, 'pool'>,
  clinicId: ClinicId,
  stationId: StationId,
): Promise<PublicKey> {
  const { rows } = await queryClinic<{ publicKey: unknown }>(pool, clinicId, READ_STATION, [
    clinicId,
    stationId,
  ])
  return learnStation({ clinicId, stationId }, rows[0])
}

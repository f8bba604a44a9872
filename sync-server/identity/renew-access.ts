import { AppError, type ErrorCode } from '#shared/errors.ts'
import type { StationId } from '#shared/ids.ts'
import type { RenewedToken } from '#shared/renewed-token.ts'
import { noteLetterGiven } from '../clinics/letters.ts'
import { type ClinicTx, withClinic } from '../database/clinic-tx.ts'
import type { ServerDeps } from '../server-deps.ts'
import { signStationToken } from './access-token.ts'
import type { Proof } from './dpop.ts'
import { parseRefreshToken, type RefreshToken, rotateRefreshToken } from './refresh-token.ts'

/**
 * A station's next pair of tokens.
 *
 * @throws AppError UNAUTHENTICATED, STATION_REVOKED or REFRESH_REUSED
 */
export async function renewAccess(
  deps: Pick<ServerDeps, 'pool' | 'signingKey' | 'now'>,
  refreshToken: string,
  proof: Proof,
): Promise<Pick<RenewedToken, 'accessToken' | 'refreshToken' | 'lastCommand'>> {
  const token = await parseRefreshToken(deps.signingKey, refreshToken)
  const { clinicId, stationId } = token
  const now = deps.now()
  // A refusal is a value here: that a proof was used, or a family ended, must be committed with it.
  const result = await withClinic(deps.pool, clinicId, async (tx) => {
    const refused = await refuseStation(tx, token, proof)
    if (refused !== null) return refused
    const rotation = await rotateRefreshToken(tx, deps.signingKey, token, now)
    if (rotation.outcome !== 'ROTATED') return rotation
    return { ...rotation, lastCommand: await readLastCommand(tx, stationId) }
  })
  switch (result.outcome) {
    case 'ROTATED': {
      const station = { stationId, clinicId, thumbprint: proof.thumbprint }
      const accessToken = await signStationToken(deps.signingKey, station, now)
      const { refreshToken: next, lastCommand } = result
      return { accessToken, refreshToken: next, lastCommand }
    }
    case 'UNKNOWN':
      throw new AppError('UNAUTHENTICATED')
    case 'REUSED':
      throw new AppError('REFRESH_REUSED')
    case 'REFUSED':
      throw new AppError(result.code)
  }
}

/** A copy of the station's file that was put back has counted less far. */
async function readLastCommand(tx: ClinicTx, stationId: StationId): Promise<number> {
  const { rows } = await tx.query<{ last: number }>(
    `SELECT coalesce(max(station_seq), 0) AS last FROM commands
     WHERE clinic_id = $1 AND station_id = $2`,
    [tx.clinicId, stationId],
  )
  return rows[0]?.last ?? 0
}

interface Refused {
  outcome: 'REFUSED'
  code: ErrorCode
}

async function refuseStation(
  tx: ClinicTx,
  { stationId, stated }: RefreshToken,
  proof: Proof,
): Promise<Refused | null> {
  const { rows } = await tx.query<{ publicKey: string; revoked: boolean; ended: boolean }>(
    `SELECT public_key AS "publicKey", revoked_at IS NOT NULL AS revoked,
       refresh_revoked_at IS NOT NULL AS ended
     FROM stations WHERE clinic_id = $1 AND station_id = $2 FOR UPDATE`,
    [tx.clinicId, stationId],
  )
  const station = rows[0]
  if (station === undefined && stated?.station?.publicKey === proof.publicKey.x) {
    // Forgotten by a restore, it goes on giving numbers until an ADMIN lets it rejoin.
    await noteLetterGiven(tx, stated.station.letter)
  }
  // Whoever cannot prove the key learns nothing about the station.
  if (station === undefined || station.publicKey !== proof.publicKey.x) {
    return { outcome: 'REFUSED', code: 'UNAUTHENTICATED' }
  }
  if (await isReplayed(tx, stationId, proof)) {
    return { outcome: 'REFUSED', code: 'UNAUTHENTICATED' }
  }
  if (station.revoked) return { outcome: 'REFUSED', code: 'STATION_REVOKED' }
  if (station.ended) return { outcome: 'REFUSED', code: 'REFRESH_REUSED' }
  return null
}

/** Each proof counts once (RFC 9449, section 11.1). One that has run out is swept by a job. */
async function isReplayed(
  tx: ClinicTx,
  stationId: StationId,
  { jti, expiresAt }: Proof,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO dpop_jtis (clinic_id, station_id, jti, expires_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT DO NOTHING`,
    [tx.clinicId, stationId, jti, new Date(expiresAt)],
  )
  return rowCount === 0
}

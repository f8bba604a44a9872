import { createHash, randomBytes } from 'node:crypto'
import { AppError } from '#shared/errors.ts'
import { ClinicId, StationId } from '#shared/ids.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'

/** Longer than any clinic is offline and still wants its work back. */
const LIFETIME_DAYS = 180
/** How long a used token is remembered, to tell a stolen copy from nonsense. */
const REUSE_MEMORY_DAYS = 7
/** Answers lost in a row before the oldest of them no longer counts. */
const MAX_SIBLINGS = 20

interface TokenOwner {
  clinicId: ClinicId
  stationId: StationId
}

/**
 * A refresh token names its clinic and station in the clear, so that it can be looked up under that
 * clinic's row-level security; only a digest of the rest is kept.
 */
export function parseRefreshToken(token: string): TokenOwner & { hash: Buffer } {
  const [version, clinic, station, secret, ...rest] = token.split('.')
  const clinicId = ClinicId.safeParse(clinic)
  const stationId = StationId.safeParse(station)
  const isWhole = version === 'r1' && (secret ?? '').length === 43 && rest.length === 0
  if (!isWhole || !clinicId.success || !stationId.success) throw new AppError('UNAUTHENTICATED')
  return { clinicId: clinicId.data, stationId: stationId.data, hash: hashToken(token) }
}

function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** @param now milliseconds since the Unix epoch */
export async function issueRefreshToken(
  tx: ClinicTx,
  stationId: StationId,
  generation: number,
  now: number,
): Promise<string> {
  const token = `r1.${tx.clinicId}.${stationId}.${randomBytes(32).toString('base64url')}`
  await tx.query(
    `INSERT INTO refresh_tokens (clinic_id, station_id, token_hash, generation, issued_at)
     VALUES ($1, $2, $3, $4, $5)`,
    [tx.clinicId, stationId, hashToken(token), generation, new Date(now)],
  )
  return token
}

export type Rotation =
  | { outcome: 'ROTATED'; refreshToken: string }
  | { outcome: 'UNKNOWN' }
  | { outcome: 'REUSED' }

/**
 * Gives the next token for this one. The generation before the newest stays good until the newest is
 * used: its answer may have been lost on the line. Anything older, or a twin of one that was used,
 * has been copied: the family ends. The caller holds the station's row, so this is one at a time.
 *
 * @param now milliseconds since the Unix epoch
 */
export async function rotateRefreshToken(
  tx: ClinicTx,
  stationId: StationId,
  hash: Buffer,
  now: number,
): Promise<Rotation> {
  const { rows } = await tx.query<{ generation: number; used: boolean; newest: number }>(
    `SELECT t.generation, t.used_at IS NOT NULL AS used, newest.generation AS newest
     FROM refresh_tokens t
     CROSS JOIN LATERAL (
       SELECT max(generation) AS generation FROM refresh_tokens
       WHERE clinic_id = t.clinic_id AND station_id = t.station_id) newest
     WHERE t.clinic_id = $1 AND t.station_id = $2 AND t.token_hash = $3
       AND t.issued_at > $4`,
    [tx.clinicId, stationId, hash, daysBefore(now, LIFETIME_DAYS)],
  )
  const token = rows[0]
  if (token === undefined) return { outcome: 'UNKNOWN' }
  const isNewest = token.generation === token.newest
  // One of the newest generation has never been used: its use is what makes the next.
  const answerWasLost = token.used && token.generation === token.newest - 1
  if (!isNewest && !answerWasLost) {
    await endFamily(tx, stationId, now)
    return { outcome: 'REUSED' }
  }
  await tx.query(
    `UPDATE refresh_tokens SET used_at = COALESCE(used_at, $4)
     WHERE clinic_id = $1 AND station_id = $2 AND token_hash = $3`,
    [tx.clinicId, stationId, hash, new Date(now)],
  )
  const next = token.generation + 1
  const refreshToken = await issueRefreshToken(tx, stationId, next, now)
  await forgetOldTokens(tx, stationId, { newest: next, now })
  return { outcome: 'ROTATED', refreshToken }
}

async function endFamily(tx: ClinicTx, stationId: StationId, now: number): Promise<void> {
  await tx.query(
    `UPDATE stations SET refresh_revoked_at = $3
     WHERE clinic_id = $1 AND station_id = $2 AND refresh_revoked_at IS NULL`,
    [tx.clinicId, stationId, new Date(now)],
  )
}

async function forgetOldTokens(
  tx: ClinicTx,
  stationId: StationId,
  { newest, now }: { newest: number; now: number },
): Promise<void> {
  await tx.query(
    `DELETE FROM refresh_tokens
     WHERE clinic_id = $1 AND station_id = $2
       AND (generation < $3 - 1 AND issued_at < $4
         OR token_hash IN (
           SELECT token_hash FROM refresh_tokens
           WHERE clinic_id = $1 AND station_id = $2 AND generation = $3
           ORDER BY issued_at DESC OFFSET $5))`,
    [tx.clinicId, stationId, newest, daysBefore(now, REUSE_MEMORY_DAYS), MAX_SIBLINGS],
  )
}

function daysBefore(now: number, days: number): Date {
  return new Date(now - days * 86_400_000)
}

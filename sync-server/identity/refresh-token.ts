import { createHash, randomBytes, subtle } from 'node:crypto'
import { AppError } from '#shared/errors.ts'
import { ClinicId, StationId } from '#shared/ids.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import type { SigningKey } from './signing-key.ts'

/** Longer than any clinic is offline and still wants its work back. */
const LIFETIME_DAYS = 180
/** How long a used token is remembered, to tell a stolen copy from nonsense. */
const REUSE_MEMORY_DAYS = 7
/** Answers lost in a row before the oldest of them no longer counts. */
const MAX_SIBLINGS = 20

export interface RefreshToken {
  clinicId: ClinicId
  stationId: StationId
  hash: Buffer
  /** What this deployment says of it by its signature, should the database not know it. */
  stated: { generation: number; issuedAt: number } | null
}

type Signer = Pick<SigningKey, 'privateKey' | 'verifyKey'>

/**
 * A refresh token names its clinic and station in the clear, so that it can be looked up under that
 * clinic's row-level security; only a digest of the rest is kept. It also says which generation it is,
 * signed: a database restored from a backup has forgotten the latest, and must not lock every desk out.
 *
 * @throws AppError UNAUTHENTICATED
 */
export async function parseRefreshToken(key: Signer, token: string): Promise<RefreshToken> {
  const parts = token.split('.')
  const [version, clinic, station, generation, issuedAt, secret, signature] = parts
  const clinicId = ClinicId.safeParse(clinic)
  const stationId = StationId.safeParse(station)
  const isWhole = version === 'r2' && secret?.length === 43 && parts.length === 7
  if (!isWhole || !clinicId.success || !stationId.success) throw new AppError('UNAUTHENTICATED')
  const said = token.slice(0, token.lastIndexOf('.'))
  const isOurs = await subtle.verify(
    'Ed25519',
    key.verifyKey,
    Buffer.from(signature ?? '', 'base64url'),
    Buffer.from(said),
  )
  return {
    clinicId: clinicId.data,
    stationId: stationId.data,
    hash: hashToken(token),
    stated: isOurs ? { generation: Number(generation), issuedAt: Number(issuedAt) } : null,
  }
}

function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** @param now milliseconds since the Unix epoch */
export async function issueRefreshToken(
  tx: ClinicTx,
  key: Signer,
  stationId: StationId,
  { generation, now }: { generation: number; now: number },
): Promise<string> {
  const secret = randomBytes(32).toString('base64url')
  const said = `r2.${tx.clinicId}.${stationId}.${generation}.${now}.${secret}`
  const signature = await subtle.sign('Ed25519', key.privateKey, Buffer.from(said))
  const token = `${said}.${Buffer.from(signature).toString('base64url')}`
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
  key: Signer,
  { stationId, hash, stated }: RefreshToken,
  now: number,
): Promise<Rotation> {
  const { rows } = await tx.query<{
    generation: number | null
    used: boolean
    newest: number | null
  }>(
    `SELECT t.generation, t.used_at IS NOT NULL AS used, newest.generation AS newest
     FROM (SELECT max(generation) AS generation FROM refresh_tokens
           WHERE clinic_id = $1 AND station_id = $2) newest
     LEFT JOIN refresh_tokens t
       ON t.clinic_id = $1 AND t.station_id = $2 AND t.token_hash = $3 AND t.issued_at > $4`,
    [tx.clinicId, stationId, hash, daysBefore(now, LIFETIME_DAYS)],
  )
  const { generation = null, used = false, newest = null } = rows[0] ?? {}
  if (newest === null) return { outcome: 'UNKNOWN' }
  if (generation === null) {
    if (!wasForgotten(stated, newest, now)) return { outcome: 'UNKNOWN' }
    // Known again, as used: the answer to it may be lost too, and then it comes once more.
    await tx.query(
      `INSERT INTO refresh_tokens (clinic_id, station_id, token_hash, generation, issued_at, used_at)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [tx.clinicId, stationId, hash, stated.generation, new Date(stated.issuedAt), new Date(now)],
    )
    return { outcome: 'ROTATED', refreshToken: await next(stated.generation) }
  }
  const isNewest = generation === newest
  // One of the newest generation has never been used: its use is what makes the next.
  const answerWasLost = used && generation === newest - 1
  if (!isNewest && !answerWasLost) {
    await endFamily(tx, stationId, now)
    return { outcome: 'REUSED' }
  }
  await tx.query(
    `UPDATE refresh_tokens SET used_at = COALESCE(used_at, $4)
     WHERE clinic_id = $1 AND station_id = $2 AND token_hash = $3`,
    [tx.clinicId, stationId, hash, new Date(now)],
  )
  return { outcome: 'ROTATED', refreshToken: await next(generation) }

  async function next(after: number): Promise<string> {
    const token = await issueRefreshToken(tx, key, stationId, { generation: after + 1, now })
    await forgetSiblings(tx, stationId, after + 1)
    return token
  }
}

/**
 * Signed here, and no older than all that the database knows: it was issued after the backup that the
 * database was restored from, and of the same generation there may be one more by now, if a request of
 * before the restore came late. Whoever presents it has also proved the station's key.
 */
function wasForgotten(
  stated: RefreshToken['stated'],
  newest: number,
  now: number,
): stated is NonNullable<RefreshToken['stated']> {
  return (
    stated !== null &&
    stated.generation >= newest &&
    stated.issuedAt > daysBefore(now, LIFETIME_DAYS).getTime()
  )
}

async function endFamily(tx: ClinicTx, stationId: StationId, now: number): Promise<void> {
  await tx.query(
    `UPDATE stations SET refresh_revoked_at = $3
     WHERE clinic_id = $1 AND station_id = $2 AND refresh_revoked_at IS NULL`,
    [tx.clinicId, stationId, new Date(now)],
  )
}

async function forgetSiblings(
  tx: ClinicTx,
  stationId: StationId,
  generation: number,
): Promise<void> {
  await tx.query(
    `DELETE FROM refresh_tokens
     WHERE clinic_id = $1 AND station_id = $2 AND token_hash IN (
       SELECT token_hash FROM refresh_tokens
       WHERE clinic_id = $1 AND station_id = $2 AND generation = $3
       ORDER BY issued_at DESC OFFSET $4)`,
    [tx.clinicId, stationId, generation, MAX_SIBLINGS],
  )
}

/** Used tokens issued before it are forgotten, by a job. */
export function rememberedFrom(now: number): Date {
  return daysBefore(now, REUSE_MEMORY_DAYS)
}

function daysBefore(now: number, days: number): Date {
  return new Date(now - days * 86_400_000)
}

import { createHash, randomBytes, subtle } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '#shared/errors.ts'
import { ClinicId, StationId } from '#shared/ids.ts'
import { Ticket } from '#shared/ticket.ts'
import { noteLetterGiven } from '../clinics/letters.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import type { SigningKey } from './signing-key.ts'

/** Longer than any clinic is offline and still wants its work back. */
const LIFETIME_DAYS = 180
/** How long a used token is remembered, to tell a stolen copy from nonsense. */
const REUSE_MEMORY_DAYS = 7
/** Answers lost in a row before the oldest of them no longer counts. */
const MAX_SIBLINGS = 20

/** What a station was when its token was issued, should the database not know it any more. */
const StatedStation = z.object({
  letter: Ticket.shape.letter,
  /** The `x` of its Ed25519 public key (RFC 8037), base64url. */
  publicKey: z.string(),
  /** What it had seen when it was enrolled: a feed number. */
  enrolledSeq: z.coerce.number(),
  /** In whose place it goes on. */
  formerId: StationId.nullable(),
})
export type StatedStation = z.infer<typeof StatedStation>

export interface RefreshToken {
  clinicId: ClinicId
  stationId: StationId
  hash: Buffer
  /** What this deployment says by its signature; `station` null: the token is of the form before. */
  stated: { generation: number; issuedAt: number; station: StatedStation | null } | null
}

type Signer = Pick<SigningKey, 'privateKey' | 'verifyKey'>

/** `r2` said its generation and when it was issued; `r3` says what its station is, too. */
const FIELDS: Readonly<Record<string, number>> = { r2: 6, r3: 10 }
const NOBODY = '-'

/**
 * A refresh token names its clinic and station in the clear, so that it can be looked up under that
 * clinic's row-level security; only a digest of the rest is kept. It also says which generation it is and
 * what its station is, signed: a database restored from a backup has forgotten the latest tokens, and
 * stations that were enrolled since, and must not lock any desk out.
 *
 * @throws AppError UNAUTHENTICATED
 */
export async function parseRefreshToken(key: Signer, token: string): Promise<RefreshToken> {
  const said = token.slice(0, Math.max(0, token.lastIndexOf('.')))
  const parts = said.split('.')
  const [version = '', clinic, station, generation, issuedAt, ...more] = parts
  const clinicId = ClinicId.safeParse(clinic)
  const stationId = StationId.safeParse(station)
  const isWhole = FIELDS[version] === parts.length && parts.at(-1)?.length === 43
  if (!isWhole || !clinicId.success || !stationId.success) throw new AppError('UNAUTHENTICATED')
  const isOurs = await subtle.verify(
    'Ed25519',
    key.verifyKey,
    Buffer.from(token.slice(said.length + 1), 'base64url'),
    Buffer.from(said),
  )
  return {
    clinicId: clinicId.data,
    stationId: stationId.data,
    hash: hashToken(token),
    stated: isOurs
      ? {
          generation: Number(generation),
          issuedAt: Number(issuedAt),
          station: version === 'r3' ? readStation(more) : null,
        }
      : null,
  }
}

/** In the order in which `issueRefreshToken` says it; signed, so it has the form. */
function readStation([letter, publicKey, enrolledSeq, formerId]: readonly string[]): StatedStation {
  return StatedStation.parse({
    letter,
    publicKey,
    enrolledSeq,
    formerId: formerId === NOBODY ? null : formerId,
  })
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
  const { letter, publicKey, enrolledSeq, formerId } = await stationToState(tx, stationId)
  const token = `r3.${tx.clinicId}.${stationId}.${generation}.${now}`
  const station = `${letter}.${publicKey}.${enrolledSeq}.${formerId ?? NOBODY}`
  const said = `${token}.${station}.${randomBytes(32).toString('base64url')}`
  const signature = await subtle.sign('Ed25519', key.privateKey, Buffer.from(said))
  const signed = `${said}.${Buffer.from(signature).toString('base64url')}`
  await tx.query(
    `INSERT INTO refresh_tokens (clinic_id, station_id, token_hash, generation, issued_at)
     VALUES ($1, $2, $3, $4, $5)`,
    [tx.clinicId, stationId, hashToken(signed), generation, new Date(now)],
  )
  return signed
}

async function stationToState(tx: ClinicTx, stationId: StationId): Promise<StatedStation> {
  const { rows } = await tx.query<StatedStation>(
    `SELECT letter, public_key AS "publicKey", enrolled_seq AS "enrolledSeq", former_id AS "formerId"
     FROM stations WHERE clinic_id = $1 AND station_id = $2`,
    [tx.clinicId, stationId],
  )
  const [station] = rows
  if (station === undefined) throw new AppError('NOT_FOUND')
  return station
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
    // Its letter may be another since.
    if (stated.station !== null) await noteLetterGiven(tx, stated.station.letter)
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
  return stated !== null && stated.generation >= newest && !hasRunOut(stated.issuedAt, now)
}

/** @param issuedAt and `now`: milliseconds since the Unix epoch */
export function hasRunOut(issuedAt: number, now: number): boolean {
  return issuedAt <= daysBefore(now, LIFETIME_DAYS).getTime()
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

import { createPublicKey, verify } from 'node:crypto'
import type { StationEntry } from '#shared/clinic.ts'
import { AppError } from '#shared/errors.ts'
import { makeUuidv7, StationId, type UserId } from '#shared/ids.ts'
import type { EnrolRequest } from '#shared/protocol.ts'
import { type RejoinRequest, rejoinText } from '#shared/rejoin.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import { lockFeed, readHead } from '../sync/feed.ts'
import { type Act, recordAct } from './admin-act.ts'
import { takeLetter } from './letters.ts'

export interface ListedStation extends StationEntry {
  enrolledBy: UserId
  /** Instants, UTC ISO 8601. */
  enrolledAt: string
  lastContact: string | null
}

type StationRow = Pick<StationEntry, 'name' | 'letter' | 'active'> & {
  stationId: StationId
  enrolledBy: UserId
  enrolledAt: Date
  lastContact: Date | null
}

export async function listStations(tx: ClinicTx): Promise<ListedStation[]> {
  const { rows } = await tx.query<StationRow>(
    `SELECT station_id AS "stationId", name, letter, revoked_at IS NULL AS active,
       enrolled_by AS "enrolledBy", enrolled_at AS "enrolledAt", last_contact AS "lastContact"
     FROM stations WHERE clinic_id = $1 ORDER BY length(letter), letter`,
    [tx.clinicId],
  )
  return rows.map((row) => ({
    kind: 'STATION',
    ...row,
    enrolledAt: row.enrolledAt.toISOString(),
    lastContact: row.lastContact?.toISOString() ?? null,
  }))
}

interface NewStation extends Pick<EnrolRequest, 'stationName' | 'publicKey'> {
  formerId: StationId | null
  /** What it has seen at least, whatever it says: a feed number. */
  enrolledSeq: number
}
type Added = Pick<ListedStation, 'stationId' | 'letter'>

/**
 * @param now milliseconds since the Unix epoch
 * @returns the new station, under a letter that no station of this clinic ever had
 */
export async function addStation(
  tx: ClinicTx,
  request: EnrolRequest,
  by: UserId,
  now: number,
): Promise<Added> {
  const made = { ...request, formerId: null, enrolledSeq: await readHead(tx) }
  return insertStation(tx, made, { name: 'enrolStation', by, now })
}

/**
 * A new station in the place of one that has its key and its file, and is no longer trusted: that one's
 * commands may come by the new one (`sync/senders.ts`). Of several copies of a file each may go on so.
 *
 * @throws AppError BAD_SIGNATURE if the former station's key was not there, or there is no such station
 */
export async function rejoinStation(
  tx: ClinicTx,
  request: RejoinRequest,
  by: UserId,
  now: number,
): Promise<Added> {
  const { formerId, proof } = request
  const { rows } = await tx.query<{ publicKey: string; enrolledSeq: number }>(
    `SELECT public_key AS "publicKey", enrolled_seq AS "enrolledSeq" FROM stations
     WHERE clinic_id = $1 AND station_id = $2`,
    [tx.clinicId, formerId],
  )
  const [former] = rows
  if (former === undefined || !isSignedBy(former.publicKey, rejoinText(request), proof)) {
    throw new AppError('BAD_SIGNATURE')
  }
  const known = await findUnheard(tx, request)
  if (known !== null) return known
  const act: Act = { name: 'rejoinStation', by, now }
  const station = await insertStation(tx, { ...request, enrolledSeq: former.enrolledSeq }, act)
  // At the same desk as ever, with a PIN and without the server, they go on with their work.
  await tx.query(
    `INSERT INTO station_sessions (clinic_id, station_id, user_id, first_seq)
     SELECT clinic_id, $3, user_id, first_seq FROM station_sessions
     WHERE clinic_id = $1 AND station_id = $2`,
    [tx.clinicId, formerId, station.stationId],
  )
  await revokeStation(tx, formerId, by, now)
  return station
}

/** The same request once more: the answer to the first was lost, and nobody has spoken as that station. */
async function findUnheard(
  tx: ClinicTx,
  { formerId, publicKey }: RejoinRequest,
): Promise<Added | null> {
  const { rows } = await tx.query<Added>(
    `SELECT station_id AS "stationId", letter FROM stations
     WHERE clinic_id = $1 AND former_id = $2 AND public_key = $3
       AND revoked_at IS NULL AND last_contact = enrolled_at`,
    [tx.clinicId, formerId, publicKey.x],
  )
  return rows[0] ?? null
}

function isSignedBy(x: string, text: string, signature: string): boolean {
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'))
}

async function insertStation(
  tx: ClinicTx,
  { stationName, publicKey, formerId, enrolledSeq }: NewStation,
  act: Act,
): Promise<Added> {
  const { by, now } = act
  const random = crypto.getRandomValues(new Uint8Array(10))
  // Its last digits stand in its stamps, and all zeros there are the server's: an erased document.
  random.fill((random[7] ?? 0) | 1, 7, 8)
  const stationId = StationId.parse(makeUuidv7(now, random))
  await lockFeed(tx)
  const letter = await takeLetter(tx)
  await tx.query(
    `INSERT INTO stations
       (clinic_id, station_id, letter, name, public_key, enrolled_by, enrolled_at, last_contact,
        enrolled_seq, former_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9)`,
    [
      tx.clinicId,
      stationId,
      letter,
      stationName,
      publicKey.x,
      by,
      new Date(now),
      enrolledSeq,
      formerId,
    ],
  )
  const after = entryOf({ stationId, name: stationName, letter, active: true })
  await recordAct(tx, act, { id: `station:${stationId}`, before: null, after })
  return { stationId, letter }
}

/**
 * Gives a station another letter: it no longer knows which numbers it has given out under the old
 * one. The act is whoever's enrolled it.
 *
 * @throws AppError NOT_FOUND: no such station, or one revoked meanwhile
 */
export async function changeLetter(
  tx: ClinicTx,
  stationId: StationId,
  now: number,
): Promise<{ letter: string }> {
  await lockFeed(tx)
  const letter = await takeLetter(tx)
  const { rows } = await tx.query<{ name: string; before: string; enrolledBy: UserId }>(
    `UPDATE stations SET letter = $3 FROM (
       SELECT letter AS before FROM stations WHERE clinic_id = $1 AND station_id = $2 FOR UPDATE
     ) AS old
     WHERE clinic_id = $1 AND station_id = $2 AND revoked_at IS NULL
     RETURNING name, old.before, enrolled_by AS "enrolledBy"`,
    [tx.clinicId, stationId, letter],
  )
  const station = rows[0]
  if (station === undefined) throw new AppError('NOT_FOUND')
  const { name, before, enrolledBy } = station
  const after = entryOf({ stationId, name, letter, active: true })
  await recordAct(
    tx,
    { name: 'changeLetter', by: enrolledBy, now },
    {
      id: `station:${stationId}`,
      before: { ...after, letter: before },
      after,
    },
  )
  return { letter }
}

/**
 * Ends the clinic's trust in a station: its next request is refused. Revoking it again changes
 * nothing.
 *
 * @throws AppError NOT_FOUND
 */
export async function revokeStation(
  tx: ClinicTx,
  stationId: StationId,
  by: UserId,
  now: number,
): Promise<StationEntry> {
  await lockFeed(tx)
  const { rows } = await tx.query<{ name: string; letter: string; revoked: boolean }>(
    `SELECT name, letter, revoked_at IS NOT NULL AS revoked FROM stations
     WHERE clinic_id = $1 AND station_id = $2 FOR UPDATE`,
    [tx.clinicId, stationId],
  )
  const station = rows[0]
  if (station === undefined) throw new AppError('NOT_FOUND')
  const { name, letter } = station
  const after = entryOf({ stationId, name, letter, active: false })
  if (station.revoked) return after
  await tx.query(
    `UPDATE stations SET revoked_at = $3, revoked_by = $4 WHERE clinic_id = $1 AND station_id = $2`,
    [tx.clinicId, stationId, new Date(now), by],
  )
  await tx.query('DELETE FROM refresh_tokens WHERE clinic_id = $1 AND station_id = $2', [
    tx.clinicId,
    stationId,
  ])
  const act: Act = { name: 'revokeStation', by, now }
  await recordAct(tx, act, {
    id: `station:${stationId}`,
    before: { ...after, active: true },
    after,
  })
  return after
}

function entryOf(entry: Omit<StationEntry, 'kind'>): StationEntry {
  return { kind: 'STATION', ...entry }
}

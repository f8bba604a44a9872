import type { StationId } from '#shared/ids.ts'
import type { RejoinRequest } from '#shared/rejoin.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import {
  hasRunOut,
  parseRefreshToken,
  type RefreshToken,
  type StatedStation,
} from '../identity/refresh-token.ts'
import type { SigningKey } from '../identity/signing-key.ts'
import { lockFeed } from '../sync/feed.ts'
import { type Act, recordAct } from './admin-act.ts'
import { noteLetterGiven, takeLetter } from './letters.ts'
import { revokeStation } from './stations.ts'

type Stated = RefreshToken['stated']

interface Forgotten extends StatedStation {
  stationId: StationId
  name: string
}

/**
 * A database restored from a backup knows nothing of a station that joined since. No station is ever
 * deleted, so one that is not here and has this deployment's signature was: it is entered again by that,
 * for another to go on in its place, and is itself trusted with nothing. So are those in whose place it
 * went on. Whether its key is at hand is asked for any station that rejoins, in the same transaction.
 *
 * @param by the ADMIN who lets it rejoin, and vouches for what was made at it
 * @param now milliseconds since the Unix epoch
 */
export async function enterForgotten(
  tx: ClinicTx,
  key: Pick<SigningKey, 'privateKey' | 'verifyKey'>,
  request: RejoinRequest,
  { by, now }: Pick<Act, 'by' | 'now'>,
): Promise<void> {
  const { formerId, stationName } = request
  const tokens = await Promise.all(
    (request.formerTokens ?? []).map((token) =>
      // One that cannot be read says nothing.
      parseRefreshToken(key, token).catch(() => null),
    ),
  )
  const find = (stationId: StationId): Stated =>
    tokens.find((each) => each?.clinicId === tx.clinicId && each.stationId === stationId)?.stated ??
    null
  const last = find(formerId)
  if (last === null || hasRunOut(last.issuedAt, now)) return
  const { begunSeq } = await lockFeed(tx)
  const line: Forgotten[] = []
  let known: StationId | null = null
  // The latest first, until one stands here, or is one of whom nobody has the word.
  for (let next: StationId | null = formerId; next !== null; next = line[0]?.formerId ?? null) {
    if (await isKnown(tx, next)) known = next
    const stated: StatedStation | null = known === null ? (find(next)?.station ?? null) : null
    if (stated === null) break
    line.unshift({ ...stated, stationId: next, name: stationName })
  }
  // It had been revoked when another went on in its place, and the backup is of before that.
  if (line.length > 0 && known !== null) await revokeStation(tx, known, by, now)
  for (const station of line) {
    // A number of the feed before says nothing of this one, but that it joined before this one began.
    const enrolledSeq = Math.min(station.enrolledSeq, (begunSeq ?? Infinity) - 1)
    const act: Act = { name: 'enterForgottenStation', by, now }
    await enter(tx, { ...station, enrolledSeq, formerId: known }, act)
    known = station.stationId
  }
}

async function isKnown(tx: ClinicTx, stationId: StationId): Promise<boolean> {
  const { rowCount } = await tx.query(
    'SELECT FROM stations WHERE clinic_id = $1 AND station_id = $2',
    [tx.clinicId, stationId],
  )
  return rowCount > 0
}

/** Revoked from the beginning. Under its letter, unless that is somebody else's by now. */
async function enter(
  tx: ClinicTx,
  { stationId, name, letter: stated, publicKey, enrolledSeq, formerId }: Forgotten,
  act: Act,
): Promise<void> {
  await noteLetterGiven(tx, stated)
  const { rowCount: taken } = await tx.query(
    'SELECT FROM stations WHERE clinic_id = $1 AND letter = $2',
    [tx.clinicId, stated],
  )
  const letter = taken > 0 ? await takeLetter(tx) : stated
  await tx.query(
    `INSERT INTO stations
       (clinic_id, station_id, letter, name, public_key, enrolled_by, enrolled_at, last_contact,
        enrolled_seq, former_id, revoked_at, revoked_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $7, $6)`,
    [
      tx.clinicId,
      stationId,
      letter,
      name,
      publicKey,
      act.by,
      new Date(act.now),
      enrolledSeq,
      formerId,
    ],
  )
  await recordAct(tx, act, {
    id: `station:${stationId}`,
    before: null,
    after: { kind: 'STATION', stationId, name, letter, active: false },
  })
}

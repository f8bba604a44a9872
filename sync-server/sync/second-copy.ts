import type { Command } from '#shared/commands.ts'
import type { UserId } from '#shared/ids.ts'
import { type AuditFact, serverStamp } from '../audit/append-audit.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import { stationDocument, takeNextLetter } from './settle-number.ts'
import { keyOf, putDocument, type WorkingSet } from './working-set.ts'

/** Who enrolled the station that turned out to be two: in whose name its letter changes. */
export interface SecondCopy {
  enrolledBy: UserId
}

/**
 * Another copy of the station's file has made other commands under these outbox numbers: an old one was
 * put back, and counts on from where it was.
 *
 * The answers that its commands were given say up to which feed number that copy is known. A station
 * whose letter is younger has changed it since, for this very reason.
 *
 * @param commands new ones, with numbers that are not above the last one known
 * @returns null: there is none, or its letter has changed since
 */
export async function findSecondCopy(
  tx: ClinicTx,
  { stationId, documents }: Pick<WorkingSet, 'stationId' | 'documents'>,
  commands: readonly Command[],
): Promise<SecondCopy | null> {
  if (commands.length === 0) return null
  const { rows } = await tx.query<{ enrolledBy: UserId; knownTo: number | null }>(
    `SELECT s.enrolled_by AS "enrolledBy", c.known_to AS "knownTo"
     FROM stations s CROSS JOIN LATERAL (
       SELECT count(*) AS commands, max((
         SELECT max((d ->> 'seq')::bigint) FROM json_array_elements(response -> 'documents') AS d
       )) AS known_to
       FROM commands
       WHERE clinic_id = $1 AND station_id = $2 AND station_seq = ANY ($3::bigint[])) c
     WHERE s.clinic_id = $1 AND s.station_id = $2 AND c.commands > 0`,
    [tx.clinicId, stationId, commands.map(({ seq }) => seq)],
  )
  const [copy] = rows
  if (copy === undefined) return null
  const letterSince = documents.get(keyOf('clinic', `station:${stationId}`))?.seq ?? 0
  return letterSince > (copy.knownTo ?? 0) ? null : { enrolledBy: copy.enrolledBy }
}

/**
 * Before anything of the push is judged: the station that is two gives no number again that the other
 * copy may have given.
 *
 * @param now milliseconds since the Unix epoch
 * @returns for the audit; null: there is no station to tell
 */
export function changeLetterOfCopy(
  set: WorkingSet,
  { enrolledBy }: SecondCopy,
  now: number,
): AuditFact | null {
  set.letters.own = takeNextLetter(set)
  const document = stationDocument(set)
  if (document === null) return null
  const { collection, doc } = document
  const before = set.documents.get(keyOf(collection, doc.id))?.doc ?? null
  putDocument(set, document)
  return {
    commandId: null,
    stationId: null,
    authorId: enrolledBy,
    name: 'changeLetter',
    at: serverStamp(now),
    admittedBy: null,
    documents: [{ collection, id: doc.id, before, after: doc }],
  }
}

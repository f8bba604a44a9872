import { Appointment } from '#shared/appointment.ts'
import { AppError } from '#shared/errors.ts'
import type { PatientId, UserId } from '#shared/ids.ts'
import { Patient, type PatientDraft } from '#shared/patient.ts'
import { Visit } from '#shared/visit.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import type { JobSender } from '../jobs/job-sender.ts'
import { sendSharing } from '../sharing/sharing-jobs.ts'
import { closeFeed, lockFeed, type NumberedDocument, writeDocuments } from '../sync/feed.ts'
import { chainAudit, serverStamp, writeAudit } from './append-audit.ts'
import { eraseFromAudit } from './erase-record.ts'

/** What stands where the name stood. */
const NAMELESS = '——'

/** How much was erased. */
export interface Erasure {
  /** Documents that are now without a name or a text, and are on their way to the stations. */
  documents: number
  /** Contents that the audit no longer keeps. */
  contents: number
}

/**
 * Takes a patient out of the clinic's records, where the law asks for it: who they are, and the free
 * texts of the desk in their bookings and visits. What was done and what was paid stays, with the
 * reasons given for it, under an id that now names nobody: accounts and medical records must be kept,
 * and are written once. The documents go out through the feed, so that every station forgets too, and
 * an edit that a desk still sends is refused; the audit's chain stays whole and says that it was done.
 *
 * @throws AppError NOT_FOUND
 */
export async function erasePatient(
  tx: ClinicTx,
  id: PatientId,
  { by, now, jobs }: { by: UserId; now: number; jobs: JobSender },
): Promise<Erasure> {
  const { shares } = await lockFeed(tx)
  const [patient, ...rest] = await readDocuments(tx, id)
  if (patient?.collection !== 'patients') throw new AppError('NOT_FOUND', { patient: id })
  let contents = 0
  const records = [patient, ...rest].map(({ collection, doc }) => ({ collection, id: doc.id }))
  for (const record of [...records, ...(await readDecisions(tx, id))]) {
    contents += await eraseFromAudit(tx, record, { by, now })
  }
  const at = serverStamp(now)
  const nameless = [patient, ...rest].map((document) => nameOut(document, { at, by }))
  // Read anew: each erasure has moved the chain.
  const feed = await lockFeed(tx)
  const numbered: NumberedDocument[] = nameless.map(({ collection, doc, meta }) => {
    feed.head += 1
    return { collection, id: doc.id, seq: feed.head, doc: JSON.stringify(doc), meta }
  })
  // As if they were new: what was before is what must not be kept.
  const documents = nameless.map(({ collection, doc }) => ({
    collection,
    id: doc.id,
    before: null,
    after: doc,
  }))
  const fact = { commandId: null, stationId: null, authorId: by, name: 'erasePatient', at }
  const audit = chainAudit(tx.clinicId, feed, [{ ...fact, admittedBy: null, documents }], now)
  await writeDocuments(tx, numbered)
  await writeAudit(tx, audit)
  await closeFeed(tx, feed)
  // Their copies at the owner's other clinics go too, and those of elsewhere that lie here.
  if (shares) await sendSharing(tx, jobs, [id], 'BOTH')
  return { documents: numbered.length, contents }
}

type Found =
  | { collection: 'patients'; doc: Patient; meta: string | null }
  | { collection: 'visits'; doc: Visit; meta: string | null }
  | { collection: 'appointments'; doc: Appointment; meta: string | null }

/** The patient first, then what the desk has written texts in about them. */
async function readDocuments(tx: ClinicTx, id: PatientId): Promise<Found[]> {
  const { rows } = await tx.query<{ collection: string; doc: unknown; meta: string | null }>(
    `SELECT collection, doc, meta::text AS meta FROM documents
     WHERE clinic_id = $1
       AND (collection = 'patients' AND id = $2
         OR collection IN ('visits', 'appointments') AND patient_id = $2)
     ORDER BY collection <> 'patients', collection, id`,
    [tx.clinicId, id],
  )
  return rows.map(({ collection, doc, meta }) => {
    if (collection === 'patients') return { collection, doc: Patient.parse(doc), meta }
    if (collection === 'visits') return { collection, doc: Visit.parse(doc), meta }
    return { collection: 'appointments', doc: Appointment.parse(doc), meta }
  })
}

/** What an ADMIN decided on showed what was entered, and at first the audit of the decision kept it. */
async function readDecisions(
  tx: ClinicTx,
  id: PatientId,
): Promise<{ collection: 'clinic'; id: string }[]> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT id FROM documents WHERE clinic_id = $1 AND collection = 'clinic'
       AND doc -> 'body' ->> 'kind' = 'QUARANTINED'
       AND (doc -> 'body' ->> 'patientId' = $2 OR doc -> 'body' -> 'touches' @> $3::jsonb)`,
    [tx.clinicId, id, JSON.stringify([{ collection: 'patients', id }])],
  )
  return rows.map((row) => ({ collection: 'clinic', id: row.id }))
}

function nameOut(found: Found, mark: { at: string; by: UserId }): Found {
  switch (found.collection) {
    case 'patients':
      return { ...found, doc: withoutIdentity(found.doc, mark) }
    case 'visits':
      return { ...found, doc: withoutTexts(found.doc) }
    case 'appointments':
      return { ...found, doc: withoutNotes(found.doc) }
  }
}

/** Every field set anew, by the server: it says by that that they are erased (`isErased`). */
function withoutIdentity(patient: Patient, mark: { at: string; by: UserId }): Patient {
  const empty = {
    name: NAMELESS,
    phones: [],
    nationalId: null,
    birthDate: null,
    sex: null,
    fileNumber: null,
    address: null,
    note: null,
  } satisfies PatientDraft
  const gone = Object.keys(empty)
  const marks = { ...patient.marks, ...Object.fromEntries(gone.map((field) => [field, mark])) }
  const superseded = patient.superseded.filter(({ field }) => !gone.includes(field))
  return Patient.parse({ ...patient, ...empty, marks, superseded })
}

function withoutNotes(booking: Appointment): Appointment {
  return {
    ...booking,
    note: null,
    superseded: [],
    steps: booking.steps.map((step) => ({ ...step, reason: null })),
  }
}

function withoutTexts(visit: Visit): Visit {
  return {
    ...visit,
    orderReason: null,
    superseded: [],
    transitions: visit.transitions.map((step) => ({ ...step, reason: null })),
  }
}

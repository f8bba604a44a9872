import { type CollectionName, COLLECTIONS, type Documents } from '#shared/collections.ts'
import { AppError } from '#shared/errors.ts'
import type { PatientId, UserId } from '#shared/ids.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import type { JobSender } from '../jobs/job-sender.ts'
import { sendSharing } from '../sharing/sharing-jobs.ts'
import { closeFeed, lockFeed, type NumberedDocument, writeDocuments } from '../sync/feed.ts'
import { chainAudit, serverStamp, writeAudit } from './append-audit.ts'
import { refuseHeld } from './erase-held.ts'
import { eraseFromAudit } from './erase-record.ts'
import { ERASERS, type ErasedCollection, hasTexts, isWrittenOnce } from './erased-document.ts'

/** How much was erased. */
export interface Erasure {
  /** Documents that are now without a name or a text, and are on their way to the stations. */
  documents: number
  /** Contents that the audit no longer keeps. */
  contents: number
  /** Commands about them that waited, and are refused. */
  refused: number
}

interface Act {
  by: UserId
  /** Milliseconds since the Unix epoch. */
  now: number
  jobs: JobSender
}

/**
 * Forgets a patient, where the law asks for it: who they are, and every text about them, medical ones
 * and the reasons of money too. That something was done, when, by whom and for how much stays, under ids
 * that now name nobody: accounts must be kept. The documents go out through the feed, so that every
 * station forgets too, and what a desk still sends about them is refused; the audit's chain stays whole
 * and says of each record that it was erased.
 *
 * @throws AppError NOT_FOUND
 */
export async function erasePatient(tx: ClinicTx, id: PatientId, act: Act): Promise<Erasure> {
  const { shares } = await lockFeed(tx)
  const found = await readDocuments(tx, id)
  if (!found.some(({ collection }) => collection === 'patients')) {
    throw new AppError('NOT_FOUND', { patient: id })
  }
  const refused = await refuseHeld(tx, id, act.now)
  const erased: ErasedDocument[] = []
  let contents = 0
  for (const document of found) {
    const record = { collection: document.collection, id: document.doc.id }
    contents += await eraseFromAudit(tx, record, act)
    erased.push(await eraseDocument(tx, document, act))
  }
  for (const record of await readDecisions(tx, id))
    contents += await eraseFromAudit(tx, record, act)
  // Read anew: each erasure has moved it.
  const feed = await lockFeed(tx)
  const numbered = erased
    .filter(({ isWritten }) => !isWritten)
    .map(({ collection, id: erasedId, doc, meta }): NumberedDocument => {
      feed.head += 1
      return { collection, id: erasedId, seq: feed.head, doc: JSON.stringify(doc), meta }
    })
  const at = serverStamp(act.now)
  const fact = { commandId: null, stationId: null, authorId: act.by, name: 'erasePatient', at }
  // As if they were new: what was before is what must not be kept.
  const documents = erased.map(({ collection, id: erasedId, doc }) => ({
    collection,
    id: erasedId,
    before: null,
    after: doc,
  }))
  const audit = chainAudit(tx.clinicId, feed, [{ ...fact, admittedBy: null, documents }], act.now)
  await writeDocuments(tx, numbered)
  await writeAudit(tx, audit)
  await closeFeed(tx, feed)
  // Their copies at the owner's other clinics go too, and those of elsewhere that lie here.
  if (shares) await sendSharing(tx, act.jobs, [id], 'BOTH')
  return { documents: erased.length, contents, refused }
}

type Found = {
  [C in ErasedCollection]: { collection: C; doc: Documents[C]; meta: string | null }
}[ErasedCollection]

interface ErasedDocument {
  collection: CollectionName
  id: string
  doc: object
  /** JSON text, or null. */
  meta: string | null
  /** The database has taken its texts out by itself, and numbered it. */
  isWritten: boolean
}

/** All there is about them in which somebody can have written something; the patient first. */
async function readDocuments(tx: ClinicTx, id: PatientId): Promise<Found[]> {
  const { rows } = await tx.query<{
    collection: ErasedCollection
    doc: unknown
    meta: string | null
  }>(
    `SELECT collection, doc, meta::text AS meta FROM documents
     WHERE clinic_id = $1
       AND (collection = 'patients' AND id = $2
         OR collection <> 'sharedHistory' AND patient_id = $2)
     ORDER BY collection <> 'patients', collection, id`,
    [tx.clinicId, id],
  )
  return rows
    .map(({ collection, doc, meta }) => {
      const parsed = COLLECTIONS[collection].schema.parse(doc)
      // Cast: parsed by the schema of its collection
      return { collection, doc: parsed, meta } as Found
    })
    .filter(
      (found) =>
        (found.collection !== 'entries' && found.collection !== 'invoices') || hasTexts(found.doc),
    )
}

/** Right behind the chain's entry about it, without which the database refuses it. */
async function eraseDocument(
  tx: ClinicTx,
  { collection, doc, meta }: Found,
  { by, now }: Act,
): Promise<ErasedDocument> {
  if (isWrittenOnce(collection, doc)) {
    const { rows } = await tx.query<{ doc: object }>('SELECT erase_written_once($1) AS doc', [
      `${collection}:${doc.id}`,
    ])
    return { collection, id: doc.id, doc: rows[0]?.doc ?? doc, meta, isWritten: true }
  }
  // Cast: the eraser of its collection, which is not one of those written once
  const erase = ERASERS[collection as keyof typeof ERASERS] as (
    document: object,
    mark: object,
  ) => object
  const erased = erase(doc, { at: serverStamp(now), by })
  const left = COLLECTIONS[collection].schema.parse(erased)
  return { collection, id: doc.id, doc: left, meta, isWritten: false }
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

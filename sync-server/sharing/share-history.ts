import { isDeepStrictEqual } from 'node:util'
import type { ClinicId, PatientId, UserId } from '#shared/ids.ts'
import { isErased } from '#shared/erased.ts'
import type { SharedRecord } from '#shared/shared-record.ts'
import { type AuditFact, chainAudit, serverStamp, writeAudit } from '../audit/append-audit.ts'
import { acrossClinicsOfOwner, type ClinicTx, type Within } from '../database/clinic-tx.ts'
import type { DataOf } from '../jobs/job-queues.ts'
import type { ServerDeps } from '../server-deps.ts'
import { closeFeed, type Feed, lockFeed, moveChain } from '../sync/feed.ts'
import { copiesDue, type Difference, differenceOf, type SharingSide } from './copies-due.ts'
import { deleteLink, noteShares, readLinked } from './patient-links.ts'
import { readCopies, readOwnRecords, readSide } from './read-records.ts'

/**
 * Makes the copies of a patient's records at one clinic what they should be, by what both clinics say
 * now. It holds both feeds from before it looks until it has written: nobody can withdraw in between, and
 * whatever was written before a job was sent, that job comes to see. So the last one makes it right,
 * whichever was taken up first.
 */
export async function shareHistory(
  { pool, log, now }: Pick<ServerDeps, 'pool' | 'log' | 'now'>,
  { receiverId, patientId, sourceId }: DataOf<'share-history'>,
): Promise<void> {
  const audit = { reason: 'a patient’s history is shared', log: (said: object) => log.debug(said) }
  await acrossClinicsOfOwner(pool, [receiverId, sourceId], audit, async (within) => {
    const feeds = await lockFeeds(within, [receiverId, sourceId])
    const receiver = await within(receiverId, async (tx) => ({
      side: await readSide(tx, patientId),
      linked: await readLinked(tx, patientId, sourceId),
      copies: await readCopies(tx, patientId, sourceId),
    }))
    const source =
      receiver.linked === null
        ? null
        : await within(sourceId, (tx) => readSource(tx, receiver.linked ?? patientId, receiverId))
    const isMutual = source?.linked === patientId
    const due =
      source === null || !isMutual
        ? []
        : copiesDue({
            receiver: receiver.side,
            source: source.side,
            linked: { receiver: patientId, source: source.patientId },
            records: source.records,
          })
    const acts = { feeds, now: now(), ownerId: receiver.side.ownerId }
    const difference = differenceOf(receiver.copies, due, isDeepStrictEqual)
    if (difference.write.length + difference.remove.length > 0) {
      await within(receiverId, (tx) => writeCopies(tx, { patientId, sourceId, difference }, acts))
    }
    if (source === null) return
    if (difference.write.length > 0) {
      const told = { patientId: source.patientId, toClinicId: receiverId, difference }
      await within(sourceId, (tx) => noteSharing(tx, told, acts))
    }
    // What can come back, once it is opened or allowed again, keeps its link. This cannot.
    if (isMutual && isOver(receiver.side, source.side)) {
      await dropLink(within, acts, [
        { clinicId: receiverId, patientId, other: sourceId },
        { clinicId: sourceId, patientId: source.patientId, other: receiverId },
      ])
    }
  })
}

/** Both, always in one order: two that lock the same two must not wait for each other. */
export async function lockFeeds(
  within: Within,
  clinics: readonly [ClinicId, ClinicId],
): Promise<ReadonlyMap<ClinicId, Feed>> {
  const feeds = new Map<ClinicId, Feed>()
  for (const clinicId of clinics.toSorted()) feeds.set(clinicId, await within(clinicId, lockFeed))
  return feeds
}

async function readSource(tx: ClinicTx, patientId: PatientId, receiverId: ClinicId) {
  return {
    patientId,
    side: await readSide(tx, patientId),
    linked: await readLinked(tx, patientId, receiverId),
    records: await readOwnRecords(tx, patientId),
  }
}

function isOver(a: SharingSide, b: SharingSide): boolean {
  const isForgotten = ({ patient }: SharingSide): boolean => patient !== null && isErased(patient)
  return a.ownerId !== b.ownerId || isForgotten(a) || isForgotten(b)
}

export interface SharingActs {
  feeds: ReadonlyMap<ClinicId, Feed>
  /** Milliseconds since the Unix epoch. */
  now: number
  /** In whose name: it is their link. */
  ownerId: UserId
}

export function feedOf(tx: ClinicTx, { feeds }: Pick<SharingActs, 'feeds'>): Feed {
  const feed = feeds.get(tx.clinicId)
  if (feed === undefined) throw new Error('a feed that is not locked')
  return feed
}

/** An entry of the chain. It names records by their ids: what they say is kept nowhere but in them. */
export function sharingFact(
  { now, ownerId }: Pick<SharingActs, 'now' | 'ownerId'>,
  name: string,
  documents: AuditFact['documents'],
): AuditFact {
  const at = serverStamp(now)
  return {
    commandId: null,
    stationId: null,
    authorId: ownerId,
    name,
    at,
    admittedBy: null,
    documents,
  }
}

/** Through the receiving clinic's own feed, as rows of its own. */
async function writeCopies(
  tx: ClinicTx,
  {
    patientId,
    sourceId,
    difference: { write, remove },
  }: { patientId: PatientId; sourceId: ClinicId; difference: Difference },
  acts: SharingActs,
): Promise<void> {
  const { clinicId } = tx
  const feed = feedOf(tx, acts)
  const rows = [
    ...write.map((doc) => ({ id: doc.id, doc, deleted: false })),
    // Nothing is left of it but that it was there.
    ...remove.map((id) => ({ id, doc: { id, clinicId }, deleted: true })),
  ].map((row) => ({ ...row, seq: (feed.head += 1) }))
  await tx.query(
    `INSERT INTO documents (clinic_id, collection, id, seq, doc, deleted)
     SELECT $1, 'sharedHistory', r.id, r.seq, r.doc, r.deleted
     FROM json_to_recordset($2::json) AS r (id text, seq bigint, doc jsonb, deleted boolean)
     ON CONFLICT (clinic_id, collection, id)
     DO UPDATE SET seq = excluded.seq, doc = excluded.doc, deleted = excluded.deleted`,
    [clinicId, JSON.stringify(rows)],
  )
  const touched = (id: string, after: object) => ({
    collection: 'sharedHistory' as const,
    id,
    before: null,
    after: { id, clinicId, patientId, sourceId, ...after },
  })
  const facts = [
    sharingFact(
      acts,
      'takeSharedHistory',
      write.map((copy) => touched(copy.id, provenance(copy))),
    ),
    sharingFact(
      acts,
      'dropSharedHistory',
      remove.map((id) => touched(id, {})),
    ),
  ].filter(({ documents }) => documents.length > 0)
  await writeAudit(tx, chainAudit(clinicId, feed, facts, acts.now))
  await closeFeed(tx, feed)
}

function provenance({ source, consentId }: SharedRecord): object {
  return { recordId: source.recordId, consentId }
}

/** That, and to whom, a patient's history went: in the chain of the clinic that it is of. */
async function noteSharing(
  tx: ClinicTx,
  {
    patientId,
    toClinicId,
    difference,
  }: { patientId: PatientId; toClinicId: ClinicId; difference: Difference },
  acts: SharingActs,
): Promise<void> {
  const feed = feedOf(tx, acts)
  const after = {
    id: patientId,
    clinicId: tx.clinicId,
    toClinicId,
    records: difference.write.map(({ source }) => source.recordId),
  }
  const documents = [{ collection: 'patients' as const, id: patientId, before: null, after }]
  const fact = sharingFact(acts, 'shareHistory', documents)
  await writeAudit(tx, chainAudit(tx.clinicId, feed, [fact], acts.now))
  await moveChain(tx, feed)
}

/** Takes a link out of both clinics, and says so in both. */
export async function dropLink(
  within: Within,
  acts: SharingActs,
  sides: readonly { clinicId: ClinicId; patientId: PatientId; other: ClinicId }[],
): Promise<void> {
  for (const { clinicId, patientId, other } of sides) {
    await within(clinicId, async (tx) => {
      await deleteLink(tx, patientId, other)
      await noteShares(tx)
      await noteLink(tx, 'unlinkPatients', { patientId, otherClinicId: other }, acts)
    })
  }
}

export async function noteLink(
  tx: ClinicTx,
  name: 'linkPatients' | 'unlinkPatients',
  {
    patientId,
    ...link
  }: { patientId: PatientId; otherClinicId: ClinicId; otherPatientId?: PatientId },
  acts: SharingActs,
): Promise<void> {
  const feed = feedOf(tx, acts)
  const after = { id: patientId, clinicId: tx.clinicId, ...link }
  const documents = [{ collection: 'patients' as const, id: patientId, before: null, after }]
  await writeAudit(
    tx,
    chainAudit(tx.clinicId, feed, [sharingFact(acts, name, documents)], acts.now),
  )
  await moveChain(tx, feed)
}

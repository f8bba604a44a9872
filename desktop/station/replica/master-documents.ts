import { factsIn, type MergedDocument } from '#shared/collection-rules.ts'
import {
  type CollectionName,
  CollectionName as AnyCollection,
  COLLECTIONS,
  type Documents,
} from '#shared/collections.ts'
import { isErased } from '#shared/erased.ts'
import type { FeedDocument } from '#shared/protocol.ts'
import type { Stamp } from '#shared/stamp.ts'
import type { StoreTx } from '../storage/store-tx.ts'
import { receiveStamp, type ReplicaCore, takeLetter } from './replica-core.ts'
import {
  type MasterDocument,
  putDocuments,
  raiseCounters,
  replayPending,
} from './write-documents.ts'

/**
 * The door for documents: their collection is known, and they are this clinic's. Their fields are
 * trusted to the protocol's version; the server has checked each against the same schemas.
 */
export function readFeed(core: ReplicaCore, documents: readonly FeedDocument[]): MasterDocument[] {
  const { clinicId } = core.identity
  return documents.map(({ collection, id, seq, doc }) => {
    if (doc === null || doc === undefined) {
      core.removedAt = Math.max(core.removedAt, seq)
      return { collection, id, doc: null }
    }
    const isOurs =
      typeof doc === 'object' &&
      Reflect.get(doc, 'clinicId') === clinicId &&
      Reflect.get(doc, 'id') === id
    if (!isOurs) throw new TypeError(`a document of ${collection} is not this clinic's`)
    // Cast: see above
    return { collection, id, doc: doc as Documents[CollectionName] }
  })
}

export function applyDocuments(
  core: ReplicaCore,
  tx: StoreTx,
  { masters, areNew = false }: { masters: readonly MasterDocument[]; areNew?: boolean },
): Set<CollectionName> {
  const changed = new Set<CollectionName>()
  const forgotten: string[] = []
  // A first sync asks this once a page, not once a document.
  const { queued, held } = core.file.outbox.count()
  const isPending = queued + held > 0
  for (const collection of AnyCollection.options) {
    const documents = new Map<string, Documents[CollectionName] | null>()
    for (const master of masters) {
      if (master.collection !== collection) continue
      if (isErasedPatient(master)) forgotten.push(master.id)
      for (const stamp of stampsOf(master)) receiveStamp(core, stamp)
      noteLetter(core, master)
      raiseCounters(core.file, core.letter, master)
      documents.set(master.id, isPending ? standOn(core, master) : master.doc)
    }
    if (putDocuments(core.file, tx, { collection, documents, areNew })) changed.add(collection)
  }
  for (const id of forgotten) forgetPatient(core, id)
  return changed
}

/** By the law's word nothing that was said of them may be left here either, beside the documents themselves. */
export function forgetPatient({ file }: ReplicaCore, id: string): void {
  file.outbox.forget(id)
  file.rows.dropRemoved(id)
}

function isErasedPatient({ collection, doc }: MasterDocument): boolean {
  return collection === 'patients' && doc !== null && 'marks' in doc && isErased(doc)
}

/** The server gave this station another letter: a number of it was found taken, or it had asked. */
function noteLetter(core: ReplicaCore, { doc }: MasterDocument): void {
  if (doc === null || !('body' in doc) || doc.body.kind !== 'STATION') return
  const { stationId, letter } = doc.body
  if (stationId === core.identity.stationId && letter !== core.letter) takeLetter(core, letter)
}

/** What stands here; while anything is pending on it, the server's word is kept for a refusal. */
function standOn({ file }: ReplicaCore, master: MasterDocument): MasterDocument['doc'] {
  const { collection, id, doc } = master
  if (file.outbox.pending(collection, id) === 'NONE') return doc
  file.outbox.noteMaster(collection, id, doc)
  return replayPending(file.outbox, master)
}

/** The stamps that a later command of this station must come after. */
function stampsOf({ collection, doc }: MasterDocument): Stamp[] {
  const { merge } = COLLECTIONS[collection]
  if (doc === null || merge.kind === 'SERVER') return []
  if (merge.kind === 'ONCE') return 'at' in doc ? [doc.at] : []
  // Cast: documents that merge by fields have what a merge needs
  const { created, marks } = doc as unknown as MergedDocument
  const facts = merge.facts.flatMap((name) => factsIn(doc, name))
  return [
    created.at,
    ...Object.values(marks).flatMap((mark) => (mark === undefined ? [] : [mark.at])),
    ...facts.map(({ at }) => at),
  ]
}

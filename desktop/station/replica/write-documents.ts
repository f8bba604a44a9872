import { type CollectionName, COLLECTIONS, type Documents } from '#shared/collections.ts'
import type { Write } from '#shared/commands.ts'
import { resolve } from '#shared/resolve.ts'
import type { StoredDocument } from '../storage/stored-document.ts'
import type { StoreTx } from '../storage/store-tx.ts'
import { withoutMeta } from './document-rows.ts'
import type { Outbox } from './outbox.ts'
import type { ReplicaFile } from './replica-file.ts'

/** A document of the server, or its absence, as it came. */
export interface MasterDocument<C extends CollectionName = CollectionName> {
  readonly collection: C
  readonly id: string
  readonly doc: Documents[C] | null
}

/** Whether two JSON values are the same, whatever the order of their keys (jsonb sorts them its own way). */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => isSameJson(item, b[index]))
    )
  }
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every(
      (key) => Object.hasOwn(b, key) && isSameJson(Reflect.get(a, key), Reflect.get(b, key)),
    )
  )
}

/** The server's document with this station's pending writes applied again, in order. */
export function replayPending<C extends CollectionName>(
  outbox: Pick<Outbox, 'writing'>,
  { collection, id, doc }: MasterDocument<C>,
): Documents[C] | null {
  let current = doc
  for (const command of outbox.writing(collection, id)) {
    const write = command.writes.find(
      (candidate): candidate is Write & { base: Documents[C] | null; next: Documents[C] } =>
        candidate.collection === collection && candidate.id === id,
    )
    if (write !== undefined) current = resolve<C>(collection, write.base, current, write.next)
  }
  return current
}

interface PutDocuments<C extends CollectionName> {
  readonly collection: C
  readonly documents: ReadonlyMap<string, Documents[C] | null>
  /** None of them is here in any form, not even removed: none is looked for. */
  readonly areNew?: boolean
}

const NONE: ReadonlyMap<string, StoredDocument> = new Map()

/**
 * Puts documents as they should stand here into the running transaction, with all that is kept
 * beside them. What stands already is left alone: a pull names again what a push has answered.
 *
 * @returns whether anything changed
 */
export function putDocuments<C extends CollectionName>(
  file: ReplicaFile,
  tx: StoreTx,
  { collection, documents, areNew = false }: PutDocuments<C>,
): boolean {
  const changed: Record<string, unknown>[] = []
  let more = 0
  const stored = areNew ? NONE : tx.getMany(collection, [...documents.keys()])
  for (const [id, document] of documents) {
    const before = stored.get(id)
    const live = before === undefined || before._deleted ? null : withoutMeta<Documents[C]>(before)
    if (document === null ? live === null : live !== null && isSameJson(live, document)) continue
    file.contested.note(collection, id, { before: live, after: document })
    changed.push(document === null ? tombstoneOf(collection, id, live) : { ...document })
    more += Number(document !== null) - Number(live !== null)
  }
  if (collection === 'patients' && more !== 0) file.counters.add('patients', more)
  if (changed.length > 0) {
    tx.put(collection, changed, stored)
    if (collection === 'clinic') file.directory.renew()
  }
  return changed.length > 0
}

/**
 * Of what another clinic told nothing is kept once it is taken back. It is no RxDB collection: no query of
 * RxDB's misses a field of it.
 */
function tombstoneOf(
  collection: CollectionName,
  id: string,
  live: object | null,
): Record<string, unknown> {
  return collection === 'sharedHistory' ? { id, _deleted: true } : { ...live, id, _deleted: true }
}

/**
 * A number with this station's letter counts as given, even if the counter does not know it: the file
 * may be an older copy. The next number is then free.
 */
export function raiseCounters<C extends CollectionName>(
  file: ReplicaFile,
  letter: string,
  { collection, doc }: MasterDocument<C>,
): void {
  if (doc === null) return
  for (const given of COLLECTIONS[collection].numbers(doc)) {
    if (given.letter === letter) file.counters.raise(given.counter, given.number)
  }
}

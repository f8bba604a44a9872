import { createRevision, now, randomToken } from 'rxdb'

import type { OpenCollection } from './open-collection.ts'
import { StorageError } from './storage-error.ts'
import type { StoredDocument } from './stored-document.ts'
import type { Writer } from './transaction.ts'

/** Documents inside `Store.transaction`. Not valid after it. */
export interface StoreTx {
  /**
   * The document now, this transaction's writes included; deleted ones too, with `_deleted: true`. Whole, as RxDB
   * keeps it (`_rev`, `_meta`, `_attachments`), a copy of the caller's own.
   */
  get(collection: string, id: string): StoredDocument | undefined
  /** Those of `ids` that exist, by id. */
  getMany(collection: string, ids: readonly string[]): Map<string, StoredDocument>
  /**
   * Inserts or overwrites whole documents, without a conflict check: inside the transaction nothing can come between.
   * `_deleted: true` makes a tombstone; `_rev`, `_meta` and `_attachments` are the store's to fill and ignored here.
   * Nothing is validated. The documents are handed over: live queries will hold them, so do not change them afterwards.
   * @param stored what `getMany` has just answered for all of them, so that no document is read twice
   */
  put(
    collection: string,
    documents: ReadonlyArray<Record<string, unknown>>,
    stored?: ReadonlyMap<string, StoredDocument>,
  ): void
}

// Revisions of this process; RxDB uses a token per database the same way.
const REVISION_TOKEN = randomToken(10)

export function storeTx(
  find: (collection: string) => OpenCollection,
  writer: Writer,
): { tx: StoreTx; end: () => void } {
  let ended = false
  const open = (collection: string): OpenCollection => {
    if (ended) throw new StorageError('NOT_OPEN', 'the transaction has ended')
    return find(collection)
  }
  const tx: StoreTx = {
    get: (collection, id) => open(collection).table.read(id),
    getMany(collection, ids) {
      const { table } = open(collection)
      const found = new Map<string, StoredDocument>()
      for (const id of ids) {
        const document = table.read(id)
        if (document !== undefined) found.set(id, document)
      }
      return found
    },
    put(name, documents, stored) {
      const collection = open(name)
      const { primaryPath } = collection.table
      for (const data of documents) {
        const id = data[primaryPath]
        if (typeof id !== 'string' || id === '')
          throw new StorageError('INVALID_DOCUMENT', `${name}: no ${primaryPath}`)
        const previous = stored === undefined ? collection.table.read(id) : stored.get(id)
        const document = nextDocument(data, previous)
        writer.write(collection, id, previous === undefined ? { document } : { previous, document })
      }
    },
  }
  return { tx, end: () => void (ended = true) }
}

function nextDocument(
  data: Record<string, unknown>,
  previous: StoredDocument | undefined,
): StoredDocument {
  return {
    ...data,
    _deleted: data['_deleted'] === true,
    _rev: createRevision(REVISION_TOKEN, previous),
    _meta: { ...previous?._meta, lwt: now() },
    _attachments: previous?._attachments ?? {},
  }
}

import type Database from 'better-sqlite3'

import { changeBulk, type ChangeBulk, type Changes } from './change-events.ts'
import { readMeta } from './connection.ts'
import type { OpenCollection } from './open-collection.ts'
import { guard, StorageError, toStorageError } from './storage-error.ts'
import type { StoredDocument } from './stored-document.ts'

/** The document side of one running transaction. */
export interface Writer {
  /** Writes one document and notes its change; `previous` is the state it replaces. */
  write(
    collection: OpenCollection,
    id: string,
    change: { previous?: StoredDocument; document: StoredDocument },
  ): void
}

export interface Transactions {
  /**
   * One SQLite transaction; what it changed is told after its COMMIT, one event bulk per collection.
   * @throws StorageError IN_TRANSACTION when one is already running; whatever `run` throws, after a rollback
   */
  run<T>(context: string, run: (writer: Writer) => T): T
}

interface CollectionChanges {
  readonly changes: Changes
  seq: number
}

export function openTransactions(db: Database.Database): Transactions {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const rollback = db.prepare('ROLLBACK')
  const saveSequence = db.prepare<[number]>(
    "UPDATE store_meta SET value = ? WHERE key = 'sequence'",
  )
  // Saved rather than read off the tables: forgetting the newest tombstone must not hand out its number again.
  let sequence = readMeta(db, 'sequence')

  return {
    run(context, run) {
      if (db.inTransaction)
        throw new StorageError('IN_TRANSACTION', 'a transaction is already running')
      const touched = new Map<OpenCollection, CollectionChanges>()
      const first = sequence
      const writer: Writer = {
        write(collection, id, { previous, document }) {
          const seq = ++sequence
          // RxDB may insert one id twice in a bulk; the last wins, as in its other storages.
          const isNew = previous === undefined && !touched.get(collection)?.changes.has(id)
          if (isNew) collection.table.insert(seq, id, document)
          else collection.table.replace(seq, id, document)
          noteChange(touched, collection, { seq, id, previous, document })
        },
      }
      guard(() => begin.run())
      let result
      try {
        result = run(writer)
        writeSearch(touched)
        if (sequence !== first) saveSequence.run(sequence)
        commit.run()
      } catch (error) {
        sequence = first
        // SQLite has already rolled back by itself when the disk is full.
        if (db.inTransaction) rollback.run()
        for (const collection of touched.keys()) collection.table.forgetUncommitted()
        throw toStorageError(error)
      }
      for (const [bulk, collection] of bulksOf(touched, context)) collection.changes.next(bulk)
      return result
    },
  }
}

interface Change {
  readonly seq: number
  readonly id: string
  readonly previous: StoredDocument | undefined
  readonly document: StoredDocument
}

function noteChange(
  touched: Map<OpenCollection, CollectionChanges>,
  collection: OpenCollection,
  change: Change,
): void {
  let entry = touched.get(collection)
  if (entry === undefined) {
    entry = { changes: new Map(), seq: change.seq }
    touched.set(collection, entry)
  }
  entry.seq = change.seq
  const earlier = entry.changes.get(change.id)
  // Written twice in one transaction is one change: from the state before it to the last.
  if (earlier === undefined)
    entry.changes.set(change.id, { previous: change.previous, document: change.document })
  else earlier.document = change.document
}

// At the end, all together: FTS5 flushes what it has gathered at every statement that opens a savepoint, so words
// written between documents cost three times as much.
function writeSearch(touched: ReadonlyMap<OpenCollection, CollectionChanges>): void {
  for (const [{ search }, { changes }] of touched) {
    if (search === undefined) continue
    for (const [id, { previous, document }] of changes) search.write(id, document, previous)
  }
}

// All bulks are made before the first is told: a listener may start the next transaction.
function bulksOf(
  touched: ReadonlyMap<OpenCollection, CollectionChanges>,
  context: string,
): Array<[ChangeBulk, OpenCollection]> {
  const bulks: Array<[ChangeBulk, OpenCollection]> = []
  for (const [collection, { changes, seq }] of touched) {
    const bulk = changeBulk(changes, seq, context)
    if (bulk !== undefined) bulks.push([bulk, collection])
  }
  return bulks
}

import type Database from 'better-sqlite3'

import { changeBulk, type ChangeBulk, type Changes } from './change-events.ts'
import type { OpenCollection } from './open-collection.ts'
import { prepareKeeping, readSequence } from './sequence.ts'
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

/**
 * Whether a transaction waits for the disk. What does not is as whole as any other, but a power cut may take it back, with
 * all that came after it; the next that waits waits for all before it, since SQLite's log is one, and `synchronous =
 * NORMAL` never tears it (sqlite.org/pragma.html#pragma_synchronous).
 */
export type Durability = 'WAITS' | 'REPEATABLE'

export interface Transactions {
  /** Runs what is made again if a power cut takes it back, without the wait for the disk. */
  withoutWaiting<T>(run: () => T): T
  /**
   * One SQLite transaction; what it changed is told after its COMMIT, one event bulk per collection.
   * @throws StorageError IN_TRANSACTION when one is already running; whatever `run` throws, after a rollback
   */
  run<T>(context: string, run: (writer: Writer) => T, durability?: Durability): T
  /**
   * Joins what else is asked for in this turn of the event loop: one SQLite transaction and one wait for the disk for
   * all, in the order of the calls, each with its own result and its own event bulks. When one of them throws, each is
   * written by itself, so that only that one fails; `run` may therefore be called twice.
   * @throws StorageError IN_TRANSACTION
   */
  join<T>(context: string, run: (writer: Writer) => T): Promise<T>
  /** Before rows are taken away, in the same transaction or an earlier one: their numbers are not given again. */
  keepSequence(): void
  /** Writes what waits to be joined, now: whoever reads next finds all that was asked for before. */
  settle(): void
}

interface CollectionChanges {
  readonly changes: Changes
  seq: number
}

type Touched = Map<OpenCollection, CollectionChanges>

/** One of the parts of a SQLite transaction: with its own result, and told by itself. */
interface Part {
  readonly context: string
  readonly touched: Touched
  run(): void
}

interface WaitingPart extends Part {
  resolve(): void
  reject(error: unknown): void
}

export function openTransactions(db: Database.Database): Transactions {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const rollback = db.prepare('ROLLBACK')
  const waitLess = db.prepare('PRAGMA synchronous = NORMAL')
  const waitAgain = db.prepare('PRAGMA synchronous = FULL')
  const keepSequence = prepareKeeping(db)
  let sequence = readSequence(db)
  const tell = tellInOrder()
  let waiting: WaitingPart[] = []

  const writerInto = (touched: Touched): Writer => ({
    write(collection, id, { previous, document }) {
      const seq = ++sequence
      // RxDB may insert one id twice in a bulk; the last wins, as in its other storages.
      const isNew = previous === undefined && !touched.get(collection)?.changes.has(id)
      if (isNew) collection.table.insert(seq, id, document)
      else collection.table.replace(seq, id, document)
      noteChange(touched, collection, { seq, id, previous, document })
    },
  })

  /** @throws what a part throws, after all of them were rolled back */
  const commitAll = (parts: readonly Part[]): void => {
    const first = sequence
    guard(() => begin.run())
    try {
      for (const part of parts) part.run()
      for (const { touched } of parts) writeSearch(touched)
      commit.run()
    } catch (error) {
      sequence = first
      // SQLite has already rolled back by itself when the disk is full.
      if (db.inTransaction) rollback.run()
      for (const { touched } of parts) {
        for (const { table, search } of touched.keys()) {
          table.forgetUncommitted()
          search?.forgetUncommitted()
        }
        touched.clear()
      }
      throw toStorageError(error)
    }
  }

  const withoutWaiting = <T>(run: () => T): T => {
    waitLess.run()
    try {
      return run()
    } finally {
      waitAgain.run()
    }
  }

  const refuseNested = (): void => {
    if (db.inTransaction)
      throw new StorageError('IN_TRANSACTION', 'a transaction is already running')
  }

  const settle = (): void => {
    if (waiting.length === 0 || db.inTransaction) return
    const parts = waiting
    waiting = []
    try {
      commitAll(parts)
    } catch (error) {
      const [only, ...others] = parts
      if (others.length === 0) only?.reject(error)
      else for (const part of parts) commitAlone(part)
      return
    }
    tell(parts)
    for (const part of parts) part.resolve()
  }

  const commitAlone = (part: WaitingPart): void => {
    try {
      commitAll([part])
    } catch (error) {
      part.reject(error)
      return
    }
    tell([part])
    part.resolve()
  }

  return {
    withoutWaiting,
    run(context, run, durability = 'WAITS') {
      refuseNested()
      settle()
      const { part, result } = partOf(context, run, writerInto)
      if (durability === 'WAITS') commitAll([part])
      else withoutWaiting(() => commitAll([part]))
      // Afterwards: what a listener writes waits as always.
      tell([part])
      return result()
    },
    join(context, run) {
      return new Promise((resolve, reject) => {
        refuseNested()
        const { part, result } = partOf(context, run, writerInto)
        waiting.push({ ...part, resolve: () => resolve(result()), reject })
        if (waiting.length === 1) queueMicrotask(settle)
      })
    },
    keepSequence: () => keepSequence(sequence),
    settle,
  }
}

function partOf<T>(
  context: string,
  run: (writer: Writer) => T,
  writerInto: (touched: Touched) => Writer,
): { part: Part; result: () => T } {
  const touched: Touched = new Map()
  const results: T[] = []
  return {
    part: { context, touched, run: () => void results.push(run(writerInto(touched))) },
    // Cast: asked for only after a commit, when `run` has returned; the last is of the run that was committed.
    result: () => results.at(-1) as T,
  }
}

/**
 * In the order of the commits, all of one before the first of the next: a listener may start the next transaction, and
 * what that changed must not be heard before the rest of what it came from.
 */
function tellInOrder(): (parts: readonly Part[]) => void {
  const untold: Array<[ChangeBulk, OpenCollection]> = []
  let isTelling = false
  return (parts) => {
    for (const { touched, context } of parts) untold.push(...bulksOf(touched, context))
    if (isTelling) return
    isTelling = true
    try {
      for (let next = untold.shift(); next !== undefined; next = untold.shift()) {
        const [bulk, collection] = next
        collection.changes.next(bulk)
      }
    } finally {
      isTelling = false
    }
  }
}

interface Change {
  readonly seq: number
  readonly id: string
  readonly previous: StoredDocument | undefined
  readonly document: StoredDocument
}

function noteChange(touched: Touched, collection: OpenCollection, change: Change): void {
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
function writeSearch(touched: Touched): void {
  for (const [{ search }, { changes }] of touched) {
    search?.write(changes)
  }
}

function bulksOf(touched: Touched, context: string): Array<[ChangeBulk, OpenCollection]> {
  const bulks: Array<[ChangeBulk, OpenCollection]> = []
  for (const [collection, { changes, seq }] of touched) {
    const bulk = changeBulk(changes, seq, context)
    if (bulk !== undefined) bulks.push([bulk, collection])
  }
  return bulks
}

import type Database from 'better-sqlite3'
import {
  ensureRxStorageInstanceParamsAreCorrect,
  now,
  RXDB_VERSION,
  type RxStorage,
  type RxStorageInstance,
  type RxStorageInstanceCreationParams,
} from 'rxdb'

import { openBackgroundSteps } from './background-steps.ts'
import { openBackups } from './backup.ts'
import { connect, type Connection, rekeyConnection } from './connection.ts'
import type { OnScan } from './collection-table.ts'
import { openCollections } from './collections.ts'
import { openLogFolding } from './log-folding.ts'
import type { SearchIndex, SearchSource } from './search-index.ts'
import type { SearchQuery } from './search-query.ts'
import { guard, StorageError } from './storage-error.ts'
import {
  createInstance,
  type InstanceHost,
  type StorageInternals,
  type StorageOptions,
} from './storage-instance.ts'
import { storeTx, type StoreTx } from './store-tx.ts'
import { openTransactions, type Durability, type Writer } from './transaction.ts'

export interface StoreOptions {
  /** file path; the WAL is beside it */
  readonly path: string
  /** 32 bytes; absent = plain, for tests only */
  readonly key?: Uint8Array
  /** collections with full-text search, by name */
  readonly search?: Readonly<Record<string, SearchSource>>
  /** told, once for each, of RxDB's queries that have to read a whole table to answer */
  readonly onScan?: OnScan
}

/** One encrypted SQLite file: RxDB's collections and the caller's own tables, written together. */
export interface Store {
  /** For `createRxDatabase({ storage, multiInstance: false })`. Closing the RxDatabase leaves the store open. */
  readonly storage: RxStorage<StorageInternals, StorageOptions>
  /**
   * The raw handle, for the caller's own tables. Names with `/` or `#`, `store_meta` and `store_collections` are the
   * store's. Do not write documents or begin a transaction through it: `transaction` does both.
   */
  readonly db: Database.Database
  /**
   * One SQLite transaction over any collections and, through `db`, the caller's own tables. Durable when it returns,
   * unless it is `REPEATABLE`: of what can be asked for again.
   * Live queries hear of it only after COMMIT, once per collection. Whatever `run` throws rolls everything back.
   * @throws StorageError IN_TRANSACTION, NOT_OPEN, DISK_FULL, DISK_FAILED, DAMAGED
   */
  transaction<T>(run: (tx: StoreTx) => T, durability?: Durability): T
  /**
   * Ids of the documents that match, best first (bm25), the latest first among equals. Of more than 2,000 matches only
   * the 2,000 indexed first are ranked.
   * @throws StorageError NO_SEARCH, NOT_OPEN
   */
  search(collection: string, query: SearchQuery, limit: number): string[]
  /**
   * False while `tidySearch` makes the collection's index anew: what it has not come to is found by the words it had.
   * @throws StorageError NO_SEARCH, NOT_OPEN
   */
  isSearchWhole(collection: string): boolean
  /** Much is coming, transaction after transaction: full-text search makes one index of it only in `tidySearch`. */
  gatherSearch(): void
  /**
   * One step, some milliseconds, of what full-text search has left to do: an index that another version of its source has
   * made is made anew, and one index of what was gathered. Cut off anywhere, the next process goes on.
   * @returns false when nothing was left to do
   */
  tidySearch(): boolean
  /**
   * One step, some milliseconds, of forgetting in all open collections the tombstones that were last written so long ago,
   * milliseconds.
   * @returns false when none is left
   */
  forgetDeleted(ageMs: number): boolean
  /**
   * Commits that a damaged log has lost at this opening; 0 nearly always. The last of them may be a power cut's, told to
   * nobody. The log is kept beside the file.
   */
  readonly lostCommits: number
  /**
   * Copies the file as it stands, encrypted with the same key, while it is used. Replaces an earlier copy, whole or not
   * at all.
   * @throws StorageError LOCKED, DISK_FULL, DISK_FAILED, CANNOT_OPEN
   */
  backup(to: string): Promise<void>
  /** Encrypts the whole file with another key, in one transaction. Blocks for about 30 ms a megabyte. */
  rekey(key: Uint8Array): void
  /** Closes the file. RxDatabases on it should be closed before; afterwards their calls fail with NOT_OPEN. */
  close(): Promise<void>
}

/** The context of event bulks made by `Store.transaction`. */
export const TRANSACTION_CONTEXT = 'store-transaction'

/**
 * Opens or creates the file, for this process alone.
 * @throws StorageError LOCKED, WRONG_KEY, DAMAGED, NEWER, DISK_FULL, DISK_FAILED, CANNOT_OPEN
 */
export function openStore(options: StoreOptions): Store {
  const connection = connect(options.path, options.key)
  try {
    return guard(() => storeOn(connection, options))
  } catch (error) {
    // Whoever sets a damaged file aside must not meet this process's own lock on it.
    connection.db.close()
    throw error
  }
}

function storeOn({ db, lostCommits }: Connection, options: StoreOptions): Store {
  const transactions = openTransactions(db)
  const collections = openCollections(db, options.search ?? {}, options.onScan)
  const folding = openLogFolding(db)
  const background = openBackgroundSteps(db, transactions, folding)
  const backups = openBackups(db, options.path, folding)
  const host: InstanceHost = {
    transactions,
    background,
    isOpen: () => db.open,
    release: collections.release,
    remove(collection) {
      transactions.keepSequence()
      collections.remove(collection)
    },
  }
  const ensureOpen = (): void => {
    if (!db.open) throw new StorageError('NOT_OPEN', 'the store is closed')
  }
  /** For what writes to search indexes elsewhere than in `transactions`. */
  const orForget = <T>(run: () => T): T => {
    try {
      return guard(run)
    } catch (error) {
      for (const { search } of collections.all()) search?.forgetUncommitted()
      throw error
    }
  }
  const searchOf = (collection: string): SearchIndex => {
    ensureOpen()
    const { search } = collections.find(collection)
    if (search === undefined) throw new StorageError('NO_SEARCH', collection)
    return search
  }

  return {
    db,
    lostCommits,
    async backup(to) {
      ensureOpen()
      await backups.copy(to)
    },
    rekey(key) {
      ensureOpen()
      rekeyConnection(db, options.path, key)
    },
    storage: {
      name: 'dawr-sqlite',
      rxdbVersion: RXDB_VERSION,
      createStorageInstance<RxDocType>(
        params: RxStorageInstanceCreationParams<RxDocType, StorageOptions>,
      ) {
        return new Promise<RxStorageInstance<RxDocType, StorageInternals, StorageOptions>>(
          (resolve) => {
            ensureOpen()
            ensureRxStorageInstanceParamsAreCorrect(params)
            const collection = guard(() => collections.open(params))
            // Documents are plain data here whatever their type: the cast gives RxDB back the type it asked with.
            resolve(
              createInstance(collection, host, params.options) as unknown as RxStorageInstance<
                RxDocType,
                StorageInternals,
                StorageOptions
              >,
            )
          },
        )
      },
    },
    transaction(run, durability) {
      ensureOpen()
      const inTransaction = (writer: Writer) => {
        const { tx, end } = storeTx(collections.find, writer)
        try {
          const result = run(tx)
          // An awaited callback would commit before its work is done, and later writes would miss the transaction.
          if (result instanceof Promise)
            throw new TypeError("a transaction's callback must be synchronous")
          return result
        } finally {
          end()
        }
      }
      return transactions.run(TRANSACTION_CONTEXT, inTransaction, durability)
    },
    search(collection, query, limit) {
      const search = searchOf(collection)
      transactions.settle()
      return guard(() => search.find(query, limit))
    },
    isSearchWhole(collection) {
      const search = searchOf(collection)
      return guard(() => search.isWhole())
    },
    gatherSearch() {
      ensureOpen()
      orForget(() => {
        for (const { search } of collections.all()) search?.gather()
      })
    },
    tidySearch() {
      ensureOpen()
      return orForget(() =>
        background.run((hasTime) =>
          [...collections.all()].some(({ search }) => search?.tidy(hasTime) === true),
        ),
      )
    },
    forgetDeleted(ageMs) {
      ensureOpen()
      const before = now() - ageMs
      return background.run((hasTime) => {
        transactions.keepSequence()
        return ![...collections.all()].every(({ table }) => table.forgetDeleted(before, hasTime))
      })
    },
    close() {
      if (db.open) {
        transactions.settle()
        collections.closeAll()
        guard(() => db.close())
        backups.close()
      }
      return Promise.resolve()
    },
  }
}

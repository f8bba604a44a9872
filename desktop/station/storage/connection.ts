import Database from 'better-sqlite3'

import { forgetKey, knowsKey, noteKey } from './key-check.ts'
import { guard, StorageError, toStorageError } from './storage-error.ts'
import { commitsInLog, keepLog } from './wal-tail.ts'

const KEY_BYTES = 32

/** SQLite's default, which nothing here changes. */
const PAGE_BYTES = 4096

/**
 * Layout of the tables this folder makes. A file with a higher number was written by later code. 2: the sequence is read
 * off the tables (sequence.ts), and code that only knew the number kept beside them would give it again.
 */
const LAYOUT = 2

/** A starting station may meet the last breath of its predecessor: wait for that, in milliseconds, before saying LOCKED. */
const LOCK_WAIT_MS = 500

export interface Connection {
  readonly db: Database.Database
  /** Commits of the log that are no longer whole: the last may have been told to nobody, those before it were. */
  readonly lostCommits: number
}

/**
 * Opens the file for this process alone and durably: WAL, every commit on disk before it returns.
 * @throws StorageError LOCKED, WRONG_KEY, DAMAGED, NEWER, DISK_FULL, DISK_FAILED, CANNOT_OPEN
 */
export function connect(path: string, key: Uint8Array | undefined): Connection {
  return guard(() => {
    // Read before SQLite does: its first write begins the log anew.
    const commits = commitsInLog(`${path}-wal`, PAGE_BYTES)
    const db = openFile(path)
    try {
      if (key !== undefined) applyKey(db, key)
      // Set before WAL: the lock is then held from the first read to the end, and no -shm file exists.
      db.pragma('locking_mode = EXCLUSIVE')
      db.pragma('journal_mode = WAL')
      const lostCommits = countLost(db, commits)
      // Before the first write, which begins the log anew.
      if (lostCommits > 0) keepLog(`${path}-wal`, Date.now())
      db.pragma('synchronous = FULL')
      // A first sync leaves a long WAL; give the disk back at the next checkpoint.
      db.pragma('journal_size_limit = 16000000')
      // Sorts that spill must not write plain text beside the encrypted file.
      db.pragma('temp_store = MEMORY')
      db.pragma('cache_size = -32000')
      db.exec(`BEGIN IMMEDIATE;
        CREATE TABLE IF NOT EXISTS store_meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS store_collections (name TEXT PRIMARY KEY, odd INTEGER NOT NULL, search INTEGER) WITHOUT ROWID;
        INSERT OR IGNORE INTO store_meta (key, value) VALUES ('layout', ${LAYOUT}), ('sequence', 0);
        COMMIT;`)
      const layout = readMeta(db, 'layout')
      if (layout > LAYOUT) throw new StorageError('NEWER', `file layout ${layout}, code ${LAYOUT}`)
      if (layout < LAYOUT) db.exec(`UPDATE store_meta SET value = ${LAYOUT} WHERE key = 'layout'`)
      if (key !== undefined) noteKey(path, key)
      return { db, lostCommits }
    } catch (error) {
      db.close()
      throw blame(error, path, key)
    }
  })
}

/** As `connect`, for whoever asks no more of the file. */
export function openConnection(path: string, key: Uint8Array | undefined): Database.Database {
  return connect(path, key).db
}

function countLost(db: Database.Database, commits: readonly number[]): number {
  if (commits.length === 0) return 0
  // Nothing of the log is folded by asking an empty one; of a whole one it must be folded anyway.
  const [folded] = db.pragma('wal_checkpoint(PASSIVE)') as { log: number }[]
  return commits.filter((frame) => frame > (folded?.log ?? 0)).length
}

/** A first page that its own key no longer opens is damage, not a wrong key. */
function blame(error: unknown, path: string, key: Uint8Array | undefined): unknown {
  const known = toStorageError(error)
  const isDamage =
    known instanceof StorageError &&
    known.code === 'WRONG_KEY' &&
    key !== undefined &&
    knowsKey(path, key) === true
  return isDamage ? new StorageError('DAMAGED', 'the first page is destroyed', error) : known
}

/**
 * Encrypts the whole file anew, as one transaction of its log: killed at any moment, either the old key or the new one
 * opens it, and the other is WRONG_KEY. Whoever keeps the keys must have both on disk until this returns.
 * @throws StorageError DISK_FULL, DISK_FAILED, DAMAGED; it then has the key it had
 */
export function rekeyConnection(db: Database.Database, path: string, key: Uint8Array): void {
  guard(() => {
    forgetKey(path)
    // Frames under the old key must not stand in the log beside those under the new.
    db.pragma('wal_checkpoint(TRUNCATE)')
    db.pragma(`rekey = '${rawKey(key)}'`)
    db.pragma('wal_checkpoint(TRUNCATE)')
    noteKey(path, key)
  })
}

function openFile(path: string): Database.Database {
  try {
    return new Database(path, { timeout: LOCK_WAIT_MS })
  } catch (error) {
    // better-sqlite3 looks for the folder itself, and says so with a TypeError.
    throw error instanceof TypeError ? new StorageError('CANNOT_OPEN', error.message, error) : error
  }
}

/** A number of the store's own bookkeeping; `layout` and `sequence` always exist. */
export function readMeta(db: Database.Database, key: 'layout' | 'sequence'): number {
  const value = db
    .prepare<[string], number>('SELECT value FROM store_meta WHERE key = ?')
    .pluck()
    .get(key)
  if (value === undefined) throw new StorageError('DAMAGED', `store_meta has no ${key}`)
  return value
}

export function applyKey(db: Database.Database, key: Uint8Array): void {
  db.pragma("cipher = 'chacha20'")
  db.pragma(`key = '${rawKey(key)}'`)
}

// raw: the 32 bytes are the key itself, so opening does not pay for stretching a passphrase.
function rawKey(key: Uint8Array): string {
  if (key.length !== KEY_BYTES) throw new StorageError('WRONG_KEY', `a key has ${KEY_BYTES} bytes`)
  return `raw:${Buffer.from(key).toString('hex')}`
}

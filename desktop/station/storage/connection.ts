import Database from 'better-sqlite3'

import { guard, StorageError } from './storage-error.ts'

const KEY_BYTES = 32

/** Layout of the tables this folder makes. A file with a higher number was written by later code. */
const LAYOUT = 1

/** A starting station may meet the last breath of its predecessor: wait for that, in milliseconds, before saying LOCKED. */
const LOCK_WAIT_MS = 500

/**
 * Opens the file for this process alone and durably: WAL, every commit on disk before it returns.
 * @throws StorageError LOCKED, WRONG_KEY, DAMAGED, NEWER, CANNOT_OPEN
 */
export function openConnection(path: string, key: Uint8Array | undefined): Database.Database {
  return guard(() => {
    const db = openFile(path)
    try {
      if (key !== undefined) applyKey(db, key)
      // Set before WAL: the lock is then held from the first read to the end, and no -shm file exists.
      db.pragma('locking_mode = EXCLUSIVE')
      db.pragma('journal_mode = WAL')
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
      return db
    } catch (error) {
      db.close()
      throw error
    }
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

function applyKey(db: Database.Database, key: Uint8Array): void {
  if (key.length !== KEY_BYTES) throw new StorageError('WRONG_KEY', `a key has ${KEY_BYTES} bytes`)
  db.pragma("cipher = 'chacha20'")
  // raw: the 32 bytes are the key itself, so opening does not pay for stretching a passphrase.
  db.pragma(`key = 'raw:${Buffer.from(key).toString('hex')}'`)
}

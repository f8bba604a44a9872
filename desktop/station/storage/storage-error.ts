import Database from 'better-sqlite3'

/**
 * What can go wrong with the file, in the caller's terms.
 * - LOCKED: another process (or another store of this one, or another program) has the file
 * - WRONG_KEY: the key does not open it, as far as anybody knows (key-check.ts)
 * - DAMAGED: a page fails its authentication or the structure is broken
 * - NEWER: written by a later version of this code
 * - DISK_FULL, DISK_FAILED, CANNOT_OPEN: the operating system's refusals
 * - NOT_OPEN: the collection (or the store) is not open
 * - AMBIGUOUS: two RxDatabases on this store have a collection of that name
 * - NO_SEARCH: the collection was not declared in `search`
 * - IN_TRANSACTION: a transaction or a write was started inside a transaction
 * - INVALID_DOCUMENT: a document without a usable primary key
 */
export type StorageErrorCode =
  | 'LOCKED'
  | 'WRONG_KEY'
  | 'DAMAGED'
  | 'NEWER'
  | 'DISK_FULL'
  | 'DISK_FAILED'
  | 'CANNOT_OPEN'
  | 'NOT_OPEN'
  | 'AMBIGUOUS'
  | 'NO_SEARCH'
  | 'IN_TRANSACTION'
  | 'INVALID_DOCUMENT'

/** Carries codes and names only, never a document's content. */
export class StorageError extends Error {
  readonly code: StorageErrorCode

  constructor(code: StorageErrorCode, message: string, cause?: unknown) {
    super(`${code}: ${message}`, cause === undefined ? undefined : { cause })
    this.name = 'StorageError'
    this.code = code
  }
}

const CODES: ReadonlyArray<readonly [prefix: string, code: StorageErrorCode]> = [
  ['SQLITE_BUSY', 'LOCKED'],
  ['SQLITE_LOCKED', 'LOCKED'],
  ['SQLITE_NOTADB', 'WRONG_KEY'],
  ['SQLITE_CORRUPT', 'DAMAGED'],
  ['SQLITE_FULL', 'DISK_FULL'],
  // The one way a file that could only be opened for reading refuses the lock.
  ['SQLITE_IOERR_LOCK', 'CANNOT_OPEN'],
  ['SQLITE_IOERR', 'DISK_FAILED'],
  ['SQLITE_CANTOPEN', 'CANNOT_OPEN'],
  ['SQLITE_READONLY', 'CANNOT_OPEN'],
]

/** What the operating system says where files are moved and copied without SQLite (errno(3), as Node names it). */
const SYSTEM_CODES: Readonly<Partial<Record<string, StorageErrorCode>>> = {
  ENOSPC: 'DISK_FULL',
  EIO: 'DISK_FAILED',
  EBUSY: 'LOCKED',
  EPERM: 'CANNOT_OPEN',
  EACCES: 'CANNOT_OPEN',
  EROFS: 'CANNOT_OPEN',
}

/**
 * SQLite's refusals, and the system's of a file, in our codes; every other error (a constraint, the caller's own) stays
 * as it is.
 */
export function toStorageError(error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return ofSystem(error)
  const known = CODES.find(([prefix]) => error.code.startsWith(prefix))
  return known === undefined ? error : new StorageError(known[1], error.message, error)
}

function ofSystem(error: unknown): unknown {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return error
  const known = SYSTEM_CODES[String(error.code)]
  // The system's own message names the path, and a profile's folder may be called like its owner.
  return known === undefined ? error : new StorageError(known, String(error.code), error)
}

/** Runs database work, its errors in our codes. */
export function guard<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw toStorageError(error)
  }
}

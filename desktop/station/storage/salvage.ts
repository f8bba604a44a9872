import Database from 'better-sqlite3'

import { quote } from './collection-table.ts'
import { applyKey } from './connection.ts'
import { guard, StorageError, toStorageError } from './storage-error.ts'

/** A file that is not whole, opened to read what can still be read. */
export interface Salvage {
  /**
   * The rows that can be read, by rowid or by primary key, and whether that was all of them.
   * @param by the integer primary key to walk by; without it (a table without rowid) the two ends are read
   */
  rows(table: string, by?: string): { rows: Record<string, unknown>[]; whole: boolean }
  close(): void
}

/** Rows asked for one by one behind a bad page, before the gaps are doubled: more than a page holds of small ones. */
const ONE_BY_ONE = 256

/** @throws StorageError WRONG_KEY, DAMAGED and the like when nothing at all can be read */
export function openSalvage(path: string, key: Uint8Array | undefined): Salvage {
  return guard(() => {
    const db = new Database(path, { fileMustExist: true })
    try {
      if (key !== undefined) applyKey(db, key)
      db.pragma('locking_mode = EXCLUSIVE')
      db.pragma('temp_store = MEMORY')
      db.prepare('SELECT count(*) FROM sqlite_schema').get()
    } catch (error) {
      db.close()
      throw error
    }
    return {
      rows(table, by) {
        try {
          return by === undefined ? readEnds(db, table) : walk(db, table, by)
        } catch (error) {
          if (!isDamage(error)) throw error
          return { rows: [], whole: false }
        }
      },
      close: () => db.close(),
    }
  })
}

type Found = ReturnType<Salvage['rows']>

function walk(db: Database.Database, table: string, by: string): Found {
  const column = quote(by)
  const next = db.prepare<[number], Record<string, unknown>>(
    `SELECT * FROM ${quote(table)} WHERE ${column} >= ? ORDER BY ${column}`,
  )
  const last = lastOf(db, table, column)
  const rows: Record<string, unknown>[] = []
  let whole = last !== null
  let from = Number.MIN_SAFE_INTEGER
  let misses = 0
  for (;;) {
    try {
      for (const row of next.iterate(from)) {
        rows.push(row)
        from = Number(row[by]) + 1
        misses = 0
      }
      return { rows, whole }
    } catch (error) {
      if (!isDamage(error)) throw error
      whole = false
      // Numbers begin at 1: below that only the first descent failed.
      if (from < 1) from = 1
      misses += 1
      from += misses <= ONE_BY_ONE ? 1 : 2 ** (misses - ONE_BY_ONE)
      if (from > (last ?? Number.MAX_SAFE_INTEGER)) return { rows, whole }
    }
  }
}

/** Null: the far end of the table cannot be read. */
function lastOf(db: Database.Database, table: string, column: string): number | null {
  try {
    const sql = `SELECT max(${column}) FROM ${quote(table)}`
    return db.prepare<[], number | null>(sql).pluck().get() ?? 0
  } catch (error) {
    if (!isDamage(error)) throw error
    return null
  }
}

function readEnds(db: Database.Database, table: string): Found {
  const rows = new Map<string, Record<string, unknown>>()
  const read = (order: 'ASC' | 'DESC'): boolean => {
    try {
      // In SQLite a table without rowid is walked in the order of its key, in either direction.
      const sql = `SELECT * FROM ${quote(table)} ORDER BY 1 ${order}`
      for (const row of db.prepare<[], Record<string, unknown>>(sql).iterate())
        rows.set(JSON.stringify(row), row)
      return true
    } catch (error) {
      if (!isDamage(error)) throw error
      return false
    }
  }
  const whole = read('ASC') || read('DESC')
  return { rows: [...rows.values()], whole }
}

/** Also a table that the damaged schema no longer names. */
function isDamage(error: unknown): boolean {
  const known = toStorageError(error)
  if (known instanceof StorageError)
    return known.code === 'DAMAGED' || known.code === 'WRONG_KEY' || known.code === 'DISK_FAILED'
  return error instanceof Database.SqliteError && error.code === 'SQLITE_ERROR'
}

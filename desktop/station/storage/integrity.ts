import type Database from 'better-sqlite3'

import { quote } from './collection-table.ts'
import { guard, StorageError } from './storage-error.ts'

/** Rows to a step: some milliseconds, also on a slow disk. */
const ROWS = 200
/** Above this many pages (32 MB) the structure is not walked at once: that would be felt at the desk. */
const PAGES_AT_ONCE = 8_000

/**
 * Reads the whole file in small steps, so that a page that went bad is found before it is needed: every row of every
 * table, its overflow pages too, each page authenticated by the cipher as it comes from the disk. Then, of a file that is
 * small enough, SQLite's `quick_check`, which walks the indexes as well.
 * @throws StorageError DAMAGED from the step that finds it
 */
export function* checkIntegrity(db: Database.Database): Generator<undefined, void> {
  const tables = guard(() =>
    db
      .prepare<[], { name: string; wr: number }>(
        "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow')",
      )
      .all(),
  )
  for (const { name, wr } of tables) {
    if (wr === 1) {
      readAll(db, name)
      yield
      continue
    }
    const next = guard(() =>
      db
        .prepare<[number], [number, ...unknown[]]>(
          `SELECT rowid, * FROM ${quote(name)} WHERE rowid > ? ORDER BY rowid LIMIT ${ROWS}`,
        )
        .raw(),
    )
    for (let after = Number.MIN_SAFE_INTEGER; ;) {
      const rows = guard(() => next.all(after))
      yield
      const last = rows.at(-1)
      if (last === undefined) break
      after = last[0]
    }
  }
  if (Number(db.pragma('page_count', { simple: true })) > PAGES_AT_ONCE) return
  const result = guard(() => db.pragma('quick_check(1)', { simple: true }))
  if (result !== 'ok') throw new StorageError('DAMAGED', 'quick_check')
}

/** Tables without rowid are the small ones: settings, counters. */
function readAll(db: Database.Database, table: string): void {
  guard(() => {
    const rows = db
      .prepare(`SELECT * FROM ${quote(table)}`)
      .raw()
      .iterate()
    while (rows.next().done !== true);
  })
}

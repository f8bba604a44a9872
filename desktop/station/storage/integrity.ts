import type Database from 'better-sqlite3'

import { quote } from './collection-table.ts'
import { guard, StorageError } from './storage-error.ts'

/** Rows to a step: some milliseconds, also on a slow disk. */
const ROWS = 200
/** Entries of an index to a step; they are smaller. */
const ENTRIES = 2_000
/** Above this many pages (32 MB) not all is walked at once: that would be felt at the desk. */
const PAGES_AT_ONCE = 8_000

/**
 * Reads the whole file in small steps, so that a page that went bad is found before it is needed: every row of every
 * table, its overflow pages too, each page authenticated by the cipher as it comes from the disk. Then, of a file that is
 * small enough, SQLite's `quick_check`, which compares the tables with their indexes as well; of a bigger one every entry
 * of every index.
 * @throws StorageError DAMAGED from the step that finds it
 */
export function* checkIntegrity(
  db: Database.Database,
  pagesAtOnce = PAGES_AT_ONCE,
): Generator<undefined, void> {
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
  if (Number(db.pragma('page_count', { simple: true })) > pagesAtOnce) {
    yield* readIndexes(db)
    return
  }
  const result = guard(() => db.pragma('quick_check(1)', { simple: true }))
  if (result !== 'ok') throw new StorageError('DAMAGED', 'quick_check')
}

function* readIndexes(db: Database.Database): Generator<undefined, void> {
  const indexes = guard(() =>
    db
      .prepare<[], Index>(
        `SELECT i.name, i.tbl_name AS tableName, i.sql, c.name AS first
         FROM sqlite_schema AS i, pragma_index_info(i.name) AS c WHERE i.type = 'index' AND c.seqno = 0`,
      )
      .all(),
  )
  for (const index of indexes) yield* readIndex(db, index)
}

interface Index {
  readonly name: string
  readonly tableName: string
  /** null: SQLite's own, of a key */
  readonly sql: string | null
  /** its first column */
  readonly first: string
}

/** From value to value of the first column, then all entries that share the one it has come to. */
function* readIndex(
  db: Database.Database,
  { name, tableName, sql, first }: Index,
): Generator<undefined, void> {
  const column = quote(first)
  // A partial index answers only who asks for its own rows.
  const own = / WHERE (deleted = [01])$/.exec(sql ?? '')?.[1] ?? '1'
  const rows = `${quote(tableName)} INDEXED BY ${quote(name)} WHERE ${own}`
  const prepare = (select: string) => guard(() => db.prepare(select).pluck())
  const next = prepare(
    `SELECT max(v) FROM (SELECT ${column} AS v FROM ${rows} AND ${column} > ? ORDER BY ${column} LIMIT ${ENTRIES})`,
  )
  const least = prepare(`SELECT min(${column}) FROM ${rows} AND ${column} IS NOT NULL`)
  const same = prepare(`SELECT count(*) FROM ${rows} AND ${column} IS ?`)
  guard(() => same.get(null))
  yield
  for (let value = guard(() => least.get()); value !== null; value = guard(() => next.get(value))) {
    guard(() => same.get(value))
    yield
  }
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

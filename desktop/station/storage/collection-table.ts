import type Database from 'better-sqlite3'
import { getPrimaryFieldOfPrimaryKey, type RxJsonSchema } from 'rxdb'

import { encodeText, fieldReader, ODD_VALUE, type IndexValue } from './index-value.ts'
import type { Column } from './selector-sql.ts'
import { parseDocument, type StoredDocument } from './stored-document.ts'

export type StoredSchema = Readonly<RxJsonSchema<StoredDocument>>

/**
 * One table per RxDB collection and schema version. The sequence is the rowid: reading changes is reading the table's
 * end, and a change moves its row there. Indexed fields have columns of their own (see index-value.ts).
 */
export interface CollectionTable {
  readonly name: string
  /** as it stands in SQL */
  readonly quotedName: string
  readonly schema: StoredSchema
  readonly primaryPath: string
  /** Columns a query may rely on; the fields' own are gone once one of them held what it cannot order. */
  columns(): ReadonlyMap<string, Column>
  rev(id: string): string | undefined
  read(id: string): StoredDocument | undefined
  /** A document the table does not have; `replace` is for one it has, and dearer. */
  insert(seq: number, id: string, document: StoredDocument): void
  replace(seq: number, id: string, document: StoredDocument): void
  readSince(seq: number, limit: number): { documents: StoredDocument[]; seq: number }
  /**
   * Forgets tombstones last written at or before `lwt`, a few at a time for as long as `hasTime`.
   * @returns whether none is left
   */
  forgetDeleted(lwt: number, hasTime: () => boolean): boolean
  /**
   * A statement of a query, kept for the next time. It returns the JSON (or the count) alone. One that walks the table
   * though it `isBounded` is told to `onScan`, once.
   */
  prepareQuery<T extends string | number>(query: BoundQuery): Database.Statement<IndexValue[], T>
  /** After a rollback: what the table keeps in memory is read from the file again. */
  forgetUncommitted(): void
  drop(): void
}

export interface BoundQuery {
  readonly sql: string
  readonly params: readonly IndexValue[]
  /** it asks for some documents by their fields, so some index should know which */
  readonly isBounded: boolean
}

/** Tombstones between two looks at the clock. */
const FORGOTTEN_AT_ONCE = 10

/** Told of each query that no index bounds. SQL holds names of fields, never a value. */
export type OnScan = (sql: string) => void

export function openCollectionTable(
  db: Database.Database,
  name: string,
  schema: StoredSchema,
  onScan?: OnScan,
): CollectionTable {
  const primaryPath: string = getPrimaryFieldOfPrimaryKey(schema.primaryKey)
  const fields = indexedFields(schema, primaryPath)
  createTable(db, { name, schema, fields, primaryPath })

  const table = quote(name)
  const readers = fields.map(fieldReader)
  const odd = db
    .prepare<[string], number>('SELECT odd FROM store_collections WHERE name = ?')
    .pluck()
  const readColumns = (): Map<string, Column> =>
    odd.get(name) === 1 ? baseColumns(primaryPath) : allColumns(primaryPath, fields)
  let columns = readColumns()

  const selectRev = db.prepare<[string], string>(`SELECT rev FROM ${table} WHERE id = ?`).pluck()
  const selectJson = db.prepare<[string], string>(`SELECT json FROM ${table} WHERE id = ?`).pluck()
  const selectSince = db
    .prepare<[number, number], [number, string]>(
      `SELECT seq, json FROM ${table} WHERE seq > ? ORDER BY seq LIMIT ?`,
    )
    .raw()
  const columnNames = ['seq', 'id', 'deleted', 'lwt', 'rev', 'json', ...fields.map(columnName)]
  const into = `INTO ${table} (${columnNames.join(', ')}) VALUES (${columnNames.map(() => '?').join(', ')})`
  const insert = db.prepare<[IndexValue[]]>(`INSERT ${into}`)
  const replace = db.prepare<[IndexValue[]]>(`INSERT OR REPLACE ${into}`)
  const deleteTombstones = db.prepare<[number, number]>(
    `DELETE FROM ${table} WHERE seq IN (SELECT seq FROM ${table} WHERE deleted = 1 AND lwt <= ? ORDER BY lwt LIMIT ?)`,
  )
  const queries = new Map<string, Database.Statement<IndexValue[]>>()

  const markOdd = (): void => {
    columns = baseColumns(primaryPath)
    db.prepare('UPDATE store_collections SET odd = 1 WHERE name = ?').run(name)
  }

  const rowOf = (seq: number, id: string, document: StoredDocument): IndexValue[] => {
    const row: IndexValue[] = [
      seq,
      encodeText(id),
      document._deleted ? 1 : 0,
      document._meta.lwt,
      document._rev,
      JSON.stringify(document),
    ]
    for (const read of readers) {
      const value = read(document)
      if (value === ODD_VALUE && columns.size > BASE_COLUMN_COUNT) markOdd()
      row.push(value)
    }
    return row
  }

  return {
    name,
    quotedName: table,
    schema,
    primaryPath,
    columns: () => columns,
    rev: (id) => selectRev.get(encodeText(id)),
    read(id) {
      const json = selectJson.get(encodeText(id))
      return json === undefined ? undefined : parseDocument(json)
    },
    insert: (seq, id, document) => void insert.run(rowOf(seq, id, document)),
    replace: (seq, id, document) => void replace.run(rowOf(seq, id, document)),
    readSince(seq, limit) {
      const rows = selectSince.all(seq, limit)
      return {
        documents: rows.map(([, json]) => parseDocument(json)),
        seq: rows.at(-1)?.[0] ?? seq,
      }
    },
    forgetDeleted(lwt, hasTime) {
      do {
        if (deleteTombstones.run(lwt, FORGOTTEN_AT_ONCE).changes < FORGOTTEN_AT_ONCE) return true
      } while (hasTime())
      return false
    },
    prepareQuery<T extends string | number>({ sql, params, isBounded }: BoundQuery) {
      let statement = queries.get(sql)
      if (statement === undefined) {
        if (isBounded && onScan !== undefined && isScan(db, sql, params)) onScan(sql)
        // Lists of many lengths make many texts; begin again rather than keep them all.
        if (queries.size >= 200) queries.clear()
        statement = db.prepare<IndexValue[]>(sql).pluck()
        queries.set(sql, statement)
      }
      // The caller names the type of the one column its SQL selects.
      return statement as Database.Statement<IndexValue[], T>
    },
    forgetUncommitted() {
      columns = readColumns()
    },
    drop() {
      queries.clear()
      db.exec(`DROP TABLE ${table}`)
      db.prepare('DELETE FROM store_collections WHERE name = ?').run(name)
    },
  }
}

export function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`
}

// sqlite.org/eqp.html: SEARCH visits a part of the rows, SCAN all of them, in the order of an index or not.
function isScan(db: Database.Database, sql: string, params: readonly IndexValue[]): boolean {
  const steps = db.prepare<IndexValue[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
  return steps.all(...params).some(({ detail }) => /^SCAN (?!CONSTANT)/.test(detail))
}

const columnName = (field: string): string => quote(`.${field}`)

function baseColumns(primaryPath: string): Map<string, Column> {
  return new Map<string, Column>([
    [primaryPath, { sql: 'id', kind: 'value' }],
    ['_deleted', { sql: 'deleted', kind: 'flag' }],
    ['_meta.lwt', { sql: 'lwt', kind: 'value' }],
  ])
}

const BASE_COLUMN_COUNT = 3

function allColumns(primaryPath: string, fields: readonly string[]): Map<string, Column> {
  const columns = baseColumns(primaryPath)
  for (const field of fields) columns.set(field, { sql: columnName(field), kind: 'value' })
  return columns
}

function indexedFields(schema: StoredSchema, primaryPath: string): string[] {
  const base = baseColumns(primaryPath)
  const named = new Set(indexLists(schema).flat())
  return [...named].filter((field) => !base.has(field)).toSorted()
}

function indexLists(schema: StoredSchema): Array<readonly string[]> {
  return (schema.indexes ?? []).map((index) => (typeof index === 'string' ? [index] : index))
}

interface TableShape {
  readonly name: string
  readonly schema: StoredSchema
  readonly fields: readonly string[]
  readonly primaryPath: string
}

function createTable(
  db: Database.Database,
  { name, schema, fields, primaryPath }: TableShape,
): void {
  const table = quote(name)
  const statements = [
    `CREATE TABLE IF NOT EXISTS ${table} (
      seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, deleted INTEGER NOT NULL, lwt REAL NOT NULL,
      rev TEXT NOT NULL, json TEXT NOT NULL${fields.map((field) => `, ${columnName(field)}`).join('')})`,
    `CREATE INDEX IF NOT EXISTS ${quote(`${name}#deleted`)} ON ${table} (lwt) WHERE deleted = 1`,
    `INSERT OR IGNORE INTO store_collections (name, odd) VALUES ('${name.replaceAll("'", "''")}', 0)`,
  ]
  const columns = allColumns(primaryPath, fields)
  // The widest first: of those that serve alike SQLite takes the one made last, and a count then reads the fewest pages.
  for (const index of indexLists(schema).toSorted((a, b) => b.length - a.length)) {
    const sql = indexSql(table, name, index, columns)
    if (sql !== undefined) statements.push(sql)
  }
  // Together: by itself each would be a commit, and wait for the disk.
  db.transaction(() => db.exec(statements.join(';\n'))).immediate()
}

function indexSql(
  table: string,
  name: string,
  index: readonly string[],
  columns: ReadonlyMap<string, Column>,
): string | undefined {
  const [first, ...rest] = index
  // RxDB puts _deleted before each index; a partial index says the same and keeps tombstones out of it.
  const live = first === '_deleted'
  const names = (live ? rest : index).flatMap((field) => columns.get(field)?.sql ?? [])
  // The table's own unique index on id answers these, and RxDB's [_meta.lwt, id] is for storages without a sequence.
  if (names.length === 0 || names[0] === 'id' || names[0] === 'lwt') return undefined
  return `CREATE INDEX IF NOT EXISTS ${quote(`${name}#${index.join(',')}`)} ON ${table} (${names.join(', ')})${live ? ' WHERE deleted = 0' : ''}`
}

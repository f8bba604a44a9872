import type Database from 'better-sqlite3'
import { CollectionName, type Documents } from '#shared/collections.ts'
import { parseDocument } from '../storage/stored-document.ts'

/** The name of the RxDatabase; with the collection and the schema's version it names a table. */
export const DATABASE_NAME = 'dawr'

const OF_STORE = new Set(['_deleted', '_rev', '_meta', '_attachments'])

/** The document without what RxDB keeps beside it. */
export function withoutMeta<T extends object>(stored: Record<string, unknown>): T {
  const document: Record<string, unknown> = {}
  for (const key in stored) if (!OF_STORE.has(key)) document[key] = stored[key]
  // Cast: only whole documents of the collection were stored
  return document as T
}

type Row = [json: string]

/**
 * Synchronous reads of the store's document tables, for a command in the middle of its transaction,
 * where RxDB's promises cannot be waited for. It relies on the layout in `storage/collection-table.ts`
 * (`json`, `id`, `deleted` and `.field` for indexed fields); `replica.test.ts` fails if that moves.
 */
export interface DocumentRows {
  byId<C extends CollectionName>(collection: C, id: string): Documents[C] | null
  /** Whether there is or was one by this id. */
  knows(collection: CollectionName, id: string): boolean
  all<C extends CollectionName>(collection: C): Documents[C][]
  count(collection: CollectionName): number
  ids(collection: CollectionName): string[]
  /** The next so many by id, behind one; '' is before all of them. */
  after<C extends CollectionName>(collection: C, id: string, limit: number): Documents[C][]
  visitsOfDay(queueDay: string): Documents['visits'][]
  visitsOfPatient(patientId: string, limit: number): Documents['visits'][]
  entriesOf(field: 'visitId' | 'patientId' | 'queueDay', value: string): Documents['entries'][]
  entriesOfVisits(visitIds: readonly string[]): Documents['entries'][]
  /** By a field that the collection's rules index. */
  where<C extends CollectionName>(collection: C, field: string, value: string): Documents[C][]
  /** Drops what is left of removed documents that name an id: RxDB keeps their fields for a while. */
  dropRemoved(named: string): void
}

export function openDocumentRows(db: Database.Database): DocumentRows {
  const table = (collection: CollectionName): string => `"${DATABASE_NAME}/${collection}/0"`
  const read = <C extends CollectionName>(_collection: C, json: string): Documents[C] =>
    withoutMeta(parseDocument(json))
  const byId = Object.fromEntries(
    CollectionName.options.map((collection) => [
      collection,
      db
        .prepare<[string], Row>(
          `SELECT json FROM ${table(collection)} WHERE id = ? AND deleted = 0`,
        )
        .raw(),
    ]),
  )
  const known = new Map(
    CollectionName.options.map((collection) => [
      collection,
      db.prepare<[string], number>(`SELECT 1 FROM ${table(collection)} WHERE id = ?`).pluck(),
    ]),
  )
  const select = (collection: CollectionName, tail: string): Database.Statement<unknown[], Row> =>
    db
      .prepare<unknown[], Row>(`SELECT json FROM ${table(collection)} WHERE deleted = 0 ${tail}`)
      .raw()
  const prepared = new Map<string, Database.Statement<unknown[], Row>>()
  const visitsOfDay = select('visits', 'AND ".queueDay" = ?')
  const visitsOfPatient = select(
    'visits',
    'AND ".patientId" = ? ORDER BY ".queueDay" DESC, id DESC LIMIT ?',
  )
  const entriesOf = {
    visitId: select('entries', 'AND ".visitId" = ?'),
    patientId: select('entries', 'AND ".patientId" = ?'),
    queueDay: select('entries', 'AND ".queueDay" = ?'),
  }
  const entriesOfVisits = select('entries', 'AND ".visitId" IN (SELECT value FROM json_each(?))')
  return {
    byId(collection, id) {
      const row = byId[collection]?.get(id)
      return row === undefined ? null : read(collection, row[0])
    },
    knows: (collection, id) => known.get(collection)?.get(id) !== undefined,
    all: (collection) =>
      select(collection, '')
        .all()
        .map(([json]) => read(collection, json)),
    count: (collection) =>
      db
        .prepare<[], number>(`SELECT count(*) FROM ${table(collection)} WHERE deleted = 0`)
        .pluck()
        .get() ?? 0,
    ids: (collection) =>
      db
        .prepare<[], string>(`SELECT id FROM ${table(collection)} WHERE deleted = 0`)
        .pluck()
        .all(),
    after(collection, id, limit) {
      const key = `${collection}>`
      const statement = prepared.get(key) ?? select(collection, 'AND id > ? ORDER BY id LIMIT ?')
      prepared.set(key, statement)
      return statement.all(id, limit).map(([json]) => read(collection, json))
    },
    visitsOfDay: (queueDay) => visitsOfDay.all(queueDay).map(([json]) => read('visits', json)),
    visitsOfPatient: (patientId, limit) =>
      visitsOfPatient.all(patientId, limit).map(([json]) => read('visits', json)),
    entriesOf: (field, value) => entriesOf[field].all(value).map(([json]) => read('entries', json)),
    where(collection, field, value) {
      const key = `${collection}.${field}`
      const statement = prepared.get(key) ?? select(collection, `AND ".${field}" = ?`)
      prepared.set(key, statement)
      return statement.all(value).map(([json]) => read(collection, json))
    },
    entriesOfVisits: (visitIds) =>
      entriesOfVisits.all(JSON.stringify(visitIds)).map(([json]) => read('entries', json)),
    dropRemoved(named) {
      for (const collection of CollectionName.options) {
        db.prepare<[string]>(
          `DELETE FROM ${table(collection)} WHERE deleted = 1 AND instr(json, ?) > 0`,
        ).run(named)
      }
    },
  }
}

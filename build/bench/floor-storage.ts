import type Database from 'better-sqlite3'
import {
  categorizeBulkWriteRows,
  type RxDocumentData,
  type RxStorage,
  type RxStorageInstance,
  type RxStorageInstanceCreationParams,
} from 'rxdb'
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory'
import { Subject } from 'rxjs'

type Fields = Record<string, unknown>
type Doc = RxDocumentData<Fields>

/**
 * The least that RxDB's performance runner can run on, written for its workload alone: raw better-sqlite3, one table
 * with the indexes of the runner's schema, its queries by hand. No conflict is looked for, no document kept apart from
 * its tombstone, no other query answered. What RxDB itself keeps of its collections lies in memory.
 */
export function floorStorage(db: Database.Database): RxStorage<object, object> {
  const memory = getRxStorageMemory()
  return {
    name: 'floor',
    rxdbVersion: memory.rxdbVersion,
    createStorageInstance<T>(params: RxStorageInstanceCreationParams<T, object>) {
      // The runner's documents are plain data to a table; RxDB alone knows their type.
      const plain = params as unknown as RxStorageInstanceCreationParams<Fields, object>
      const made: Promise<unknown> =
        'var2' in plain.schema.properties
          ? Promise.resolve(floorInstance(db, plain))
          : memory.createStorageInstance(params)
      return made as Promise<RxStorageInstance<T, object, object>>
    },
  }
}

function floorInstance(
  db: Database.Database,
  params: RxStorageInstanceCreationParams<Fields, object>,
): RxStorageInstance<Fields, object, object, null> {
  const { databaseName, collectionName, schema, options } = params
  const table = `"${databaseName}/${collectionName}"`
  const name = (index: string): string => `"${databaseName}/${collectionName}/${index}"`
  db.exec(`CREATE TABLE IF NOT EXISTS ${table} (
      id TEXT PRIMARY KEY, var1 TEXT, var2 REAL, deep1 TEXT, json TEXT NOT NULL) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS ${name('var1')} ON ${table} (var1);
    CREATE INDEX IF NOT EXISTS ${name('var2')} ON ${table} (var2);
    CREATE INDEX IF NOT EXISTS ${name('deep1')} ON ${table} (deep1);
    CREATE INDEX IF NOT EXISTS ${name('both')} ON ${table} (var2, var1);`)
  const insert = db.prepare(
    `INSERT INTO ${table} (id, var1, var2, deep1, json) VALUES (?, ?, ?, ?, ?)`,
  )
  const byId = db.prepare<[string], string>(`SELECT json FROM ${table} WHERE id = ?`).pluck()
  const equal = db.prepare<[unknown], string>(`SELECT json FROM ${table} WHERE var2 = ?`).pluck()
  const count = db
    .prepare<[unknown], number>(`SELECT count(*) FROM ${table} WHERE var2 = ?`)
    .pluck()
  const ordered = db
    .prepare<[], string>(`SELECT json FROM ${table} ORDER BY var2, var1, id`)
    .pluck()
  const changes = new Subject<never>()
  const insertAll = db.transaction((documents: readonly Doc[]) => {
    for (const document of documents) {
      const { id, var1, var2, deep } = document as Doc & { deep: { deep1: string } }
      insert.run(id, var1, var2, deep.deep1, JSON.stringify(document))
    }
  })
  const instance: RxStorageInstance<Fields, object, object, null> = {
    databaseName,
    collectionName,
    schema,
    internals: {},
    options,
    bulkWrite(rows, context) {
      const { bulkInsertDocs, errors, eventBulk } = categorizeBulkWriteRows<Fields>(
        instance,
        'id',
        new Map(),
        rows,
        context,
      )
      insertAll(bulkInsertDocs.map(({ document }) => document))
      // RxDB hears of its own writes from the storage alone.
      changes.next(eventBulk as never)
      return Promise.resolve({ error: errors })
    },
    findDocumentsById: (ids) => Promise.resolve(ids.flatMap((id) => byId.get(id) ?? []).map(parse)),
    query({ query }) {
      const of = operandOf(query.selector)
      return Promise.resolve({
        documents: (of === undefined ? ordered.all() : equal.all(of)).map(parse),
      })
    },
    count: ({ query }) =>
      Promise.resolve({ count: count.get(operandOf(query.selector)) ?? 0, mode: 'fast' }),
    getAttachmentData: () => Promise.reject(new Error('no attachments')),
    changeStream: () => changes,
    cleanup: () => Promise.resolve(true),
    close: () => Promise.resolve(),
    remove() {
      db.exec(`DROP TABLE ${table}`)
      return Promise.resolve()
    },
  }
  return instance
}

/** What `var2` shall equal; undefined for all. */
function operandOf(selector: object): unknown {
  const { var2 } = selector as { var2?: { $eq: unknown } }
  return var2?.$eq
}

// Only whole documents were written.
function parse(json: string): Doc {
  return JSON.parse(json) as Doc
}

import {
  createRxDatabase,
  fillWithDefaultSettings,
  getPrimaryKeyOfInternalDocument,
  INTERNAL_CONTEXT_COLLECTION,
  type RxDatabase,
} from 'rxdb'
import { CollectionName, type Documents } from '#shared/collections.ts'
import type { Store } from '../storage/store.ts'
import { DATABASE_NAME } from './document-rows.ts'
import { collectionSchemas } from './document-schemas.ts'
import { LIVE_COLLECTIONS, type ReplicaCollections } from './replica.ts'

let opened = 0

/**
 * RxDB over the clinic's file. Views read through it; writes go straight through the store. Only what
 * views watch live is an RxDB collection: of those a process may hold 13, and each costs memory.
 */
export async function openDatabase(store: Store): Promise<RxDatabase<ReplicaCollections>> {
  opened += 1
  const database = await createRxDatabase<ReplicaCollections>({
    name: DATABASE_NAME,
    // RxDB takes two databases of one storage and name for one; two files of this process are two.
    storage: { ...store.storage, name: `${store.storage.name}-${opened}` },
    multiInstance: false,
    eventReduce: true,
  })
  await forgetShapes(database)
  const schemas = collectionSchemas()
  const { clinic, patients, visits, entries } = schemas
  await database.addCollections({ clinic, patients, visits, entries })
  const live: readonly CollectionName[] = LIVE_COLLECTIONS
  for (const name of CollectionName.options.filter((each) => !live.includes(each))) {
    await openTable(store, name, { token: database.token, schemas })
  }
  return database
}

/** The table of a collection, as RxDB would open it. */
async function openTable<C extends CollectionName>(
  { storage }: Store,
  collectionName: C,
  { token, schemas }: { token: string; schemas: ReturnType<typeof collectionSchemas> },
): Promise<void> {
  await storage.createStorageInstance<Documents[C]>({
    databaseInstanceToken: token,
    databaseName: DATABASE_NAME,
    collectionName,
    schema: fillWithDefaultSettings<Documents[C]>(schemas[collectionName].schema),
    options: {},
    multiInstance: false,
    devMode: false,
  })
}

/**
 * RxDB keeps the schema that a collection was made with, and refuses a file that has another (DB6):
 * after an update of the app a desk could not open its own, with work in it that was never sent.
 * What is read here is parsed by the shared schemas, of this version; and a shape that documents of
 * before do not fit is a step in `station-tables.ts`, not a file that does not open.
 */
async function forgetShapes({ internalStore }: RxDatabase<ReplicaCollections>): Promise<void> {
  const ids = CollectionName.options.map((name) =>
    getPrimaryKeyOfInternalDocument(`${name}-0`, INTERNAL_CONTEXT_COLLECTION),
  )
  const known = await internalStore.findDocumentsById(ids, false)
  if (known.length === 0) return
  await internalStore.bulkWrite(
    known.map((previous) => ({ previous, document: { ...previous, _deleted: true } })),
    'forget-shapes',
  )
}

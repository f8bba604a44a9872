import {
  createRxDatabase,
  getPrimaryKeyOfInternalDocument,
  INTERNAL_CONTEXT_COLLECTION,
  type RxDatabase,
} from 'rxdb'
import { CollectionName } from '#shared/collections.ts'
import type { Store } from '../storage/store.ts'
import { DATABASE_NAME } from './document-rows.ts'
import { documentSchema } from './document-schemas.ts'
import type { ReplicaCollections } from './replica.ts'

let opened = 0

/** RxDB over the clinic's file. Views read through it; writes go straight through the store. */
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
  await database.addCollections({
    clinic: { schema: documentSchema('clinic') },
    patients: { schema: documentSchema('patients') },
    visits: { schema: documentSchema('visits') },
    entries: { schema: documentSchema('entries') },
  })
  return database
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

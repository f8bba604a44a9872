import { createRxDatabase, type RxDatabase } from 'rxdb'
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
  await database.addCollections({
    clinic: { schema: documentSchema('clinic') },
    patients: { schema: documentSchema('patients') },
    visits: { schema: documentSchema('visits') },
    entries: { schema: documentSchema('entries') },
  })
  return database
}

import type Database from 'better-sqlite3'
import type { RxStorageInstanceCreationParams } from 'rxdb'
import { Subject } from 'rxjs'

import { openAttachmentTable } from './attachment-table.ts'
import type { ChangeBulk } from './change-events.ts'
import { openCollectionTable, type OnScan, type StoredSchema } from './collection-table.ts'
import type { OpenCollection } from './open-collection.ts'
import { openSearchIndex, type SearchSource } from './search-index.ts'
import { StorageError } from './storage-error.ts'

/** The collections RxDB has open on this file. */
export interface Collections {
  open<RxDocType, Options>(
    params: RxStorageInstanceCreationParams<RxDocType, Options>,
  ): OpenCollection
  /**
   * By RxDB's name; of several schema versions (a migration is running) the latest.
   * @throws StorageError NOT_OPEN, AMBIGUOUS
   */
  find: (collectionName: string) => OpenCollection
  all(): Iterable<OpenCollection>
  release: (collection: OpenCollection) => void
  /** Drops the collection's tables. */
  remove: (collection: OpenCollection) => void
  closeAll: () => void
}

export function openCollections(
  db: Database.Database,
  sources: Readonly<Record<string, SearchSource>>,
  onScan: OnScan | undefined,
): Collections {
  const byTable = new Map<string, OpenCollection>()
  const byName = new Map<string, OpenCollection>()

  const forget = (collection: OpenCollection): void => {
    byTable.delete(collection.table.name)
    byName.clear()
    collection.changes.complete()
  }

  return {
    open(params) {
      const { databaseName, collectionName } = params
      const name = `${databaseName}/${collectionName}/${params.schema.version}`
      // Only RxDB knows the type of its documents; to the table they are plain data under the same schema.
      const schema = params.schema as unknown as StoredSchema
      let collection = byTable.get(name)
      if (collection === undefined) {
        const table = openCollectionTable(db, name, schema, onScan)
        const source = sources[collectionName]
        collection = {
          databaseName,
          collectionName,
          table,
          attachments: schema.attachments === undefined ? undefined : openAttachmentTable(db, name),
          search: source === undefined ? undefined : openSearchIndex(db, table, source),
          changes: new Subject<ChangeBulk>(),
          instances: 0,
        }
        byTable.set(name, collection)
        byName.clear()
      } else if (
        params.devMode &&
        JSON.stringify(collection.table.schema) !== JSON.stringify(schema)
      ) {
        throw new Error('storage was already created with a different schema')
      }
      collection.instances++
      return collection
    },
    find(collectionName) {
      let collection = byName.get(collectionName)
      if (collection === undefined) {
        collection = latestOf(
          [...byTable.values()].filter((open) => open.collectionName === collectionName),
        )
        if (collection === undefined)
          throw new StorageError('NOT_OPEN', `RxDB has not opened ${collectionName}`)
        byName.set(collectionName, collection)
      }
      return collection
    },
    all: () => byTable.values(),
    release(collection) {
      collection.instances--
      if (collection.instances === 0) forget(collection)
    },
    remove(collection) {
      const drop = db.transaction(() => {
        collection.search?.drop()
        collection.attachments?.drop()
        collection.table.drop()
      })
      drop.immediate()
      forget(collection)
    },
    closeAll() {
      for (const collection of byTable.values()) forget(collection)
    },
  }
}

function latestOf(collections: readonly OpenCollection[]): OpenCollection | undefined {
  const [first, ...others] = collections
  if (first === undefined) return undefined
  let latest = first
  for (const other of others) {
    if (other.databaseName !== first.databaseName) {
      throw new StorageError('AMBIGUOUS', `several databases have ${first.collectionName}`)
    }
    if (other.table.schema.version > latest.table.schema.version) latest = other
  }
  return latest
}

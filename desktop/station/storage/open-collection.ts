import type { Subject } from 'rxjs'

import type { AttachmentTable } from './attachment-table.ts'
import type { ChangeBulk } from './change-events.ts'
import type { CollectionTable } from './collection-table.ts'
import type { SearchIndex } from './search-index.ts'

/** A collection that RxDB has opened; every instance of it shares this, so each hears of the others' writes. */
export interface OpenCollection {
  readonly databaseName: string
  readonly collectionName: string
  readonly table: CollectionTable
  readonly attachments: AttachmentTable | undefined
  readonly search: SearchIndex | undefined
  readonly changes: Subject<ChangeBulk>
  /** open storage instances */
  instances: number
}

import type Database from 'better-sqlite3'
import { SEARCH_NORMALISER_VERSION } from '#shared/arabic.ts'
import { patientSearchText } from '#shared/patient-search.ts'
import { Patient } from '#shared/patient.ts'
import type { SearchSource } from '../storage/search-index.ts'
import type { Store } from '../storage/store.ts'
import { type HeldDirectory, holdDirectory } from './clinic-directory.ts'
import { type Counters, openCounters } from './counters.ts'
import { type DocumentRows, openDocumentRows } from './document-rows.ts'
import { type DuplicateKeys, openDuplicateKeys } from './duplicate-keys.ts'
import { openOutbox, type Outbox } from './outbox.ts'
import type { StationMeta } from './station-meta.ts'

/** The clinic's file opened as what is kept in it. */
export interface ReplicaFile {
  readonly store: Store
  readonly db: Database.Database
  readonly meta: StationMeta
  readonly counters: Counters
  readonly outbox: Outbox
  readonly rows: DocumentRows
  readonly duplicates: DuplicateKeys
  readonly directory: HeldDirectory
}

/** After RxDB has opened its collections: their tables must exist. */
export function openReplicaFile(store: Store, meta: StationMeta): ReplicaFile {
  const { db } = store
  const rows = openDocumentRows(db)
  return {
    store,
    db,
    meta,
    counters: openCounters(db),
    outbox: openOutbox(db),
    rows,
    duplicates: openDuplicateKeys(db),
    directory: holdDirectory(() => rows.all('clinic')),
  }
}

const SearchableFields = Patient.pick({
  id: true,
  name: true,
  phones: true,
  nationalId: true,
  fileNumber: true,
})

/** What of a patient can be searched. Raise `version` whenever `patientSearchText` changes. */
export const PATIENT_SEARCH: SearchSource = {
  version: SEARCH_NORMALISER_VERSION,
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only patients are stored in that collection
  text: (document) => patientSearchText(document as ReturnType<typeof SearchableFields.parse>),
}

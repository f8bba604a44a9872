import type Database from 'better-sqlite3'
import { SEARCH_NORMALISER_VERSION } from '#shared/arabic.ts'
import { isErased } from '#shared/erased.ts'
import { patientSearchText } from '#shared/patient-search.ts'
import { Patient } from '#shared/patient.ts'
import type { SearchSource } from '../storage/search-index.ts'
import type { StoreTx } from '../storage/store-tx.ts'
import type { Store } from '../storage/store.ts'
import { type HeldDirectory, holdDirectory } from './clinic-directory.ts'
import { type Contested, openContested } from './contested.ts'
import { type Counters, openCounters } from './counters.ts'
import { type DocumentRows, openDocumentRows } from './document-rows.ts'
import { type GivenAnew, openGivenAnew } from './given-anew.ts'
import { openOutbox, type Outbox } from './outbox.ts'
import type { StationMeta } from './station-meta.ts'

/** The clinic's file opened as what is kept in it. */
export interface ReplicaFile {
  readonly store: Store
  readonly db: Database.Database
  readonly meta: StationMeta
  readonly counters: Counters
  readonly contested: Contested
  readonly givenAnew: GivenAnew
  readonly outbox: Outbox
  readonly rows: DocumentRows
  readonly directory: HeldDirectory
  /**
   * A transaction of what the server has and will say again. It is whole like any other, but returns
   * before the disk has it: a power cut may take it back together with its checkpoint, or with the
   * outbox rows it settled, and then it is asked for again (a push is answered as the first time). A
   * command's own transaction waits for the disk, and with itself for all before it.
   */
  repeatableTransaction<T>(run: (tx: StoreTx) => T): T
  /**
   * One short step of what need not be done while anybody waits: the search index is made anew or
   * merged, what was removed long ago is forgotten, SQLite's log folded into the file.
   * @returns false when nothing was left to do
   */
  tidy(): boolean
}

/**
 * When SQLite itself folds its log into the file, in the middle of whatever transaction comes next: in
 * pages of 4 KB, three times its own measure, for `tidy` mostly comes before. A first sync comes this far
 * every 7,000 patients or so, and then waits 120 ms.
 */
const LOG_PAGES = 3_000

/** Rows written, after which `tidy` folds it: those of about thirty commands. */
const FOLDED_ROWS = 500

/**
 * So long what was removed is known to have been here, milliseconds; 31 days, as RxDB has it. Nobody asks
 * the station for it: the server orders, what is unsynced here stands in the outbox, and only a part of the
 * history still on its way could bring such a document back.
 */
const REMEMBERED_MS = 31 * 24 * 3_600_000
/** At the start, and once a day after it. */
const FORGETS_EVERY_MS = 24 * 3_600_000

/** After RxDB has opened its collections: their tables must exist. */
export function openReplicaFile(store: Store, meta: StationMeta): ReplicaFile {
  const { db } = store
  db.pragma(`wal_autocheckpoint = ${LOG_PAGES}`)
  const rows = openDocumentRows(db)
  const fold = db.prepare('PRAGMA wal_checkpoint(PASSIVE)')
  const changes = db.prepare<[], number>('SELECT total_changes()').pluck()
  let foldedAt = changes.get() ?? 0
  /** By `performance.now()`. */
  let forgetsAt = 0

  /** @returns false when nothing was left to forget, or it is not time */
  function forgetRemoved(): boolean {
    if (performance.now() < forgetsAt || meta.get('history') !== null) return false
    if (store.forgetDeleted(REMEMBERED_MS)) return true
    forgetsAt = performance.now() + FORGETS_EVERY_MS
    return false
  }

  return {
    store,
    db,
    meta,
    counters: openCounters(db),
    contested: openContested(db),
    givenAnew: openGivenAnew(db),
    outbox: openOutbox(db),
    rows,
    directory: holdDirectory(() => rows.all('clinic')),
    tidy() {
      if (store.tidySearch() || forgetRemoved()) return true
      const written = changes.get() ?? 0
      if (written - foldedAt < FOLDED_ROWS) return false
      fold.get()
      foldedAt = written
      return false
    },
    repeatableTransaction: (run) => store.transaction(run, 'REPEATABLE'),
  }
}

const SearchableFields = Patient.pick({
  id: true,
  name: true,
  phones: true,
  nationalId: true,
  fileNumber: true,
  marks: true,
})

/** What of a patient can be searched; of one who was erased nothing. Raise `version` whenever `patientSearchText` changes. */
export const PATIENT_SEARCH: SearchSource = {
  version: SEARCH_NORMALISER_VERSION,
  text(document) {
    // Cast: only patients are stored in that collection
    const patient = document as ReturnType<typeof SearchableFields.parse>
    return isErased(patient) ? '' : patientSearchText(patient)
  },
}

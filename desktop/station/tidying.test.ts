import { afterEach, beforeEach, expect, test } from 'vitest'
import { patientSearchQueries } from '#shared/patient-search.ts'
import { idOf } from '#shared/test-values.ts'
import { applyHistory, applyPage } from './replica/pulled-pages.ts'
import {
  DESK,
  draftPatient,
  feed,
  fillClinic,
  openTestReplica,
  page,
  temporaryFolder,
  type TestReplica,
} from './replica/test-replica.ts'
import { StorageError } from './storage/storage-error.ts'
import { startTidying } from './tidying.ts'

let place: { folder: string; remove: () => void }
let opened: TestReplica

beforeEach(async () => {
  place = temporaryFolder()
  opened = await openTestReplica({ folder: place.folder })
  fillClinic(opened.core)
})

afterEach(async () => {
  await opened.close()
  place.remove()
})

const PIECES = 20
const QUIET = { fileFailed: () => undefined, log: () => undefined }

/** So many pages of a first sync, and nothing after them: the process ends. */
function pullPieces({ core, replica }: TestReplica): void {
  const known = replica.read.patient(replica.commit(DESK, (tx) => draftPatient(tx, 'أحمد علي')))
  for (let piece = 0; piece < PIECES; piece += 1) {
    const doc = { ...known, id: idOf(900 + piece), name: `منى ${piece}` }
    applyPage(core, page([feed('patients', doc, 900 + piece)], { upToDate: false }))
  }
}

function piecesOf({ store }: TestReplica): unknown {
  return store.db
    .prepare('SELECT count(DISTINCT segid) FROM "dawr/patients/0#search_idx"')
    .pluck()
    .get()
}

function found({ replica }: TestReplica): number {
  return replica.searchPatients(patientSearchQueries('منى'), 100).length
}

test('a first sync gathers its words, and the next process makes one index of them in a pause', async () => {
  pullPieces(opened)
  expect([piecesOf(opened), found(opened)]).toEqual([PIECES + 1, PIECES])
  await opened.close()
  opened = await openTestReplica({ folder: place.folder })
  const { core, replica } = opened
  const stop = startTidying(core.file, replica, QUIET)
  // The last step finds nothing to merge, and only then lets FTS5 merge by itself again.
  const settings = core.file.db
    .prepare(`SELECT v FROM "dawr/patients/0#search_config" WHERE k = 'automerge'`)
    .pluck()
  await expect.poll(() => [piecesOf(opened), settings.get()], { timeout: 5_000 }).toEqual([1, 4])
  stop()
  expect(found(opened)).toBe(PIECES)
  // From then on FTS5 merges as it goes again.
  for (let index = 0; index < PIECES; index += 1)
    replica.commit(DESK, (tx) => draftPatient(tx, 'منى'))
  expect(piecesOf(opened)).toBeLessThan(PIECES)
  expect(found(opened)).toBe(2 * PIECES)
})

/** A document of the feed that is no longer there. */
const gone = (id: string, seq: number) => ({ collection: 'patients' as const, id, seq, doc: null })

const DAY_MS = 24 * 3_600_000

/** What was removed so many days ago: nothing but the clock has to do with it. */
function letDaysPass({ store }: TestReplica, days: number): void {
  store.db.prepare('UPDATE "dawr/patients/0" SET lwt = lwt - ?').run(days * DAY_MS)
}

function rowsOf({ store }: TestReplica): unknown {
  return store.db.prepare('SELECT count(*) FROM "dawr/patients/0"').pluck().get()
}

function tidyAll({ core }: TestReplica): void {
  while (core.file.tidy());
}

/** A process of its own each time: what is forgotten once a day is forgotten at its start. */
async function reopen(): Promise<void> {
  await opened.close()
  opened = await openTestReplica({ folder: place.folder })
}

test('what was removed is remembered for a month, and while the history is on its way', async () => {
  const known = opened.replica.read.patient(
    opened.replica.commit(DESK, (tx) => draftPatient(tx, 'أحمد علي')),
  )
  const doc = { ...known, id: idOf(901), name: 'منى' }
  applyPage(opened.core, page([feed('patients', doc, 900)]))
  applyPage(opened.core, page([gone(idOf(901), 901)]))
  letDaysPass(opened, 30)
  tidyAll(opened)
  expect(rowsOf(opened)).toBe(2)
  letDaysPass(opened, 2)
  await reopen()
  const { file } = opened.core
  file.store.transaction(() => file.meta.set('history', { from: 900, before: 500 }))
  tidyAll(opened)
  expect(rowsOf(opened)).toBe(2)
  // It names it as it was before it was removed.
  applyHistory(opened.core, [feed('patients', doc, 400)], 0)
  expect(opened.replica.read.patient(idOf(901))).toBeNull()
  tidyAll(opened)
  expect(rowsOf(opened)).toBe(1)
  // What was made here and not sent is not removed, and not touched.
  expect(opened.replica.outbox()).toHaveLength(1)
})

test('a file in which much comes and goes for years does not grow', async () => {
  const known = opened.replica.read.patient(
    opened.replica.commit(DESK, (tx) => draftPatient(tx, 'أحمد علي')),
  )
  const pages: number[] = []
  let seq = 1_000
  for (let month = 0; month < 36; month += 1) {
    const ids = Array.from({ length: 100 }, (_, n) => idOf(10_000 + month * 100 + n))
    const come = ids.map((id) => {
      const doc = { ...known, id, name: `منى ${id}` }
      return feed('patients', doc, (seq += 1))
    })
    applyPage(opened.core, page(come))
    applyPage(opened.core, page(ids.map((id) => gone(id, (seq += 1)))))
    letDaysPass(opened, 30)
    if (month % 3 === 2) await reopen()
    tidyAll(opened)
    pages.push(Number(opened.store.db.pragma('page_count', { simple: true })))
  }
  // Of three years at most four months are remembered.
  expect(Number(rowsOf(opened))).toBeLessThanOrEqual(401)
  expect(Math.max(...pages.slice(6))).toBeLessThanOrEqual((pages[5] ?? 0) * 1.1)
  expect(found(opened)).toBe(0)
})

test('waits for a pause', async () => {
  const committed: (() => void)[] = []
  let steps = 0
  const stop = startTidying(
    { tidy: () => (steps += 1) < 3 },
    {
      onCommitted(listener) {
        committed.push(() => listener({ collections: new Set(), outbox: true }))
        return () => undefined
      },
    },
    QUIET,
  )
  const working = setInterval(() => committed[0]?.(), 20)
  await new Promise((done) => setTimeout(done, 700))
  expect(steps).toBe(0)
  clearInterval(working)
  await expect.poll(() => steps, { timeout: 5_000 }).toBe(3)
  stop()
})

test('a fault of the file is said, not thrown at nobody, and what comes next is tidied again', async () => {
  const damaged = new StorageError('DAMAGED', 'a page')
  let commit = (): void => undefined
  let steps = 0
  const failed: unknown[] = []
  const stop = startTidying(
    {
      tidy() {
        steps += 1
        throw damaged
      },
    },
    {
      onCommitted(listener) {
        commit = () => listener({ collections: new Set(), outbox: true })
        return () => undefined
      },
    },
    { fileFailed: (error) => failed.push(error), log: () => undefined },
  )
  await expect.poll(() => failed, { timeout: 5_000 }).toEqual([damaged])
  commit()
  await expect.poll(() => steps, { timeout: 5_000 }).toBe(2)
  stop()
})

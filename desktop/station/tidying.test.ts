import { afterEach, beforeEach, expect, test } from 'vitest'
import { patientSearchQueries } from '#shared/patient-search.ts'
import { idOf } from '#shared/test-values.ts'
import { applyPage } from './replica/apply-answers.ts'
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

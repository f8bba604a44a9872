import { afterEach, beforeEach, expect, test } from 'vitest'
import { AppError } from '#shared/errors.ts'
import type { PatientId } from '#shared/ids.ts'
import { type FeedDocument, PullRequest } from '#shared/protocol.ts'
import { patientOf, START } from '#shared/test-values.ts'
import { applyPage } from '../replica/pulled-pages.ts'
import { beginMend } from '../replica/reseed.ts'
import {
  CLINIC,
  feed,
  fillClinic,
  openTestReplica,
  page,
  temporaryFolder,
  type TestClock,
  testClock,
  type TestReplica,
} from '../replica/test-replica.ts'
import { type History, openHistory } from './history.ts'
import { openSlices } from './slices.ts'

const FROM = 2_001

let clock: TestClock
let opened: TestReplica
let place: { folder: string; remove: () => void }
let history: History
let requests: PullRequest[]
/** What the server holds below `FROM`, by feed number. */
let older: FeedDocument[]
let head: number
/** How long each answer is on its way, milliseconds. */
let onItsWay: number

const idOfPatient = (seq: number): PatientId =>
  `01930000-0000-7000-8000-${String(seq).padStart(12, '0')}` as PatientId
const nameOf = (seq: number): string | undefined =>
  opened.replica.read.patient(idOfPatient(seq))?.name

beforeEach(async () => {
  clock = testClock()
  place = temporaryFolder()
  opened = await openTestReplica({ folder: place.folder, clock })
  fillClinic(opened.core)
  applyPage(
    opened.core,
    page([], { checkpoint: { epoch: 'e1', clinicId: CLINIC, seq: FROM - 1 }, historyFrom: FROM }),
  )
  older = Array.from({ length: FROM - 1 }, (_, index) => {
    const seq = index + 1
    return feed('patients', patientOf({ id: idOfPatient(seq), name: `مريض ${seq}` }), seq)
  })
  head = FROM - 1
  onItsWay = 10
  requests = []
  history = openHistory(
    opened.core,
    {
      post({ body, answer }) {
        const request = PullRequest.parse(body)
        requests.push(request)
        if (request.part?.is !== 'HISTORY') throw new Error('another part')
        const { before } = request.part
        const found = older.filter(({ seq }) => seq < before).toReversed()
        const documents = found.slice(0, request.limit)
        const upToDate = documents.length === found.length
        clock.set(clock.wall() + onItsWay)
        return Promise.resolve(
          answer.parse({
            ok: true,
            // In no order that anybody promised.
            documents: documents.toReversed(),
            checkpoint: {
              epoch: 'e1',
              clinicId: CLINIC,
              seq: upToDate ? 0 : (documents.at(-1)?.seq ?? 0),
            },
            head,
            upToDate,
            serverTime: START,
            entitlement: 'the same',
            stations: [],
          }),
        )
      },
      open: () => Promise.reject(new AppError('OFFLINE')),
    },
    openSlices(opened.core.clock),
  )
})
afterEach(async () => {
  await opened.close()
  place.remove()
})

/** Until a page was asked for and is here. */
async function arrive(): Promise<void> {
  await new Promise<void>((resolve) => {
    history.ask(resolve)
    setImmediate(resolve)
  })
}

async function fetchAll(): Promise<void> {
  while (history.progress() !== null) {
    await arrive()
    await history.apply()
  }
}

test('brings the latest first and says how far it is, and nothing once all is here', async () => {
  await arrive()
  expect(await history.apply()).toBe('APPLIED')
  expect(history.progress()).toEqual({ done: 1_000, total: 2_000 })
  expect([nameOf(2_000), nameOf(1_001), nameOf(1_000)]).toEqual([
    'مريض 2000',
    'مريض 1001',
    undefined,
  ])
  await fetchAll()
  expect(nameOf(1)).toBe('مريض 1')
  expect(opened.replica.countPatients()).toBe(2_000)
  await arrive()
  expect(await history.apply()).toBe('NOTHING')
})

test('what is here already is later, and stays', async () => {
  const later = patientOf({ id: idOfPatient(7), name: 'الاسم الجديد' })
  applyPage(opened.core, page([feed('patients', later, FROM)]))
  const gone = patientOf({ id: idOfPatient(8) })
  applyPage(opened.core, page([feed('patients', gone, FROM + 1)]))
  applyPage(opened.core, page([{ collection: 'patients', id: gone.id, seq: FROM + 2, doc: null }]))
  head = FROM + 2
  await fetchAll()
  expect(nameOf(7)).toBe('الاسم الجديد')
  expect(nameOf(8)).toBeUndefined()
  expect(nameOf(9)).toBe('مريض 9')
})

test('a page that was read before something in it was removed is asked for again', async () => {
  await arrive()
  // Removed before it was ever here.
  applyPage(
    opened.core,
    page([{ collection: 'patients', id: idOfPatient(1_990), seq: FROM, doc: null }]),
  )
  older = older.filter(({ seq }) => seq !== 1_990)
  head = FROM
  await history.apply()
  expect(history.progress()).toEqual({ done: 0, total: 2_000 })
  await fetchAll()
  expect(nameOf(1_990)).toBeUndefined()
  expect(opened.replica.countPatients()).toBe(1_999)
})

test('a page that was asked for before the replica began anew is not put in', async () => {
  await arrive()
  beginMend(opened.core)
  await history.apply()
  expect(opened.replica.countPatients()).toBe(0)
  await arrive()
  expect(await history.apply()).toBe('NOTHING')
})

test('a restart in the middle goes on where it was', async () => {
  await arrive()
  await history.apply()
  await opened.close()
  opened = await openTestReplica({ folder: place.folder, clock })
  expect(opened.core.file.meta.get('history')).toEqual({ from: FROM, before: 1_001 })
  expect(nameOf(1_001)).toBe('مريض 1001')
})

test('on a thin line pages are small, so that what is new gets past them', async () => {
  onItsWay = 2_800
  await arrive()
  await history.apply()
  expect(requests.map(({ limit }) => limit)).toEqual([1_000, 250])
})

test('a feed that is another says so, and nothing is put', async () => {
  history = openHistory(
    opened.core,
    {
      post: () => Promise.reject(new AppError('RESEED')),
      open: () => Promise.reject(new AppError('OFFLINE')),
    },
    openSlices(opened.core.clock),
  )
  await arrive()
  expect(await history.apply()).toBe('STALE')
})

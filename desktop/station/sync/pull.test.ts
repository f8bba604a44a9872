import { afterEach, beforeEach, expect, test } from 'vitest'
import { AppError } from '#shared/errors.ts'
import type { FeedDocument } from '#shared/protocol.ts'
import type { PatientId } from '#shared/ids.ts'
import { PullRequest } from '#shared/protocol.ts'
import { START } from '#shared/test-values.ts'
import { applyResults } from '../replica/push-answers.ts'
import {
  CLINIC,
  DESK,
  draftName,
  draftPatient,
  fillClinic,
  openTestReplica,
  temporaryFolder,
  type TestReplica,
} from '../replica/test-replica.ts'
import { openPull, type Pull } from './pull.ts'
import { openSlices } from './slices.ts'

const DOCUMENTS = 1_200

let opened: TestReplica
let place: { folder: string; remove: () => void }
let pull: Pull
let requests: PullRequest[]
let feed: FeedDocument[]
let renamed: PatientId

/** A feed of other desks' patients; the last document is one that this desk knows. */
beforeEach(async () => {
  place = temporaryFolder()
  opened = await openTestReplica({ folder: place.folder })
  fillClinic(opened.core)
  const { replica, core } = opened
  renamed = replica.commit(DESK, (tx) => draftPatient(tx, 'أحمد علي'))
  const patient = replica.read.patient(renamed)
  const [row] = replica.outbox()
  if (patient === null || row === undefined) throw new Error('not registered')
  const doc = { collection: 'patients', id: patient.id, seq: 2, doc: patient } as const
  const { commandId } = row.command
  applyResults(core, [
    { commandId, verdict: 'ACCEPTED', code: null, details: {}, documents: [doc] },
  ])
  core.file.meta.set('entitlement', 'the same')
  feed = Array.from({ length: DOCUMENTS }, (_, index): FeedDocument => {
    const id = `01930000-0000-7000-8000-${String(index).padStart(12, '0')}`
    const other = { ...patient, id, phones: [], name: `مريض ${index}` }
    const isLast = index === DOCUMENTS - 1
    const known = { ...patient, note: 'من محطة أخرى' }
    return {
      collection: 'patients',
      id: isLast ? patient.id : id,
      seq: 10 + index,
      doc: isLast ? known : other,
    }
  })
  requests = []
  pull = openPull(
    core,
    {
      post({ body, answer }) {
        const request = PullRequest.parse(body)
        requests.push(request)
        return Promise.resolve(
          answer.parse({
            ok: true,
            documents: requests.length === 1 ? feed : [],
            checkpoint: { epoch: 'e1', clinicId: CLINIC, seq: 9 + DOCUMENTS },
            head: 9 + DOCUMENTS,
            upToDate: requests.length > 1,
            serverTime: START,
            entitlement: 'the same',
            stations: [],
          }),
        )
      },
      open: () => Promise.reject(new AppError('OFFLINE')),
    },
    openSlices(core.clock),
  )
})
afterEach(async () => {
  await opened.close()
  place.remove()
})

test('a page comes in slices, and a command between them has seen just those before it', async () => {
  const { replica, core } = opened
  const seen: number[] = []
  const stop = replica.onCommitted(({ outbox }) => {
    if (!outbox) seen.push(core.file.meta.get('checkpoint')?.seq ?? 0)
  })
  const pulling = pull.next()
  while (seen.length === 0) await new Promise((done) => setImmediate(done))
  const before = replica.countPatients()
  expect(before).toBeLessThan(DOCUMENTS)
  expect(requests).toHaveLength(2)
  replica.commit(DESK, (tx) => draftName(tx, renamed, 'أحمد علي حسن'))
  await pulling
  stop()
  // By a clock that stands still a slice takes no time, and the next may be as long as any.
  expect(seen).toEqual([509, 1_209])
  const [row] = replica.outbox()
  // Not the page's own number: what it had not shown yet was not seen.
  expect([before, row?.command.seen]).toEqual([501, 509])
  // The next page was asked for before all of this one stood, and the command is among those before that.
  expect(requests[1]?.checkpoint).toMatchObject({ seq: 1_209 })
  expect(requests[1]?.lastCommand).toBeGreaterThanOrEqual(row?.seq ?? Infinity)
  expect(replica.read.patient(renamed)).toMatchObject({
    name: 'أحمد علي حسن',
    note: 'من محطة أخرى',
  })
  expect(replica.countPatients()).toBe(DOCUMENTS)
})

test('stopped between slices, it goes on behind the last that stands', async () => {
  const foreign = { ...feed[700], doc: { id: 'x', clinicId: 'another' } } as FeedDocument
  feed[700] = foreign
  await expect(pull.next()).rejects.toThrow(TypeError)
  expect(opened.core.file.meta.get('checkpoint')?.seq).toBe(509)
  expect(opened.replica.countPatients()).toBe(501)
})

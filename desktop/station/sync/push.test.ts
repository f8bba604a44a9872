import { afterEach, beforeEach, expect, test } from 'vitest'
import { AppError } from '#shared/errors.ts'
import { type CommandResult, EPOCH_HEADER, PushRequest } from '#shared/protocol.ts'
import { Command } from '#shared/commands.ts'
import { START } from '#shared/test-values.ts'
import {
  CLINIC,
  DESK,
  draftCall,
  draftCheckIn,
  draftName,
  draftPatient,
  fillClinic,
  openTestReplica,
  temporaryFolder,
  type TestReplica,
} from '../replica/test-replica.ts'
import { openPush, type Push } from './push.ts'

let opened: TestReplica
let place: { folder: string; remove: () => void }
let push: Push
/** Of which epoch the server is. */
let epoch: string
/** Names of the commands in each request, as `seq name`. */
let requests: string[][]
/** Throws what the server refuses, or says what it answers to a command beside ACCEPTED. */
let answer: (commands: readonly Command[]) => (command: Command) => Partial<CommandResult>

beforeEach(async () => {
  place = temporaryFolder()
  opened = await openTestReplica({ folder: place.folder })
  fillClinic(opened.core)
  requests = []
  epoch = 'e1'
  answer = () => () => ({})
  push = openPush(opened.core, {
    post({ body, headers, answer: schema }) {
      const { commands: signed } = PushRequest.parse(body)
      const commands = signed.map(({ payload }) => Command.parse(JSON.parse(payload)))
      requests.push(commands.map(({ seq, name }) => `${seq} ${name}`))
      const said = headers?.[EPOCH_HEADER]
      return new Promise((done) => {
        if (said !== undefined && said !== epoch) throw new AppError('RESEED')
        const resultOf = answer(commands)
        const results = commands.map((command) => ({
          commandId: command.commandId,
          verdict: 'ACCEPTED',
          code: null,
          details: {},
          documents: command.writes.map(({ collection, id, next }) => ({
            collection,
            id,
            seq: 10 + command.seq,
            doc: next,
          })),
          ...resultOf(command),
        }))
        done(schema.parse({ ok: true, results, serverTime: START }))
      })
    },
    open: () => Promise.reject(new AppError('OFFLINE')),
  })
})
afterEach(async () => {
  await opened.close()
  place.remove()
})

async function sendAll(): Promise<void> {
  while ((await push.sendNext()) !== null);
}

/** The server never looks into a push with the first check-in. */
function refuseCheckIn(): void {
  answer = (commands) => {
    if (commands.some(({ seq }) => seq === 1)) throw new AppError('INVALID')
    return () => ({})
  }
}

test('what is made after its parent was held back here waits with it', async () => {
  const { replica } = opened
  refuseCheckIn()
  const first = replica.commit(DESK, (tx) => draftCheckIn(tx, 'أحمد علي'))
  await sendAll()
  expect(replica.held()).toMatchObject([{ code: 'INVALID' }])
  replica.commit(DESK, (tx) => draftCall(tx, first.visitId))
  replica.commit(DESK, (tx) => draftName(tx, first.patientId, 'أحمد علي حسن'))
  replica.commit(DESK, (tx) => draftPatient(tx, 'منى حسن'))
  requests = []
  await sendAll()
  expect(requests).toEqual([['4 registerPatient']])
  const parent = replica.held()[0]?.command.commandId
  expect(replica.held().slice(1)).toMatchObject([
    { seq: 2, code: 'PARENT_HELD', details: { parent } },
    { seq: 3, code: 'PARENT_HELD' },
  ])
})

test('tried again and refused again, the parent still keeps its children back', async () => {
  const { replica } = opened
  refuseCheckIn()
  const first = replica.commit(DESK, (tx) => draftCheckIn(tx, 'أحمد علي'))
  replica.commit(DESK, (tx) => draftCall(tx, first.visitId))
  await sendAll()
  requests = []
  push.retryHeld()
  await sendAll()
  expect(requests.filter((names) => !names.includes('1 checkIn'))).toEqual([])
  expect(replica.countOutbox()).toMatchObject({ queued: 0, held: 2 })
  answer = () => () => ({})
  push.retryHeld()
  await sendAll()
  expect(replica.outbox()).toEqual([])
})

test('children of what the server holds are the server’s to judge', async () => {
  const { replica } = opened
  answer = () => () => ({ verdict: 'HELD', code: 'SUBSCRIPTION', documents: [] })
  const first = replica.commit(DESK, (tx) => draftCheckIn(tx, 'أحمد علي'))
  await sendAll()
  replica.commit(DESK, (tx) => draftCall(tx, first.visitId))
  requests = []
  await sendAll()
  expect(requests).toEqual([['2 call']])
})

test('what a server that was set back has lost goes before what stands on it', async () => {
  const { replica } = opened
  const first = replica.commit(DESK, (tx) => draftCheckIn(tx, 'أحمد علي'))
  await sendAll()
  replica.commit(DESK, (tx) => draftCall(tx, first.visitId))
  epoch = 'e2'
  expect(await push.sendNext()).toBe('RESEED')
  await sendAll()
  expect(requests).toEqual([['1 checkIn'], ['2 call'], ['1 checkIn', '2 call']])
  expect(opened.core.file.meta.get('checkpoint')).toBeNull()
})

test('a push that was made small grows again when it fits', async () => {
  const { replica } = opened
  const rows = 12
  const make = (): void => {
    for (let row = 0; row < rows; row += 1) {
      replica.commit(DESK, (tx) => draftPatient(tx, `مريض ${row}`))
    }
  }
  make()
  answer = (commands) => {
    if (commands.length > 1) throw new AppError('TOO_LARGE')
    return () => ({})
  }
  // Halved by each refusal, far below what the rows take.
  for (let round = 0; round < 6; round += 1) {
    await sendAll()
    make()
  }
  answer = () => () => ({})
  await sendAll()
  make()
  requests = []
  await sendAll()
  expect(requests).toHaveLength(1)
})

test('what an answer on its way holds is tried again, if that was asked for meanwhile', async () => {
  const { replica } = opened
  let asked = 0
  answer = () => {
    asked += 1
    if (asked > 1) return () => ({})
    // Its author signs in while the answer is under way that knows of no such person.
    push.retryHeld()
    return () => ({ verdict: 'HELD', code: 'NOT_SIGNED_IN_HERE', documents: [] })
  }
  replica.commit(DESK, (tx) => draftPatient(tx, 'منى حسن'))
  await sendAll()
  expect(replica.outbox()).toEqual([])
})

test('what a server held that was set back goes before what stands on it, too', async () => {
  const { replica } = opened
  answer = () => () => ({ verdict: 'HELD', code: 'NOT_SIGNED_IN_HERE', documents: [] })
  const first = replica.commit(DESK, (tx) => draftCheckIn(tx, 'أحمد علي'))
  await sendAll()
  opened.store.transaction(() => {
    opened.core.file.meta.set('checkpoint', { epoch: 'e1', clinicId: CLINIC, seq: 1 })
  })
  replica.commit(DESK, (tx) => draftCall(tx, first.visitId))
  epoch = 'e2'
  requests = []
  // As it does whenever it connects.
  push.retryHeld()
  expect(await push.sendNext()).toBe('RESEED')
  answer = () => () => ({})
  await sendAll()
  expect(requests).toEqual([
    ['1 checkIn', '2 call'],
    ['1 checkIn', '2 call'],
  ])
  expect(replica.outbox()).toEqual([])
})

import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ClinicDoc } from '#shared/clinic.ts'
import { PullRequest } from '#shared/protocol.ts'
import { idOf, patientOf, START } from '#shared/test-values.ts'
import {
  CLINIC,
  CLINIC_DOCUMENTS,
  DESK,
  draftCall,
  draftCheckIn,
  draftName,
  draftPatient,
  fillClinic,
  openTestReplica,
  OTHER_STATION,
  SETTINGS,
  temporaryFolder,
  TEST_KEY,
  type TestReplica,
} from '../replica/test-replica.ts'
import { privateKeyObject, publicPart } from '../replica/station-key.ts'
import { openCredential } from './station-credential.ts'
import { serverLine } from './server-line.ts'
import { startSync, type SyncEngine } from './sync-engine.ts'
import { refuse, type Spoil, startTestServer, type TestServer } from './test-server.ts'

let server: TestServer
let opened: TestReplica
let place: { folder: string; remove: () => void }
let sync: SyncEngine | null = null

beforeEach(async () => {
  logged.length = 0
  server = await startTestServer(() => START)
  for (const doc of CLINIC_DOCUMENTS) server.put('clinic', doc)
  place = temporaryFolder()
  await open()
})
afterEach(async () => {
  await sync?.stop()
  sync = null
  await opened.close()
  await server.close()
  place.remove()
})

/** A real monotonic clock, a test's wall clock. */
async function open(): Promise<void> {
  opened = await openTestReplica({
    folder: place.folder,
    clock: { wall: () => START, monotonic: () => performance.now(), set: () => undefined },
    identity: { entitlementKeys: [server.entitlementKey] },
  })
  if (opened.core.file.meta.get('refreshToken') === null) {
    opened.store.transaction(() => opened.core.file.meta.set('refreshToken', 'refresh-0'))
  }
}

const logged: string[] = []

function start(): SyncEngine {
  const { core, replica, store } = opened
  const line = serverLine(server.url)
  const credential = openCredential({
    line,
    clock: core.clock,
    key: privateKeyObject(TEST_KEY),
    publicKey: publicPart(TEST_KEY),
    refreshToken: () => core.file.meta.get('refreshToken'),
    keepRefreshToken: (token) => store.transaction(() => core.file.meta.set('refreshToken', token)),
    stopped: new AbortController().signal,
  })
  sync = startSync({
    core,
    replica,
    line,
    credential,
    onChange: () => undefined,
    log: ({ event }) => void logged.push(event),
    fileFailed: () => undefined,
    random: () => 0.02,
  })
  return sync
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    if (holds()) return
    await new Promise((done) => setTimeout(done, 5))
  }
  throw new Error(`waited 5 s in vain for: ${what} (${JSON.stringify(sync?.state())})`)
}

const isLive = (): boolean => sync?.state().name === 'LIVE'
const isSent = (): boolean => opened.replica.outbox().length === 0

describe('sync', () => {
  test('sends what waited, then brings the clinic, then both at once as they happen', async () => {
    fillClinic(opened.core)
    opened.store.transaction(() => opened.core.file.meta.remove('checkpoint'))
    const { replica } = opened
    const made = replica.commit(DESK, (tx) => draftCheckIn(tx, 'أحمد علي'))
    start()
    await until(() => isLive() && isSent(), 'first sync')
    expect(server.requests.indexOf('/v1/push')).toBeLessThan(server.requests.indexOf('/v1/pull'))
    expect(server.feed().map(({ id }) => id)).toContain(made.visitId)
    await until(() => JSON.stringify(sync?.state()).includes('"streaming":true'), 'the stream')
    replica.commit(DESK, (tx) => draftCall(tx, made.visitId))
    await until(isSent, 'the call sent')
    const patient = replica.read.patient(made.patientId)
    if (patient === null) throw new Error('the patient is gone')
    server.put('patients', { ...patient, note: 'من محطة أخرى' })
    await until(() => replica.read.patient(made.patientId)?.note !== null, 'what another made')
    expect(replica.read.visit(made.visitId)?.calls).toHaveLength(1)
  })

  test('what comes with the news of it is not asked for, unless it does not follow', async () => {
    fillClinic(opened.core)
    const { replica } = opened
    start()
    await until(isLive, 'sync')
    await until(() => JSON.stringify(sync?.state()).includes('"streaming":true'), 'the stream')
    const made = replica.commit(DESK, (tx) => draftCheckIn(tx, 'أحمد علي'))
    await until(isSent, 'the check-in sent')
    const patient = replica.read.patient(made.patientId)
    if (patient === null) throw new Error('the patient is gone')
    // By then it has heard of its own.
    await until(
      () => opened.core.file.meta.get('checkpoint')?.seq === server.head(),
      'its own news',
    )
    const pulls = (): number => server.requests.filter((path) => path === '/v1/pull').length
    const before = pulls()
    server.offersFrom = server.epoch
    server.put('patients', { ...patient, note: 'أولى' })
    server.put('patients', { ...patient, note: 'ثانية' })
    await until(() => replica.read.patient(made.patientId)?.note === 'ثانية', 'the second note')
    expect(opened.core.file.meta.get('checkpoint')?.seq).toBe(server.head())
    expect(pulls()).toBe(before)
    server.offersFrom = 'another'
    server.put('patients', { ...patient, note: 'ثالثة' })
    await until(() => replica.read.patient(made.patientId)?.note === 'ثالثة', 'the third note')
    expect(pulls()).toBeGreaterThan(before)
  })

  test('a new desk is live with its day, hears what is new, and the rest comes behind', async () => {
    const names = Array.from({ length: 1_500 }, (_, index) => `مريض ${index}`)
    const patients = names.map((name, index) => patientOf({ id: idOf(1_000 + index), name }))
    for (const patient of patients) server.put('patients', patient)
    const [today, ...others] = patients
    const late = patientOf({ id: idOf(5_000), name: 'جديد' })
    server.isOfToday = ({ collection, id }) => collection === 'clinic' || id === today?.id
    const held: ServerResponse[] = []
    const hold: Spoil = (response, body) => {
      if (PullRequest.parse(body).part?.is !== 'HISTORY') return 'ANSWER'
      held.push(response)
      return 'SPOILT'
    }
    for (let times = 0; times < 9; times += 1) server.spoil('/v1/pull', hold)
    start()
    await until(() => held.length === 1, 'the history asked for')
    const { read } = opened.replica
    expect(isLive()).toBe(true)
    expect(read.patient(idOf(1_000))?.name).toBe(today?.name)
    expect(opened.replica.countPatients()).toBe(1)
    server.put('patients', late)
    await until(() => read.patient(late.id) !== null, 'the news')
    // A desk that is being filled works as any other.
    const made = opened.replica.commit(DESK, (tx) => draftCheckIn(tx, 'أحمد علي'))
    await until(isSent, 'the check-in sent')
    expect(sync?.history()).toMatchObject({ done: 0 })
    // The line goes, and comes back.
    await until(() => {
      for (const response of held.splice(0)) response.destroy()
      return !isLive()
    }, 'the loss noticed')
    server.unspoil('/v1/pull')
    sync?.syncNow()
    await until(() => sync?.history() === null, 'the history')
    expect(opened.replica.countPatients()).toBe(patients.length + 2)
    for (const { id, name } of others) expect(read.patient(id)?.name).toBe(name)
    expect(read.patient(made.patientId)?.name).toBe('أحمد علي')
  })

  test('an answer that was lost is asked for again, and nothing happens twice', async () => {
    fillClinic(opened.core)
    opened.replica.commit(DESK, (tx) => draftCheckIn(tx, 'أحمد علي'))
    server.spoil('/v1/push', () => 'LOSE')
    server.spoil('/v1/pull', () => 'LOSE')
    start()
    await until(() => isLive() && isSent(), 'sync after lost answers')
    expect(server.requests.filter((path) => path === '/v1/push').length).toBeGreaterThan(1)
    expect(server.commands).toHaveLength(1)
  })

  test('a push too large is halved until it fits; what never fits does not stand in the way', async () => {
    fillClinic(opened.core)
    const { replica } = opened
    const ids = Array.from({ length: 9 }, (_, index) =>
      replica.commit(DESK, (tx) => draftPatient(tx, `مريض ${index}`)),
    )
    const tooLarge: Spoil = (response, body) => {
      if (!JSON.stringify(body).includes(ids[4] ?? '-')) return 'ANSWER'
      response.writeHead(413).end()
      return 'SPOILT'
    }
    for (let times = 0; times < 30; times += 1) server.spoil('/v1/push', tooLarge)
    start()
    await until(() => replica.countOutbox().queued === 0, 'all but one sent')
    expect(replica.countOutbox()).toMatchObject({ held: 1 })
    expect(replica.held()[0]).toMatchObject({ code: 'TOO_LARGE' })
    expect(server.commands).toHaveLength(8)
  })

  test('HELD waits, its children with it, and goes when the subscription is renewed', async () => {
    fillClinic(opened.core)
    const { replica } = opened
    const made = replica.commit(DESK, (tx) => draftCheckIn(tx, 'أحمد علي'))
    replica.commit(DESK, (tx) => draftCall(tx, made.visitId))
    server.verdict = ({ name }) =>
      name === 'checkIn'
        ? { verdict: 'HELD', code: 'SUBSCRIPTION' }
        : { verdict: 'HELD', code: 'PARENT_HELD' }
    start()
    await until(() => isLive() && replica.countOutbox().held === 2, 'both held')
    expect(replica.pending('visits', made.visitId)).toBe('HELD')
    server.verdict = () => ({})
    server.entitlement = {
      ...server.entitlement,
      subscription: { ...server.entitlement.subscription, endsAt: '2027-01-20T00:00:00.000Z' },
    }
    // Any news makes the station ask, and each answer brings the entitlement.
    server.put('clinic', { id: 'settings', clinicId: CLINIC, body: SETTINGS } satisfies ClinicDoc)
    await until(isSent, 'both sent after the renewal')
    expect(server.commands.map(({ name }) => name)).toEqual(['checkIn', 'call'])
  })

  test('asked to try again while the answer that holds it is on its way, it does', async () => {
    fillClinic(opened.core)
    const engine = start()
    await until(isLive, 'live')
    const holding: Spoil = () => {
      server.verdict = () => {
        server.verdict = () => ({})
        return { verdict: 'HELD', code: 'NOT_SIGNED_IN_HERE' }
      }
      engine.syncNow()
      return 'ANSWER'
    }
    server.spoil('/v1/push', holding)
    opened.replica.commit(DESK, (tx) => draftPatient(tx, 'منى حسن'))
    await until(isSent, 'what was held')
    expect(server.commands.map(({ name }) => name)).toEqual(['registerPatient'])
  })

  test('REJECTED comes back as what stands, kept for the inbox, and the rest goes on', async () => {
    fillClinic(opened.core)
    const { replica } = opened
    const id = replica.commit(DESK, (tx) => draftPatient(tx, 'أحمد علي'))
    start()
    await until(() => isLive() && isSent(), 'the patient sent')
    server.verdict = ({ name }) =>
      name === 'editPatient' ? { verdict: 'REJECTED', code: 'FORBIDDEN' } : {}
    replica.commit(DESK, (tx) => draftName(tx, id, 'اسم آخر'))
    replica.commit(DESK, (tx) => draftPatient(tx, 'منى حسن'))
    await until(isSent, 'both answered')
    expect(replica.read.patient(id)?.name).toBe('أحمد علي')
    expect(replica.rejected()).toMatchObject([
      { code: 'FORBIDDEN', command: { name: 'editPatient' } },
    ])
    expect(server.commands).toHaveLength(2)
  })

  test('a new epoch makes the pull begin anew, and the outbox is kept', async () => {
    fillClinic(opened.core)
    const { replica } = opened
    start()
    await until(isLive, 'live')
    await sync?.stop()
    const made = replica.commit(DESK, (tx) => draftPatient(tx, 'أحمد علي'))
    server.epoch = 'e2'
    server.verdict = () => ({ verdict: 'HELD', code: 'SUBSCRIPTION' })
    start()
    await until(
      () => isLive() && opened.core.file.meta.get('checkpoint')?.epoch === 'e2',
      'the new epoch',
    )
    expect(replica.read.patient(made)?.name).toBe('أحمد علي')
    expect(replica.countOutbox().held).toBe(1)
  })

  test('what a restored server has lost is sent once more', async () => {
    fillClinic(opened.core)
    const { replica } = opened
    start()
    await until(isLive, 'live')
    const early = replica.commit(DESK, (tx) => draftPatient(tx, 'قبل النسخة'))
    await until(isSent, 'the first sent')
    const restore = server.backUp()
    replica.commit(DESK, (tx) => draftName(tx, early, 'بعد النسخة'))
    const late = replica.commit(DESK, (tx) => draftPatient(tx, 'منى حسن'))
    await until(isSent, 'all sent')
    restore()
    sync?.syncNow()
    const isBack = (): boolean =>
      isSent() && opened.core.file.meta.get('checkpoint')?.epoch === server.epoch
    await until(isBack, 'the new epoch')
    await until(() => opened.core.file.meta.get('reseeding') === null, 'all pulled')
    const names = new Map(
      server.feed().map(({ id, doc }) => [id, Reflect.get(Object(doc), 'name')]),
    )
    expect([names.get(early), names.get(late)]).toEqual(['بعد النسخة', 'منى حسن'])
    expect(replica.read.patient(early)?.name).toBe('بعد النسخة')
    expect(replica.read.patient(late)?.name).toBe('منى حسن')
  })

  test('a refresh whose answer is lost is asked again with the token that is still good', async () => {
    fillClinic(opened.core)
    server.spoil('/v1/token', () => 'LOSE')
    start()
    await until(isLive, 'live after a lost refresh')
    expect(opened.core.file.meta.get('refreshToken')).toMatch(/^refresh-\d$/)
  })

  test('an access token that ended is renewed in passing', async () => {
    fillClinic(opened.core)
    start()
    await until(isLive, 'live')
    server.spoil('/v1/push', refuse('UNAUTHENTICATED', 401))
    opened.replica.commit(DESK, (tx) => draftPatient(tx, 'أحمد علي'))
    await until(isSent, 'sent with a new token')
    expect(server.requests.filter((path) => path === '/v1/token')).toHaveLength(2)
  })

  test.each(['STATION_REVOKED', 'REFRESH_REUSED', 'PROTOCOL_VERSION'] as const)(
    '%s needs a person; commands go on and are kept, until someone tries again',
    async (code) => {
      fillClinic(opened.core)
      server.spoil('/v1/push', refuse(code, 403))
      opened.replica.commit(DESK, (tx) => draftPatient(tx, 'أحمد علي'))
      start()
      await until(() => sync?.state().name === 'NEEDS_ATTENTION', 'attention')
      expect(sync?.state()).toMatchObject({ code })
      opened.replica.commit(DESK, (tx) => draftPatient(tx, 'منى حسن'))
      expect(opened.replica.countOutbox().queued).toBe(2)
      sync?.syncNow()
      await until(isSent, 'all sent')
    },
  )

  test('nobody is said to be here by a station that hears nobody', async () => {
    fillClinic(opened.core)
    const other = { stationId: OTHER_STATION, name: 'العيادة', live: true, lastContact: null }
    const engine = start()
    await until(() => JSON.stringify(engine.state()).includes('"streaming":true'), 'the stream')
    server.send({ type: 'stations', stations: [other] })
    await until(() => engine.contacts().some(({ live }) => live), 'the other desk')
    server.spoil('/v1/pull', refuse('STATION_REVOKED', 403))
    engine.syncNow()
    await until(() => engine.state().name === 'NEEDS_ATTENTION', 'attention')
    expect(engine.contacts()).toMatchObject([{ stationId: OTHER_STATION, live: false }])
  })

  test('a lost stream is polled around and opened again; a lost server is waited for', async () => {
    fillClinic(opened.core)
    start()
    const streams = (): number => server.requests.filter((path) => path === '/v1/stream').length
    await until(() => isLive() && streams() === 1, 'live')
    server.dropStreams()
    await until(() => streams() === 2, 'a second stream')
    expect(isLive()).toBe(true)
    server.spoil('/v1/pull', refuse('UNAVAILABLE', 503))
    sync?.syncNow()
    await until(() => sync?.state().name !== 'LIVE', 'offline')
    await until(isLive, 'live again')
  })

  test('a file that is behind what the server heard from it is an old copy: a new letter goes before all', async () => {
    fillClinic(opened.core)
    server.lastCommand = 40
    const { replica } = opened
    replica.commit(DESK, (tx) => draftPatient(tx, 'أحمد علي'))
    start()
    await until(() => isLive() && isSent(), 'all sent')
    expect(server.requests.indexOf('/v1/letter')).toBeLessThan(server.requests.indexOf('/v1/push'))
    expect(logged).toContain('old-copy')
    expect(logged.filter((event) => event === 'new-letter')).toHaveLength(1)
    const { visitId } = replica.commit(DESK, (tx) => draftCheckIn(tx, 'منى حسن'))
    expect(replica.read.visit(visitId)?.ticket.letter).toBe('K')
    // The one before was made as the copy counted; from here on it counts on from where the other was.
    expect(replica.outbox().map(({ seq }) => seq)).toEqual([41])
    await until(isSent, 'the check-in sent')
    await sync?.stop()
    start()
    await until(() => isLive() && isSent(), 'live again')
    expect(server.requests.filter((path) => path === '/v1/letter')).toHaveLength(1)
  })

  test.each([null, 0, 1])('a server that has heard no more (%s) changes nothing', async (heard) => {
    fillClinic(opened.core)
    server.lastCommand = heard
    opened.replica.commit(DESK, (tx) => draftPatient(tx, 'أحمد علي'))
    start()
    await until(() => isLive() && isSent(), 'all sent')
    expect(server.requests).not.toContain('/v1/letter')
    expect(logged).not.toContain('old-copy')
  })

  test("a server's page that is another clinic's is never applied", async () => {
    fillClinic(opened.core)
    const foreign = { id: 'x', clinicId: '018f0000-0000-7000-8000-000000000000' }
    server.put('patients', foreign)
    start()
    await until(() => JSON.stringify(sync?.state()).includes('INTERNAL'), 'the refusal')
    expect(opened.replica.countPatients()).toBe(0)
  })
})

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Command } from '#shared/commands.ts'
import { Entitlement } from '#shared/entitlement.ts'
import type { ClinicId } from '#shared/ids.ts'
import { ENTITLEMENT_AUDIENCE, PROTOCOL_VERSION, PullResponse } from '#shared/protocol.ts'
import { DEMO_PASSWORD } from '#shared/demo-password.ts'
import { addDays } from '#shared/queue-day.ts'
import { DEMO_CLINICS, DEMO_USERS } from '../clinics/demo-data.ts'
import { withClinic } from '../database/clinic-tx.ts'
import { signedRegistration } from '../test/signed-registration.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { enrolStation, signIn, startTestServer, stationToken } from '../test/test-server.ts'
import { createTestClinic, type Desk, newId, type TestClinic, TODAY } from './test-clinic.ts'
import { checkIn, editPatient, madePatient, madeVisit, pay, register } from './test-commands.ts'

let database: TestDatabase
let clinic: TestClinic
let desk: Desk
let other: Desk

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  clinic = await createTestClinic(database)
  desk = await clinic.openDesk('reception')
  other = await clinic.openDesk('reception2')
})

test('pages the feed whole, each document once, while pushes run', async () => {
  const seen: string[] = []
  const pushes = async () => {
    for (let index = 1; index <= 30; index += 1) {
      await Promise.all([
        desk.push(checkIn(desk, 'reception', { number: index })),
        other.push(register(other, 'reception2')),
      ])
    }
  }
  const reader = await clinic.openDesk('admin')
  let isPushing = true
  const pushing = pushes().finally(() => {
    isPushing = false
  })
  let last = 0
  for (;;) {
    const wasPushing = isPushing
    const page = await reader.page(7)
    for (const { collection, id, seq } of page.documents) {
      expect(seq).toBeGreaterThan(last)
      last = seq
      seen.push(`${collection}:${id}`)
    }
    expect(page.checkpoint.seq).toBeGreaterThanOrEqual(last)
    expect(page.upToDate).toBe(page.checkpoint.seq === page.head)
    if (page.upToDate && !wasPushing) break
  }
  await pushing
  const made = seen.filter((key) => !key.startsWith('clinic:'))
  expect(made).toHaveLength(90)
  expect(new Set(made).size).toBe(90)
})

test('a document changed again comes again, in its last state only', async () => {
  const made = register(desk, 'reception')
  await desk.push(made)
  await other.pull()
  const edited = editPatient(desk, 'reception', madePatient(made), { note: 'one' })
  const again = editPatient(desk, 'reception', madePatient(edited), { note: 'two' })
  await desk.push(edited, again)
  const page = await other.page(100)
  expect(page.documents).toMatchObject([{ id: madePatient(made).id, doc: { note: 'two' } }])
  expect(page.checkpoint.seq).toBe(page.head)
})

describe('a new desk', () => {
  /** Yesterday's patient, and today's, who was here and paid yesterday too. */
  async function twoDays() {
    const gone = checkIn(desk, 'reception', { number: 1 })
    const regular = checkIn(desk, 'reception', { number: 2 })
    const paid = pay(desk, 'reception', madeVisit(regular), 30_000)
    const first = await desk.push(gone, regular, paid)
    clinic.clock.now += 86_400_000
    const again = checkIn(desk, 'reception', {
      number: 1,
      patientId: madePatient(regular).id,
      visit: { queueDay: addDays(TODAY, 1) },
    })
    for (const { verdict } of [...first, ...(await desk.push(again))]) {
      expect(verdict).toBe('ACCEPTED')
    }
    const keys = ({ writes }: Command) => writes.map(({ collection, id }) => `${collection}:${id}`)
    return { gone: keys(gone), today: [...keys(regular), ...keys(paid), ...keys(again)] }
  }

  const keysOf = ({ documents }: PullResponse) =>
    documents.map(({ collection, id }) => `${collection}:${id}`)

  test('gets the clinic and the whole records of who is here today, and goes on from now', async () => {
    const { today } = await twoDays()
    const page = await other.part({ is: 'TODAY' })
    const made = keysOf(page).filter((key) => !key.startsWith('clinic:'))
    expect(made.toSorted()).toEqual(today.toSorted())
    expect(page).toMatchObject({ upToDate: true, checkpoint: { seq: page.head } })
    other.checkpoint = page.checkpoint
    expect((await other.page(100)).documents).toEqual([])
    // As many as fit, the clinic and who is here before their older papers.
    other.checkpoint = null
    const few = await other.part({ is: 'TODAY' }, keysOf(page).length - today.length + 2)
    expect(keysOf(few).filter((key) => !key.startsWith('clinic:'))).toHaveLength(2)
    expect(keysOf(few)).toContain(today[0])
  })

  test('then the rest, the latest first, each once, while others go on', async () => {
    const { gone, today } = await twoDays()
    const { checkpoint } = await other.part({ is: 'TODAY' })
    other.checkpoint = checkpoint
    const came: string[] = []
    let before = checkpoint.seq + 1
    for (let upToDate = false; !upToDate;) {
      const page = await other.part({ is: 'HISTORY', before }, 3)
      const seqs = page.documents.map(({ seq }) => seq)
      expect(seqs).toEqual(seqs.toSorted((a, b) => b - a))
      expect(Math.max(...seqs, 0)).toBeLessThan(before)
      came.push(...keysOf(page))
      before = page.checkpoint.seq
      upToDate = page.upToDate
      await desk.push(register(desk, 'reception'))
    }
    expect(before).toBe(0)
    expect(came.filter((key) => !key.startsWith('clinic:')).toSorted()).toEqual(
      [...gone, ...today].toSorted(),
    )
    expect(new Set(came).size).toBe(came.length)
  })

  test('a desk that has a checkpoint does not begin, and one that has none has no history', async () => {
    await expect(other.part({ is: 'HISTORY', before: 9 })).rejects.toMatchObject({
      code: 'INVALID',
    })
    await other.pull()
    await expect(other.part({ is: 'TODAY' })).rejects.toMatchObject({ code: 'INVALID' })
    const good = other.checkpoint
    if (good === null) throw new Error('no checkpoint')
    other.checkpoint = { ...good, epoch: randomUUID() }
    await expect(other.part({ is: 'HISTORY', before: 9 })).rejects.toMatchObject({
      code: 'RESEED',
    })
  })
})

describe('a checkpoint that is not of this feed is answered RESEED', () => {
  test.each<[string, Partial<{ epoch: string; clinicId: ClinicId; seq: number }>]>([
    ['another epoch', { epoch: randomUUID() }],
    ['another clinic', { clinicId: newId() }],
    ['ahead of the feed', { seq: 1_000_000 }],
  ])('%s', async (_, changes) => {
    await desk.pull()
    const good = desk.checkpoint
    if (good === null) throw new Error('no checkpoint')
    desk.checkpoint = { ...good, ...changes }
    await expect(desk.pull()).rejects.toMatchObject({ code: 'RESEED' })
    desk.checkpoint = null
    await desk.pull()
    expect(desk.checkpoint).toEqual(good)
    // And it was not taken for an acknowledgement.
    const { rows } = await clinic.within((tx) =>
      tx.query<{ most: number }>(
        'SELECT max(feed_seq) AS most FROM station_acks WHERE clinic_id = $1',
        [clinic.clinicId],
      ),
    )
    expect(rows[0]?.most ?? 0).toBeLessThanOrEqual(good.seq)
  })

  test('after a restore, all stations begin anew', async () => {
    await desk.pull()
    await withClinic(database.ownerPool, clinic.clinicId, (tx) =>
      tx.query('UPDATE feeds SET epoch = gen_random_uuid() WHERE clinic_id = $1', [
        clinic.clinicId,
      ]),
    )
    // What a push stands on may be lost: nothing of it is judged before it was sent again.
    const command = register(desk, 'reception')
    await expect(desk.push(command)).rejects.toMatchObject({ code: 'RESEED' })
    await expect(desk.pull()).rejects.toMatchObject({ code: 'RESEED' })
    desk.checkpoint = null
    expect(await desk.push(command)).toMatchObject([{ verdict: 'ACCEPTED' }])
  })
})

test('says who was heard from, and until when the clinic may write', async () => {
  const page = await desk.pull()
  expect(page.stations.map(({ stationId }) => stationId).toSorted()).toEqual(
    [desk.stationId, other.stationId].toSorted(),
  )
  expect(page.stations[0]?.lastContact).toBe(new Date(clinic.clock.now).toISOString())
})

describe('over HTTP', () => {
  test('compresses, signs the entitlement, serves one protocol, and no one without a token', async () => {
    const server = await startTestServer()
    try {
      const demo = DEMO_CLINICS[0] ?? expect.fail('the demo has a clinic')
      const station = await enrolStation(server, await signIn(server, 'admin'), demo.clinicId)
      const token = await stationToken(server, station)
      const pull = { protocol: PROTOCOL_VERSION, checkpoint: null, limit: 100, lastCommand: 0 }
      const authorization = `Bearer ${token}`
      const raw = await fetch(`${server.url}/v1/pull`, {
        method: 'POST',
        headers: { authorization, 'accept-encoding': 'gzip' },
        body: JSON.stringify(pull),
      })
      expect(raw.headers.get('content-encoding')).toBe('gzip')
      const page = PullResponse.parse(await raw.json())
      expect(page.documents.length).toBeGreaterThan(10)
      const claims = PullResponse.parse(page).entitlement.split('.')[1] ?? ''
      const payload: unknown = JSON.parse(Buffer.from(claims, 'base64url').toString())
      expect(Entitlement.loose().parse(payload)).toMatchObject({
        clinicId: demo.clinicId,
        aud: ENTITLEMENT_AUDIENCE,
      })
      const plain = await fetch(`${server.url}/v1/pull`, {
        method: 'POST',
        headers: { authorization, 'accept-encoding': 'identity' },
        body: JSON.stringify(pull),
      })
      expect(plain.headers.get('content-encoding')).toBeNull()
      expect(PullResponse.parse(await plain.json()).documents).toEqual(page.documents)

      const old = { ...pull, protocol: PROTOCOL_VERSION + 1 }
      expect(await server.call('POST', '/v1/pull', { token, body: old })).toMatchObject({
        status: 426,
        body: { code: 'PROTOCOL_VERSION' },
      })
      expect(await server.call('POST', '/v1/pull', { body: pull })).toMatchObject({ status: 401 })

      const reception = DEMO_USERS.find(({ email }) => email.startsWith('reception@'))
      const by = reception?.id ?? expect.fail('the demo has a receptionist')
      await server.call('POST', '/v1/sessions', {
        token,
        body: { email: 'reception@demo.dawr', password: DEMO_PASSWORD },
      })
      const stream = await fetch(`${server.url}/v1/stream`, { headers: { authorization } })
      expect(stream.headers.get('content-type')).toBe('text/event-stream')
      expect(stream.headers.get('cache-control')).toContain('no-transform')
      const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
      expect((await reader?.read())?.value).toContain('"type":"hello"')
      const push = {
        protocol: PROTOCOL_VERSION,
        commands: [signedRegistration(station, by, server.clock.now)],
      }
      const pushed = await server.call('POST', '/v1/push', { token, body: push })
      expect(pushed).toMatchObject({ status: 200, body: { results: [{ verdict: 'ACCEPTED' }] } })
      let heard = ''
      while (!heard.includes('"changed"')) heard += (await reader?.read())?.value ?? ''
      await reader?.cancel()
    } finally {
      await server.close()
    }
  })
})

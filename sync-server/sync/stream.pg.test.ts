import { PassThrough } from 'node:stream'
import pg from 'pg'
import pino from 'pino'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { OfferedPage, StreamEvent } from '#shared/protocol.ts'
import { StreamEvent as Event } from '#shared/protocol.ts'
import { revokeStation } from '../clinics/stations.ts'
import type { ServerDeps } from '../server-deps.ts'
import { importSigningKey } from '../identity/signing-key.ts'
import { createMetrics } from '../http/metrics.ts'
import { SERVED_PROTOCOLS } from '../http/served-protocol.ts'
import { NO_JOBS } from '../jobs/test-jobs.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { makePrivateKey } from '../test/test-server.ts'
import { createGate } from './gate.ts'
import { createStreamHub, type StreamHub } from './stream-hub.ts'
import { createTestClinic, type Desk, type TestClinic } from './test-clinic.ts'
import { checkIn, madeVisit, pay, register } from './test-commands.ts'

let database: TestDatabase
let clinic: TestClinic
let desk: Desk
let other: Desk
/** Two instances of the server on one database. */
let hubs: { hub: StreamHub; stop: () => Promise<void> }[]

beforeAll(async () => {
  database = await createTestDatabase()
  const signingKey = await importSigningKey(makePrivateKey())
  hubs = [0, 1].map(() => {
    const closing = new AbortController()
    const closers: (() => Promise<void>)[] = []
    const deps: ServerDeps = {
      pool: database.pool,
      databaseUrl: database.appUrl,
      jobs: NO_JOBS,
      signingKey,
      log: pino({ level: 'silent' }),
      metrics: createMetrics(database.pool),
      trialDays: 14,
      served: SERVED_PROTOCOLS,
      publicUrl: null,
      clinicHost: null,
      trustedProxies: 0,
      now: Date.now,
      closing: closing.signal,
      onClose: (close) => closers.push(close),
    }
    const hub = createStreamHub(deps, createGate(3))
    const stop = async () => {
      closing.abort()
      await Promise.all(closers.map((close) => close()))
    }
    return { hub, stop }
  })
})
afterAll(async () => {
  await Promise.all(hubs.map(({ stop }) => stop()))
  await database.drop()
})
beforeEach(async () => {
  clinic = await createTestClinic(database)
  desk = await clinic.openDesk('reception')
  other = await clinic.openDesk('reception2')
})

interface Heard {
  events: StreamEvent[]
  ended: Promise<void>
  cancel: () => void
}

async function listen(
  instance: number,
  station: Desk,
  { lastsMs = 60_000, takesPages = true } = {},
): Promise<Heard> {
  const expiresAt = Date.now() + lastsMs
  const line = new PassThrough()
  const listening = { begin: () => line, takesPages }
  await hubs[instance]?.hub.open({ ...station.credential, expiresAt }, listening)
  const events: StreamEvent[] = []
  line.on('data', (chunk: Buffer) => {
    for (const block of chunk.toString().split('\n\n')) {
      if (block !== '') events.push(Event.parse(JSON.parse(block.replace(/^data: /, ''))))
    }
  })
  const ended = new Promise<void>((done) => line.once('close', done))
  return { events, ended, cancel: () => line.destroy() }
}

function heads({ events }: Heard): number[] {
  return events.flatMap((event) => (event.type === 'changed' ? [event.head] : []))
}

function pages({ events }: Heard): OfferedPage[] {
  return events.flatMap((event) => (event.type === 'changed' ? (event.page ?? []) : []))
}

function liveNames({ events }: Heard): string[] {
  const last = events.findLast((event) => event.type === 'stations')
  return last?.stations.flatMap(({ stationId, live }) => (live ? [stationId] : [])) ?? []
}

test('a push wakes the stations of its clinic at every instance, once, and no others', async () => {
  const stranger = await createTestClinic(database)
  const [here, there, elsewhere] = await Promise.all([
    listen(0, desk),
    listen(1, other),
    listen(1, await stranger.openDesk('reception')),
  ])
  await vi.waitFor(() => expect(elsewhere.events[0]?.type).toBe('hello'))
  const [result] = await desk.push(register(desk, 'reception'), register(desk, 'reception'))
  const seq = (result?.documents[0]?.seq ?? 0) + 1
  await vi.waitFor(() => {
    expect(heads(here)).toEqual([seq])
    expect(heads(there)).toEqual([seq])
  })
  expect(heads(elsewhere)).toEqual([])
})

test('what a push wrote goes along with the news of it, where the push was taken', async () => {
  const hub = hubs[0]?.hub ?? expect.fail('no instance')
  clinic.offers = hub.offers
  const old = await clinic.openDesk('reception')
  const here = await listen(0, other)
  const there = await listen(1, desk)
  const older = await listen(0, old, { takesPages: false })
  await vi.waitFor(() =>
    expect([here, there, older].map(({ events }) => events[0]?.type)).toEqual([
      'hello',
      'hello',
      'hello',
    ]),
  )
  const before = await other.pull()
  const visit = checkIn(desk, 'reception', { number: 1 })
  const [made] = await desk.push(visit, register(desk, 'reception'))
  expect(made?.verdict).toBe('ACCEPTED')
  const { checkpoint, documents } = await other.pull()
  await vi.waitFor(() => expect(heads(here)).toEqual([checkpoint.seq]))
  await vi.waitFor(() => expect(heads(there)).toEqual([checkpoint.seq]))
  const { epoch, seq } = before.checkpoint
  expect(pages(here)).toEqual([{ epoch, after: seq, documents }])
  expect(pages(there)).toEqual([])
  // One of an older version hears of it, and pulls what it knows.
  await vi.waitFor(() => expect(heads(older)).toEqual([checkpoint.seq]))
  expect(pages(older)).toEqual([])

  // Much is pulled; and after the end of the subscription nothing comes by this way either.
  await desk.push(...Array.from({ length: 40 }, () => register(desk, 'reception')))
  clinic.clock.now += 40 * 86_400_000
  const [paid] = await desk.push(pay(desk, 'reception', madeVisit(visit), 1_00))
  expect(paid?.verdict).toBe('ACCEPTED')
  await vi.waitFor(() => expect(heads(here)).toHaveLength(3))
  expect(pages(here)).toHaveLength(1)
})

test('who is there is told to the others, across instances', async () => {
  const here = await listen(0, desk)
  const there = await listen(1, other)
  await vi.waitFor(() =>
    expect(liveNames(here).toSorted()).toEqual([desk.stationId, other.stationId].toSorted()),
  )
  there.cancel()
  await vi.waitFor(() => expect(liveNames(here)).toEqual([desk.stationId]))
})

test('ends with the access token, and when the station is revoked', async () => {
  const short = await listen(0, desk, { lastsMs: 300 })
  await short.ended
  expect(short.events.at(-1)).toEqual({ type: 'bye', code: 'UNAUTHENTICATED' })
  const revoked = await listen(0, other)
  const { people, clock } = clinic
  await clinic.within((tx) => revokeStation(tx, other.stationId, people.admin, clock.now))
  await revoked.ended
  expect(revoked.events.at(-1)).toEqual({ type: 'bye', code: 'STATION_REVOKED' })
})

test('a station that does not read is let go, and the others hear on', async () => {
  const line = new PassThrough({ readableHighWaterMark: 1_024 })
  await hubs[0]?.hub.open(
    { ...desk.credential, expiresAt: Date.now() + 60_000 },
    { begin: () => line, takesPages: true },
  )
  const reading = await listen(0, other)
  // A thousand events, more than may wait for one station, in parts that one which reads keeps up with.
  for (let told = 0; told < 1_000; told += 200) {
    await database.pool.query(
      `SELECT pg_notify('dawr_clinics', json_build_object('clinicId', $1::text, 'head', head)::text)
       FROM generate_series($2::int + 1000, $2 + 1199) AS head`,
      [clinic.clinicId, told],
    )
    await vi.waitFor(() => expect(heads(reading)).toHaveLength(told + 200))
  }
  await vi.waitFor(() => expect(liveNames(reading)).toEqual([other.stationId]))
  expect(line.destroyed).toBe(true)
})

test('after its connection was cut, an instance tells what was missed', async () => {
  const here = await listen(0, desk)
  await vi.waitFor(() => expect(here.events.length).toBeGreaterThan(0))
  const superuser = new pg.Client({ connectionString: database.superuserUrl })
  await superuser.connect()
  const { rowCount } = await superuser.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name = 'dawr-listen' AND datname = current_database()`,
  )
  await superuser.end()
  expect(rowCount).toBe(2)
  const [result] = await other.push(register(other, 'reception2'))
  await vi.waitFor(() => expect(heads(here)).toContain(result?.documents[0]?.seq), {
    timeout: 10_000,
  })
})

// Last: the second instance is gone afterwards.
test('at the server’s end each stream is told, and none is opened any more', async () => {
  const told = await listen(1, desk)
  await vi.waitFor(() => expect(told.events[0]?.type).toBe('hello'))
  await hubs[1]?.stop()
  await told.ended
  expect(told.events.at(-1)).toEqual({ type: 'bye', code: 'UNAVAILABLE' })
  await expect(listen(1, desk)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})

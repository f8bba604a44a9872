import { randomUUID } from 'node:crypto'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type pg from 'pg'
import pino from 'pino'
import { inject } from 'vitest'
import { z } from 'zod'
import { DEMO_CLINICS } from '#server/clinics/demo-data.ts'
import { seedDemoClinics } from '#server/clinics/seed-demo-clinics.ts'
import { createPool } from '#server/database/pool.ts'
import type { TestPostgres } from '#server/test/global-setup.ts'
import { beginEpochs } from '#server/sync/begin-epoch.ts'
import {
  copyDatabase as copyIn,
  dropDatabase as dropIn,
  inDatabase,
} from '#server/test/test-database.ts'
import { makePrivateKey, TEST_NOW } from '#server/test/test-server.ts'
import { DEMO_PASSWORD } from '#shared/demo-password.ts'
import type { ClinicId } from '#shared/ids.ts'
import { emailOf, PIN } from '../support/station-in-process.ts'
import { openBadLine } from '../support/bad-line.ts'
import { bundleHost } from './bundle-host.ts'
import { ACCOUNTS, STATIONS } from './history-plan.ts'
import { doAct } from './station-acts.ts'
import { type Hosted, startHosted } from './hosted.ts'
import { type ModelStation, type Seat, stationAt } from './model-station.ts'

const STATION_HOST = new URL('./station-host.ts', import.meta.url)
const SERVER_HOST = new URL('./server-host.ts', import.meta.url)
const MIGRATIONS = new URL('../../../sync-server/database/migrations', import.meta.url)
const TEMPLATE = `model_${randomUUID().replaceAll('-', '')}`
const SERVERS = 2

export const MODEL_CLINIC: ClinicId = firstClinic()
function firstClinic(): ClinicId {
  const [clinic] = DEMO_CLINICS
  if (clinic === undefined) throw new Error('there is no demo clinic')
  return clinic.clinicId
}

export const deskName = (number: number): string => `desk ${number}`

/** One history's clinic: two instances of the server on one PostgreSQL, and five stations. */
export interface ModelClinic {
  readonly stations: readonly ModelStation[]
  readonly appUrl: string
  now(): number
  passMinutes(minutes: number): Promise<void>
  killServer(number: number): Promise<void>
  backUp(): Promise<void>
  /** From the last backup; without one, nothing. All that came since is gone from the server. */
  restore(): Promise<boolean>
  /** A connection of the serving role, for this one use. */
  withPool<T>(use: (pool: pg.Pool) => Promise<T>): Promise<T>
  /** Faults that the servers logged. */
  close(): Promise<string[]>
}

export interface ModelWorld {
  openClinic(seed: number): Promise<ModelClinic>
  /** What the lines did to requests, by kind. */
  faults(): Record<string, number>
  /** After a history that failed half-way: nothing of it goes on. */
  killAll(): Promise<void>
  close(): Promise<void>
}

/**
 * Processes live through all histories; each history gets a copy of one database and of five enrolled
 * stations' files, on which everybody has signed in once.
 */
export async function openModelWorld(): Promise<ModelWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'dawr-model-'))
  const stationHost = await bundleHost(STATION_HOST, `${TEMPLATE}_station`)
  const serverHost = await bundleHost(SERVER_HOST, `${TEMPLATE}_server`, [MIGRATIONS])
  const signingKey = makePrivateKey()
  const lines = await Promise.all(Array.from({ length: STATIONS }, () => openBadLine()))
  const start = (): Hosted => startHosted(stationHost)
  const seats: Seat[] = lines.map((line, number) => ({ line, number, start, hosted: start() }))
  const servers = Array.from({ length: SERVERS }, () => startHosted(serverHost))
  let histories = 0

  async function openOn(database: string, place: string, seed: number): Promise<ModelClinic> {
    const clock = { now: TEST_NOW }
    const urls = urlsOf(database)
    const addresses: string[] = []
    const faults: string[] = []
    let backups = 0

    async function startServer(index: number): Promise<void> {
      const hosted = servers[index]
      if (hosted === undefined) throw new RangeError('no such server')
      const started = await hosted.ask({ op: 'start', ...urls, signingKey, now: clock.now })
      addresses[index] = z.object({ url: z.url() }).parse(started).url
    }
    async function stopServers(): Promise<void> {
      for (const hosted of servers) {
        const stopped = await hosted.ask({ op: 'stop' })
        faults.push(
          ...(z.object({ faults: z.array(z.string()) }).safeParse(stopped).data?.faults ?? []),
        )
      }
    }
    async function killServer(index: number): Promise<void> {
      await servers[index]?.kill()
      servers[index] = startHosted(serverHost)
      await startServer(index)
      for (const { line } of seats) line.moveTo(addresses)
    }
    async function startServers(): Promise<void> {
      for (const index of servers.keys()) await startServer(index)
      for (const { line } of seats) line.moveTo(addresses)
    }

    await startServers()
    const stations = seats.map((seat) => stationAt(seat, join(place, String(seat.number)), clock))
    for (const { line, number } of seats) line.begin(addresses, seed * 31 + number)
    await Promise.all(stations.map(({ open }) => open()))

    return {
      stations: stations.map(({ station }) => station),
      appUrl: urls.appUrl,
      now: () => clock.now,
      async passMinutes(minutes) {
        clock.now += minutes * 60_000
        await Promise.all([
          ...servers.map((hosted) => hosted.ask({ op: 'clock', now: clock.now })),
          ...stations.map(({ tellTime }) => tellTime()),
        ])
      },
      killServer,
      async backUp() {
        await stopServers()
        backups += 1
        await copyDatabase(database, backupOf(database, backups))
        if (backups > 1) await dropDatabase(backupOf(database, backups - 1))
        await startServers()
      },
      async restore() {
        if (backups === 0) return false
        await stopServers()
        await dropDatabase(database)
        await copyDatabase(backupOf(database, backups), database)
        await withPoolOf(urls.ownerUrl, (pool) => beginEpochs(pool, null, clock.now))
        await startServers()
        return true
      },
      withPool: (use) => withPoolOf(urls.appUrl, use),
      async close() {
        for (const { close } of stations) await close()
        await stopServers()
        if (backups > 0) await dropDatabase(backupOf(database, backups))
        return faults
      },
    }
  }

  await copyDatabase('dawr', TEMPLATE)
  await withPoolOf(urlsOf(TEMPLATE).ownerUrl, (ownerPool) =>
    seedDemoClinics(ownerPool, {
      trialDays: 30,
      now: TEST_NOW,
      log: pino({ level: 'silent' }),
    }),
  )
  const template = await openOn(TEMPLATE, join(folder, 'template'), 0)
  for (const { line, number } of seats) await enrol(template, number, line.url)
  await fillLines(template)
  await template.close()
  for (const { hosted, number } of seats) {
    await hosted.ask({ op: 'ease', folder: join(folder, 'template', String(number)), pin: PIN })
  }

  return {
    async openClinic(seed) {
      histories += 1
      const name = `${TEMPLATE}_${histories}`
      const place = join(folder, String(histories))
      await Promise.all([
        copyDatabase(TEMPLATE, name),
        cp(join(folder, 'template'), place, { recursive: true }),
      ])
      const clinic = await openOn(name, place, seed)
      return {
        ...clinic,
        async close() {
          const faults = await clinic.close()
          await dropDatabase(name)
          await rm(place, { recursive: true, force: true })
          return faults
        },
      }
    },
    faults() {
      const sum: Record<string, number> = {}
      for (const { line } of seats) {
        for (const [fault, count] of Object.entries(line.faults())) {
          sum[fault] = (sum[fault] ?? 0) + count
        }
      }
      return sum
    },
    async killAll() {
      for (const seat of seats) {
        await seat.hosted.kill()
        seat.hosted = seat.start()
      }
      for (const [index, hosted] of servers.entries()) {
        await hosted.kill()
        servers[index] = startHosted(serverHost)
      }
    },
    async close() {
      for (const { hosted, line } of seats) {
        await hosted.kill()
        await line.close()
      }
      for (const hosted of servers) await hosted.kill()
      await dropDatabase(TEMPLATE)
      await rm(folder, { recursive: true, force: true })
      for (const host of [stationHost, serverHost]) {
        await rm(dirname(host), { recursive: true, force: true })
      }
    },
  }
}

/** Enrols a station of the template and lets everybody sign in there once. */
async function enrol(clinic: ModelClinic, number: number, serverUrl: string): Promise<void> {
  const station = clinic.stations[number]
  if (station === undefined) throw new RangeError('no such station')
  await station.act('enrol', {
    serverUrl,
    email: emailOf('admin'),
    password: DEMO_PASSWORD,
    clinicId: MODEL_CLINIC,
    stationName: deskName(number),
  })
  for (const account of ACCOUNTS) {
    await station.act('signIn', { email: emailOf(account), password: DEMO_PASSWORD })
    await station.act('setPin', { password: DEMO_PASSWORD, pin: PIN })
  }
  for (;;) {
    const { state, progress } = await station.view('sync', {})
    if (state === 'LIVE' && progress === null) return
  }
}

/** A morning that has begun: patients who are known, some who wait, are with a doctor, have been. */
async function fillLines({ stations }: ModelClinic): Promise<void> {
  const [desk] = stations
  if (desk === undefined) throw new RangeError('no stations')
  await desk.takeOver('reception')
  for (let choice = 1; choice <= 90; choice += 9)
    await doAct(desk, 'checkInNew', { choice, confirmed: [] })
  for (const account of ['doctor', 'doctor2'] as const) {
    await desk.takeOver(account)
    for (const choice of [1, 17, 25]) await doAct(desk, 'startVisit', { choice, confirmed: [] })
    for (const choice of [1, 25]) await doAct(desk, 'draftPrescription', { choice, confirmed: [] })
    await doAct(desk, 'finishVisit', { choice: 1, confirmed: [] })
  }
  for (const { view } of stations) {
    for (;;) {
      const { unsynced } = await desk.view('sync', {})
      const { patients } = await view('search', { text: '', limit: 1 })
      if (patients === 10 && unsynced === 0) break
    }
  }
}

const postgres = (): TestPostgres => inject('postgres')

function urlsOf(database: string): { appUrl: string; ownerUrl: string } {
  const { appUrl, ownerUrl } = postgres()
  return { appUrl: inDatabase(appUrl, database), ownerUrl: inDatabase(ownerUrl, database) }
}

async function withPoolOf<T>(url: string, use: (pool: pg.Pool) => Promise<T>): Promise<T> {
  const pool = createPool(url, () => undefined, { max: 2 })
  try {
    return await use(pool)
  } finally {
    await pool.end()
  }
}

const backupOf = (database: string, number: number): string => `${database}_backup_${number}`

function copyDatabase(from: string, to: string): Promise<void> {
  return copyIn(postgres().superuserUrl, from, to)
}

function dropDatabase(name: string): Promise<void> {
  return dropIn(postgres().superuserUrl, name)
}

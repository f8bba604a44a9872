import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStation, type Station } from '#desktop/station/station.ts'
import { DEMO_PASSWORD } from '#shared/demo-password.ts'
import { DEMO_CLINICS, DEMO_USERS } from '#server/clinics/demo-data.ts'
import type { ServedProtocols } from '#server/http/served-protocol.ts'
import { startTestServer, type TestServer } from '#server/test/test-server.ts'
import type { ClinicId, UserId } from '#shared/ids.ts'
import { type ChaosProxy, openChaosProxy } from './chaos-proxy.ts'
import { openStationWindow, type StationWindow } from './station-window.ts'

/** What people at a desk do, a real station in this process on a real encrypted file. */
export interface Desk {
  readonly name: string
  /** Of the station as it runs now: another after `restart()`. */
  readonly window: StationWindow
  readonly proxy: ChaosProxy
  /** Where its encrypted file is. */
  readonly folder: string
  /** The events of its log so far. */
  readonly logged: readonly string[]
  /** How wrong this machine's clock is, milliseconds; somebody may set it. */
  skew: number
  signIn(account: string): Promise<void>
  /** Signs in by password and takes a PIN. */
  signInWithPin(account: string): Promise<void>
  unlock(account: string): Promise<void>
  /** Pulls the cable; resolves when the station has noticed. */
  goOffline(): Promise<void>
  /** Puts it back; resolves when all that can be sent is sent, and all there is has come. */
  goOnline(): Promise<void>
  /** What the server holds back must be there, and nothing else unsent. */
  isSettled(held: number): Promise<void>
  /** The process ends and starts anew on the same file. Nobody is signed in then. */
  restart(meanwhile?: () => Promise<void> | void): Promise<void>
  close(): Promise<void>
}

export interface World {
  readonly server: TestServer
  readonly clinicId: ClinicId
  /** The true time, which the server has and each desk's clock follows; milliseconds. */
  now(): number
  setTime(instant: string): void
  passMinutes(minutes: number): void
  /**
   * Enrols a new installation. Free RxDB allows three of them open in one process.
   *
   * @param via the address of a line to the server, in place of the server's own
   */
  openDesk(name: string, via?: string): Promise<Desk>
  close(): Promise<void>
}

export const PIN = '4711'
export const KEY = new Uint8Array(32).fill(3)
const clinic = DEMO_CLINICS[0] ?? fail('there is no demo clinic')

function fail(reason: string): never {
  throw new Error(reason)
}

/** A server with the demo clinic on a database of its own, at a time of the test's choice. */
export async function openWorld(instant: string, served?: ServedProtocols): Promise<World> {
  const start = Date.parse(instant)
  const server = await startTestServer({ now: start, ...(served === undefined ? {} : { served }) })
  const folder = await mkdtemp(join(tmpdir(), 'dawr-world-'))
  const desks: Desk[] = []
  const world: World = {
    server,
    clinicId: clinic.clinicId,
    now: () => server.clock.now,
    setTime(next) {
      server.clock.now = Date.parse(next)
    },
    passMinutes(minutes) {
      server.clock.now += minutes * 60_000
    },
    async openDesk(name, via = server.url) {
      const desk = await enrolDesk({ world, folder: join(folder, name), name, start, via })
      desks.push(desk)
      return desk
    },
    async close() {
      await Promise.all(desks.map((desk) => desk.close()))
      await server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return world
}

interface Installation {
  world: World
  folder: string
  name: string
  start: number
  via: string
}

async function enrolDesk(installation: Installation): Promise<Desk> {
  const { world, folder, name, via } = installation
  await mkdir(folder, { recursive: true })
  const proxy = await openChaosProxy(via)
  const desk = await openDesk(installation, proxy)
  await desk.window.act('enrol', {
    serverUrl: proxy.url,
    email: emailOf('admin'),
    password: DEMO_PASSWORD,
    clinicId: world.clinicId,
    stationName: name,
  })
  await desk.window.until('session', {}, ({ status }) => status === 'LOCKED')
  return desk
}

/** What outlives a restart. */
interface Machine {
  skew: number
  logged: string[]
}

async function openDesk(installation: Installation, proxy: ChaosProxy): Promise<Desk> {
  const machine: Machine = { skew: 0, logged: [] }
  let station = await startStation(installation, machine)
  let window = openStationWindow(station)

  async function stop(): Promise<void> {
    window.close()
    await station.close()
  }

  const desk: Desk = {
    name: installation.name,
    proxy,
    folder: installation.folder,
    logged: machine.logged,
    get window() {
      return window
    },
    get skew() {
      return machine.skew
    },
    set skew(skew) {
      machine.skew = skew
    },
    async signIn(account) {
      await window.act('signIn', { email: emailOf(account), password: DEMO_PASSWORD })
    },
    async signInWithPin(account) {
      await desk.signIn(account)
      await window.act('setPin', { password: DEMO_PASSWORD, pin: PIN })
    },
    async unlock(account) {
      await window.act('unlock', { userId: userIdOf(account), pin: PIN })
    },
    async goOffline() {
      proxy.set('CLOSED')
      await window.act('syncNow', {})
      await window.until('sync', {}, ({ state }) => state === 'OFFLINE')
    },
    async goOnline() {
      proxy.set('PASS')
      await window.act('syncNow', {})
      await window.until(
        'sync',
        {},
        ({ state, unsynced, held, progress }) =>
          state === 'LIVE' && unsynced === held && progress === null,
      )
    },
    async isSettled(held) {
      await window.until('sync', {}, (view) => view.unsynced === held && view.held === held)
    },
    async restart(meanwhile) {
      await stop()
      await meanwhile?.()
      station = await startStation(installation, machine)
      window = openStationWindow(station)
    },
    async close() {
      await stop()
      await proxy.close()
    },
  }
  return desk
}

function startStation({ world, folder, start }: Installation, machine: Machine): Promise<Station> {
  return openStation({
    folder,
    key: KEY,
    demo: true,
    appVersion: '0.0.0',
    log: ({ event }) => void machine.logged.push(event),
    clock: {
      wall: () => world.now() + machine.skew,
      // What nobody can set: it runs on with the test's time, and by itself for time-outs.
      monotonic: () => performance.now() + world.now() - start,
    },
  })
}

export function emailOf(account: string): string {
  return `${account}@demo.dawr`
}

export function userIdOf(account: string): UserId {
  const user = DEMO_USERS.find(({ email }) => email === emailOf(account))
  return user?.id ?? fail(`nobody is called ${account}`)
}

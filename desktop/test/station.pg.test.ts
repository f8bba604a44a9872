import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEMO_PASSWORD } from '#shared/demo-password.ts'
import { DEMO_CLINICS } from '#server/clinics/demo-data.ts'
import { startTestServer, type TestServer } from '#server/test/test-server.ts'
import type { ClinicId } from '#shared/ids.ts'
import type { PatientDraft } from '#shared/patient.ts'
import { openStation, type Station } from '#desktop/station/station.ts'
import { type ChaosProxy, openChaosProxy } from './support/chaos-proxy.ts'
import { openStationWindow, type StationWindow } from './support/station-window.ts'

let server: TestServer
let folder: string
const desks: Desk[] = []

interface Desk {
  name: string
  station: Station
  window: StationWindow
  proxy: ChaosProxy
}

const clinicId = firstClinic()
function firstClinic(): ClinicId {
  const [clinic] = DEMO_CLINICS
  if (clinic === undefined) throw new Error('there is no demo clinic')
  return clinic.clinicId
}
const email = (account: string): string => `${account}@demo.dawr`

async function open(name: string): Promise<Station> {
  return openStation({
    folder: join(folder, name),
    key: new Uint8Array(32).fill(3),
    demo: true,
    appVersion: '0.0.0',
    log: () => undefined,
    clock: { wall: () => server.clock.now, monotonic: () => performance.now() },
  })
}

async function openDesk(name: string, account: string): Promise<Desk> {
  await mkdir(join(folder, name), { recursive: true })
  const station = await open(name)
  const proxy = await openChaosProxy(server.url)
  const window = openStationWindow(station)
  await window.act('enrol', {
    serverUrl: proxy.url,
    email: email('admin'),
    password: DEMO_PASSWORD,
    clinicId,
    stationName: name,
  })
  await window.until('session', {}, ({ status }) => status === 'LOCKED')
  await window.act('signIn', { email: email(account), password: DEMO_PASSWORD })
  await window.until('session', {}, ({ status }) => status === 'SIGNED_IN')
  await window.until('sync', {}, ({ state, progress }) => state === 'LIVE' && progress === null)
  const desk = { name, station, window, proxy }
  desks.push(desk)
  return desk
}

async function restart(desk: Desk): Promise<void> {
  desk.window.close()
  await desk.station.close()
  desk.station = await open(desk.name)
  desk.window = openStationWindow(desk.station)
}

function draft(name: string, phone: string): PatientDraft {
  return {
    name,
    phones: [phone],
    nationalId: null,
    birthDate: null,
    sex: null,
    fileNumber: null,
    address: null,
    note: null,
  }
}

/** Free RxDB keeps at most 13 collections open in a process: three stations of four. */
async function closeDesk(desk: Desk): Promise<void> {
  desks.splice(desks.indexOf(desk), 1)
  desk.window.close()
  await desk.station.close()
  await desk.proxy.close()
}

let phones = 1_000_000
async function checkIn(desk: Desk, name: string) {
  const proposal = await desk.window.until(
    'proposal',
    { patientId: null, doctorId: null },
    () => true,
  )
  const [doctor] = proposal.doctors
  if (doctor === undefined) throw new Error('nobody to see')
  phones += 1
  return desk.window.act('checkIn', {
    patient: { kind: 'NEW', draft: draft(name, `0100${phones}`) },
    doctorId: doctor.doctorId,
    visitType: 'EXAMINATION',
    priority: 'NORMAL',
    payment: { amount: { minor: 20_000, currency: 'EGP' }, method: 'CASH' },
  })
}

const hasVisit = (visitId: string) => (view: { lines: { waiting: { visitId: string }[] }[] }) =>
  view.lines.some(({ waiting }) => waiting.some((row) => row.visitId === visitId))

beforeAll(async () => {
  server = await startTestServer()
  folder = await mkdtemp(join(tmpdir(), 'dawr-desks-'))
})
afterAll(async () => {
  for (const desk of desks.slice()) await closeDesk(desk)
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

describe('two desks and a server', () => {
  test('a check-in at one is on the board of the other', async () => {
    const a = await openDesk('a', 'reception')
    const b = await openDesk('b', 'reception2')
    const { visitId } = await checkIn(a, 'أحمد علي حسن')
    const board = await b.window.until('board', {}, hasVisit(visitId))
    const row = board.lines
      .flatMap(({ waiting }) => waiting)
      .find((found) => found.visitId === visitId)
    expect(row).toMatchObject({ name: 'أحمد علي حسن', unsynced: false, paid: 'PART' })
    await a.window.until('sync', {}, ({ unsynced }) => unsynced === 0)
  })

  test('work goes on without the line, through a restart, and meets again when it is back', async () => {
    const [a, b] = desks
    if (a === undefined || b === undefined) throw new Error('no desks')
    a.proxy.set('CLOSED')
    b.proxy.set('CLOSED')
    await a.window.until('sync', {}, ({ state }) => state === 'OFFLINE')
    const made = [
      await checkIn(a, 'سعاد محمود'),
      await checkIn(b, 'منى حسن'),
      await checkIn(a, 'يحيى عمر'),
    ]
    expect((await a.window.until('sync', {}, () => true)).unsynced).toBe(2)
    await restart(a)
    await expect(
      a.window.act('signIn', { email: email('reception'), password: 'not this' }),
    ).rejects.toMatchObject({ code: 'SIGN_IN_FAILED' })
    await expect(
      a.window.act('signIn', { email: email('doctor'), password: DEMO_PASSWORD }),
    ).rejects.toMatchObject({ code: 'SIGN_IN_NEEDS_INTERNET' })
    await a.window.act('signIn', { email: email('reception'), password: DEMO_PASSWORD })
    await checkIn(a, 'هدى سامي')
    a.proxy.set('DROP_RESPONSES')
    b.proxy.set('PASS')
    await a.window.act('syncNow', {})
    await new Promise((done) => setTimeout(done, 300))
    a.proxy.set('PASS')
    for (const desk of [a, b]) {
      await desk.window.act('syncNow', {})
      await desk.window.until(
        'sync',
        {},
        ({ state, unsynced }) => state === 'LIVE' && unsynced === 0,
      )
    }
    const boards = await Promise.all(
      [a, b].map(({ window }) =>
        window.until('board', {}, (view) => made.every(({ visitId }) => hasVisit(visitId)(view))),
      ),
    )
    const lines = boards.map(({ lines: found }) =>
      found.map(({ waiting }) => waiting.map(({ visitId, ticket }) => [visitId, ticket])),
    )
    expect(lines[0]).toEqual(lines[1])
    const tickets = (lines[0] ?? []).flat().map(([, ticket]) => ticket)
    expect(new Set(tickets).size).toBe(tickets.length)
  })

  test('a revoked station keeps what it has and says so', async () => {
    const b = desks[1]
    if (b === undefined) throw new Error('no desk')
    const { stations } = await b.window.until('sync', {}, ({ stations: found }) =>
      found.some(({ isThis }) => isThis),
    )
    const own = stations.find(({ isThis }) => isThis)
    const { body } = await server.call('POST', '/v1/sign-in', {
      body: { email: email('admin'), password: DEMO_PASSWORD },
    })
    const token = String(Reflect.get(Object(body), 'accessToken'))
    await server.call('POST', `/v1/clinics/${clinicId}/stations/${own?.stationId}/revoke`, {
      token,
    })
    const { code } = await b.window.until('sync', {}, ({ state }) => state === 'NEEDS_ATTENTION')
    expect(code).toBe('STATION_REVOKED')
    await checkIn(b, 'نادية فؤاد')
    expect((await b.window.until('sync', {}, () => true)).unsynced).toBe(1)
    await closeDesk(b)
  })
})

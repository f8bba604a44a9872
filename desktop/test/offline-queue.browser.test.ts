import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { BoardView, VisitRow } from '#desktop/station/contract/board-view.ts'
import type { InboxItem } from '#desktop/station/contract/inbox-view.ts'
import type { PatientId } from '#shared/ids.ts'
import { DEMO_PASSWORD } from '#shared/demo-password.ts'
import { csvLines } from '../../build/demo/patients-csv.ts'
import { DEMO_TODAY, generatePatients } from '../../build/demo/patients.ts'
import { type Desk, openTestClinic, outputFolder, type TestClinic } from './support/clinic.ts'
import { contentsOfServer, contentsOfStation } from './support/compare.ts'

/**
 * The promise itself: two receptions and a doctor go on without internet, and when they meet again
 * nothing is lost, doubled or silently overruled. Real processes, real PostgreSQL, a real browser,
 * and lines that are cut, swallow everything, or lose the answers.
 */

const EACH = 50
const OUTPUT = outputFolder('offline-queue')
const patients = generatePatients({ count: 160, seed: 11, today: DEMO_TODAY })

let clinic: TestClinic
let first: Desk
let second: Desk
let doctor: Desk
let shots = 0

beforeAll(async () => {
  rmSync(OUTPUT, { recursive: true, force: true })
  mkdirSync(OUTPUT, { recursive: true })
  clinic = await openTestClinic(OUTPUT)
  first = await clinic.openDesk('reception', 'admin@demo.dawr')
  second = await clinic.openDesk('reception-2', 'reception2@demo.dawr')
  doctor = await clinic.openDesk('doctor', 'doctor@demo.dawr')
}, 180_000)

afterAll(() => clinic.close())

afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return
  for (const desk of desks()) await shoot(desk, 'when-it-failed').catch(() => undefined)
})

const desks = (): Desk[] => [first, second, doctor]

async function shoot(desk: Desk, name: string): Promise<void> {
  shots += 1
  const file = `${String(shots).padStart(2, '0')}-${desk.name}-${name}.png`
  await desk.page.screenshot({ path: join(OUTPUT, file) })
}

function boardOf(desk: Desk): Promise<BoardView> {
  return desk.window.until('board', {}, () => true)
}

function rowsOf(board: BoardView): VisitRow[] {
  return board.lines.flatMap((line) => [
    ...line.withDoctor,
    ...line.withAssistant,
    ...line.waiting,
    ...line.done,
    ...line.aside,
  ])
}

/** The board without what differs by the person who looks at it. */
function shared(board: BoardView): unknown {
  const row = (visit: VisitRow): unknown => [
    visit.visitId,
    visit.ticket,
    visit.name,
    visit.status,
    visit.priority,
    visit.waitingSince,
    visit.calledAt,
  ]
  return board.lines.map((line) => [
    line.doctorId,
    line.withDoctor.map(row),
    line.withAssistant.map(row),
    line.waiting.map(row),
    line.done.map(row),
    line.aside.map(row),
  ])
}

/** Visit and status of every row on the screen, as the page has them. */
function shownRows(page: Page): Promise<string[]> {
  return page
    .locator('[data-row]')
    .evaluateAll((rows) =>
      rows
        .map((row) => `${row.getAttribute('data-row')} ${row.getAttribute('data-status')}`)
        .toSorted(),
    )
}

async function patientId(desk: Desk, index: number): Promise<PatientId> {
  const wanted = patients[index]
  if (wanted === undefined) throw new Error(`no patient ${index}`)
  const { hits } = await desk.window.until('search', { text: wanted.name, limit: 20 }, () => true)
  const hit = hits.find(
    ({ name, fileNumber }) => name === wanted.name && fileNumber === wanted.fileNumber,
  )
  if (hit === undefined) throw new Error(`patient ${index} is not found`)
  return hit.patientId
}

/** By keyboard alone: F2, what the patient says, Enter, the doctor by arrows, Enter, Enter. */
async function checkInByKeyboard(desk: Desk, searched: string, line: number): Promise<void> {
  const { page } = desk
  await page.keyboard.press('F2')
  await page.keyboard.type(searched)
  await page.keyboard.press('Enter')
  await page.getByTestId('proposal').waitFor()
  for (let step = 0; step < line; step += 1) await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  const paid = page.getByTestId('pay-step')
  const closed = page
    .getByTestId('check-in')
    .waitFor({ state: 'detached' })
    .then(() => 'CLOSED')
  const next = await Promise.race([paid.waitFor().then(() => 'PAY'), closed])
  if (next === 'PAY') await page.keyboard.press('Enter')
  await page.getByTestId('check-in').waitFor({ state: 'detached' })
}

function isOffline(desk: Desk): Promise<unknown> {
  return desk.window.until('sync', {}, ({ state }) => state === 'OFFLINE' || state === 'CONNECTING')
}

function isSettled(desk: Desk): Promise<unknown> {
  return desk.window.until(
    'sync',
    {},
    ({ state, unsynced, held, progress }) =>
      state === 'LIVE' && unsynced === 0 && held === 0 && progress === null,
  )
}

/** Waits until all three replicas have folded in each other's work. */
async function boardsAreEqual(): Promise<BoardView> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const [one, two, three] = await Promise.all(desks().map(boardOf))
    if (one === undefined || two === undefined || three === undefined) throw new Error('no board')
    const texts = [one, two, three].map((board) => JSON.stringify(shared(board)))
    if (texts[0] === texts[1] && texts[1] === texts[2]) return one
    if (Date.now() > deadline) {
      expect(shared(two)).toEqual(shared(one))
      expect(shared(three)).toEqual(shared(one))
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function inboxOf(desk: Desk, kind: InboxItem['kind']): Promise<InboxItem[]> {
  const { items } = await desk.window.until('inbox', {}, () => true)
  return items.filter((item) => item.kind === kind)
}

it('an ADMIN brings the old list in, and all three desks have it', async () => {
  const text = [...csvLines(patients, 'ar')].join('')
  const result = await first.window.act('importCsv', { fileName: 'patients.csv', text })
  expect(result).toMatchObject({ imported: patients.length, errorCount: 0 })
  for (const desk of desks()) {
    await desk.window.until(
      'search',
      { text: '', limit: 1 },
      (view) => view.patients === patients.length,
    )
    await isSettled(desk)
  }
  // Signed in as the people who sit there.
  await first.window.act('signIn', { email: 'reception@demo.dawr', password: DEMO_PASSWORD })
  for (const desk of desks()) await desk.page.getByTestId('board').waitFor()
  await shoot(first, 'empty-board')
}, 120_000)

it('offline, three stations work on, and meet again with nothing lost, doubled or overruled unseen', async () => {
  const contested = await patientId(first, 0)
  const { visitId } = await first.window.act('checkIn', {
    patient: { kind: 'KNOWN', patientId: contested },
    doctorId: (await boardOf(first)).lines[1]?.doctorId ?? expect.fail('no second line'),
    visitType: 'EXAMINATION',
    priority: 'NORMAL',
    payment: null,
  })
  await Promise.all(desks().map(isSettled))
  await boardsAreEqual()

  // The internet goes, in three ways.
  first.proxy.set('CLOSED')
  second.proxy.set('BLACK_HOLE')
  doctor.proxy.set('CLOSED')
  await Promise.all([isOffline(first), isOffline(doctor)])

  // Both desks check fifty patients in, by keyboard, at the same time.
  const twice = 1
  const checkInAll = async (desk: Desk, from: number): Promise<void> => {
    for (let index = 0; index < EACH; index += 1) {
      const patient = index === 0 ? patients[twice] : patients[from + index]
      if (patient === undefined) throw new Error('too few patients')
      await checkInByKeyboard(desk, patient.fileNumber ?? patient.name, index === 0 ? 0 : index % 3)
    }
  }
  await Promise.all([checkInAll(first, 2), checkInAll(second, 2 + EACH)])
  await shoot(first, 'fifty-offline')
  await shoot(second, 'fifty-offline')

  // One phone number edited twice; a cancellation against a start.
  const edited = [await patientId(first, 150), await patientId(second, 150)] as const
  expect(edited[0]).toBe(edited[1])
  await first.window.act('editPatient', {
    patientId: edited[0],
    changes: { phones: ['+201011111111'] },
  })
  await second.window.act('editPatient', {
    patientId: edited[1],
    changes: { phones: ['+201022222222'] },
  })
  await first.window.act('cancel', { visitId, reason: 'اتصل واعتذر' })
  await doctor.window.act('startVisit', { visitId, to: 'WITH_DOCTOR' })
  await shoot(doctor, 'in-the-room-offline')

  const madeApart = await Promise.all([boardOf(first), boardOf(second)])
  const tickets = madeApart.flatMap((board) =>
    rowsOf(board)
      .filter((row) => row.visitId !== visitId)
      .map((row) => row.ticket),
  )
  expect(tickets).toHaveLength(2 * EACH)
  expect(new Set(tickets).size).toBe(2 * EACH)

  // The first desk's work reaches the server, but every answer is lost; then all lines are whole.
  first.proxy.set('DROP_RESPONSES')
  const lost = Date.now() + 20_000
  while (first.proxy.lostBytes() === 0 && Date.now() < lost) {
    await first.window.act('syncNow', {}).catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  expect(first.proxy.lostBytes()).toBeGreaterThan(0)
  for (const desk of desks()) desk.proxy.set('PASS')
  for (const desk of desks()) await desk.window.act('syncNow', {})
  await Promise.all(desks().map(isSettled))
  const board = await boardsAreEqual()

  const rows = rowsOf(board)
  expect(rows).toHaveLength(2 * EACH + 1)
  expect(new Set(rows.map((row) => row.ticket)).size).toBe(rows.length)
  expect(rows.find((row) => row.visitId === visitId)?.status).toBe('WITH_DOCTOR')
  const shown = await Promise.all(desks().map((desk) => shownRows(desk.page)))
  expect(shown[0]?.length).toBeGreaterThan(90)
  expect(shown[1]).toEqual(shown[0])
  expect(shown[2]).toEqual(shown[0])

  // What PRODUCT says of each: care stands and the cancellation is kept and shown; the number that
  // lost is kept; the patient checked in twice is flagged, not merged.
  const overruled = await inboxOf(first, 'OVERRULED')
  expect(overruled).toMatchObject([
    { visitId, step: 'CANCELED', reason: 'CARE_STANDS', stands: 'WITH_DOCTOR' },
  ])
  const superseded = await inboxOf(second, 'SUPERSEDED')
  expect(superseded).toMatchObject([
    { documentId: edited[0], field: 'phones', lost: ['+201011111111'], stands: ['+201022222222'] },
  ])
  const duplicates = await inboxOf(first, 'DUPLICATE_VISIT')
  expect(duplicates).toHaveLength(1)
  expect(await inboxOf(first, 'REJECTED')).toEqual([])
  expect(await inboxOf(second, 'HELD')).toEqual([])
  for (const desk of desks()) await shoot(desk, 'together-again')
  await first.page.getByTestId('inbox-button').click()
  await first.page.getByTestId('inbox').waitFor()
  await shoot(first, 'inbox')
  await first.page.keyboard.press('Escape')
}, 240_000)

it('the doctor calls the next patient, and both desks show it', async () => {
  const [line] = (await boardOf(doctor)).lines
  if (line === undefined) throw new Error('no line')
  const { visitId } = await doctor.window.act('callNext', { doctorId: line.doctorId })
  for (const desk of [first, second]) {
    const called = desk.page.locator(`[data-row="${visitId}"][data-called]`).first()
    await called.waitFor({ timeout: 10_000 })
    expect(await called.isVisible()).toBe(true)
    await shoot(desk, 'called')
  }
}, 30_000)

it('the three replicas and the server hold equal documents', async () => {
  await Promise.all(desks().map(isSettled))
  for (const desk of desks()) {
    desk.window.close()
    await desk.process.stop()
  }
  const server = await contentsOfServer(clinic.serverFolder, clinic.clinicId)
  const visits = [...server.keys()].filter((key) => key.startsWith('visits/'))
  expect(visits).toHaveLength(2 * EACH + 1)
  for (const desk of desks()) {
    const replica = await contentsOfStation(desk.folder)
    expect([...replica.keys()].toSorted()).toEqual([...server.keys()].toSorted())
    for (const [key, document] of server) expect(replica.get(key), key).toBe(document)
  }
}, 60_000)

import { mkdirSync, rmSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { PatientId } from '#shared/ids.ts'
import { DEMO_PASSWORD } from '#shared/demo-password.ts'
import { toArabicIndicDigits } from '#shared/digits.ts'
import { otherLayoutReadings } from '#shared/keyboard-layout.ts'
import { formatPhone } from '#shared/phone.ts'
import { csvLines } from '../../build/demo/patients-csv.ts'
import { DEMO_TODAY, generatePatients } from '../../build/demo/patients.ts'
import {
  type Desk,
  openTestClinic,
  outputFolder,
  revokeStation,
  type TestClinic,
} from './support/clinic.ts'
import {
  chooseInMenu,
  DeskPage,
  expectSaid,
  inspect,
  plain,
  takeStep,
} from './support/desk-page.ts'

/**
 * A morning at the desk as a receptionist has it: a real server, a real station, a real browser, and
 * no mouse. First in Arabic, then in English without a restart.
 */

const OUTPUT = outputFolder('desk')
const patients = generatePatients({ count: 200, seed: 23, today: DEMO_TODAY })
const NEW_NAME = 'زينب عبد الباسط الطوخي'
const MALE_1990 = '29003121301235'

let clinic: TestClinic
let desk: Desk
let second: Desk
let at: DeskPage

beforeAll(async () => {
  rmSync(OUTPUT, { recursive: true, force: true })
  mkdirSync(OUTPUT, { recursive: true })
  clinic = await openTestClinic(OUTPUT)
  desk = await clinic.openDesk('reception', 'admin@demo.dawr')
  second = await clinic.openDesk('reception-2', 'reception2@demo.dawr')
  at = new DeskPage(desk.page, OUTPUT)
  const text = [...csvLines(patients, 'ar')].join('')
  await desk.window.act('importCsv', { fileName: 'patients.csv', text })
  await second.window.until('search', { text: '', limit: 1 }, (view) => view.patients === 200)
  await desk.window.act('lock', {})
}, 120_000)

afterAll(() => clinic.close())

afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return
  await at.shoot('when-it-failed').catch(() => undefined)
  // What the failed step left open is not the next one's.
  await at.press('Escape', 'Escape')
})

/** A patient whose name and phone nobody else has. */
function somebody(nth: number): { name: string; phone: string } {
  const alone = patients.filter(({ name, phones: [phone] }) => {
    if (phone === undefined || !phone.startsWith('+201')) return false
    return (
      patients.filter((other) => other.phones.includes(phone)).length === 1 &&
      patients.filter((other) => other.name === name).length === 1
    )
  })
  const found = alone[nth]
  const phone = found?.phones[0]
  if (found === undefined || phone === undefined) throw new Error(`nobody is number ${nth}`)
  return { name: found.name, phone: formatPhone(phone) }
}

async function idOf(name: string): Promise<PatientId> {
  const { hits } = await desk.window.until('search', { text: name, limit: 10 }, () => true)
  return hits.find((hit) => hit.name === name)?.patientId ?? expect.fail(`${name} is not found`)
}

async function signIn(role: string): Promise<void> {
  const tile = at.page.locator(`[data-roles="${role}"]`).first()
  await at.tabTo(tile)
  await at.press('Enter')
}

/** F2, what is said, Enter, Enter, and Enter for the money; or, at the money, another key. */
async function checkIn(said: string, name: string, pays = true): Promise<void> {
  await at.press('F2')
  await at.type(said)
  await expect.poll(() => at.byId('hit-0').textContent()).toContain(name)
  await at.press('Enter')
  await at.byId('proposal').waitFor()
  await at.press('Enter')
  await at.byId('pay-step').waitFor()
  if (!pays) await at.tabTo(at.byId('pay-later'))
  await at.press('Enter')
  await at.byId('check-in').waitFor({ state: 'detached' })
  await at.rowOf(name).waitFor()
  expect(await at.hasFocus(at.byId('search-input'))).toBe(true)
}

const statusOf = (name: string) => at.rowOf(name).getAttribute('data-status')

it('signs in from the tiles, and switches the language without a restart', async () => {
  await at.byId('people').waitFor()
  await inspect(at, 'sign-in')
  await signIn('RECEPTION')
  await at.byId('board').waitFor()
  await at.page.locator('[data-line]').nth(2).waitFor()
  const columns = () =>
    at.page
      .locator('[data-line]')
      .evaluateAll((lines) => lines.map((line) => Math.round(line.getBoundingClientRect().x)))
  const arabic = await columns()
  expect(arabic).toEqual(arabic.toSorted((a, b) => b - a))
  await at.tabTo(at.byId('language-switch'))
  await at.press('Enter')
  await at.setLanguage('en')
  expect(await columns()).toEqual(arabic.toReversed())
  await at.press('Enter')
  await at.setLanguage('ar')
  expect(await columns()).toEqual(arabic)
  await at.press('Control+z')
  await expectSaid(at, 'لا شيء للتراجع عنه')
  expect(await at.byId('toast').getAttribute('data-kind')).toBe('NOTE')
  await at.press('F9')
  await expectSaid(at, 'اختر مريضًا أولًا')
  await at.shoot('empty-board')
}, 60_000)

it('checks in by phone in Arabic-Indic digits, by a name on the wrong layout, and a new patient', async () => {
  const byPhone = somebody(0)
  const byName = somebody(1)
  await checkIn(toArabicIndicDigits(byPhone.phone), byPhone.name)
  await expectSaid(at, byPhone.name)
  await at.shoot('checked-in')
  const wrong = otherLayoutReadings(byName.name)[0] ?? expect.fail('no other reading')
  // Out of an open menu too: what closes may not take the focus back.
  for (const opener of ['person-menu', 'sync-badge']) {
    await at.tabTo(at.byId(opener))
    await at.press('Enter')
    await expect.poll(() => at.hasFocus(at.byId(opener))).toBe(false)
    await at.press('F2')
    await at.page.waitForTimeout(100)
    expect(await at.hasFocus(at.byId('search-input')), opener).toBe(true)
    await at.press('Escape')
  }
  await at.press('F2')
  await at.type(wrong)
  await expect.poll(() => at.byId('hit-0').textContent()).toContain(byName.name)
  await inspect(at, 'check-in-hits')
  await at.press('Escape')
  await checkIn(wrong, byName.name, false)

  await at.press('F2')
  await at.type(NEW_NAME)
  await expect.poll(() => at.byId('new-patient').textContent()).toContain(NEW_NAME)
  await at.press('ArrowUp')
  if ((await at.byId('new-patient').getAttribute('aria-selected')) !== 'true') {
    await at.press('ArrowDown')
  }
  await at.press('Enter')
  await at.byId('new-patient-form').waitFor()
  expect(await at.byId('field-name').inputValue()).toBe(NEW_NAME)
  await at.tabTo(at.byId('field-nationalId'))
  await at.type(toArabicIndicDigits(MALE_1990))
  await expect.poll(() => at.byId('field-birthDate').inputValue()).toBe('1990-03-12')
  expect(await at.page.locator('input[name="sex"]:checked').inputValue()).toBe('MALE')
  await inspect(at, 'new-patient')
  await at.tabTo(at.byId('field-birthDate'))
  await at.press('Control+a')
  await at.type('٤٢')
  await at.shoot('new-patient-by-age')
  await at.press('Enter')
  await at.byId('proposal').waitFor()
  await inspect(at, 'proposal')
  await at.press('Enter')
  await at.byId('pay-step').waitFor()
  await at.shoot('pay-step')
  await at.press('Enter')
  await at.rowOf(NEW_NAME).waitFor()
  const patient = await desk.window.until(
    'patient',
    { patientId: await idOf(NEW_NAME) },
    () => true,
  )
  // An age says a year, not a first of January.
  expect(patient.draft).toMatchObject({
    nationalId: MALE_1990,
    sex: 'MALE',
    birthDate: String(Number(DEMO_TODAY.slice(0, 4)) - 42),
  })
}, 90_000)

it('calls, lets in, undoes, lifts, moves back, cancels, marks and recalls by keyboard', async () => {
  const names = [2, 3, 4, 5].map(somebody)
  const lineOf = await firstLine()
  for (const { name, phone } of names) {
    await checkIn(phone, name, false)
    await expect.poll(() => at.rowOf(name).count()).toBe(1)
  }
  const [urgent, skipped, cancelled, absent] = names.map(({ name }) => name)
  if (
    urgent === undefined ||
    skipped === undefined ||
    cancelled === undefined ||
    absent === undefined
  ) {
    throw new Error('too few patients')
  }
  await at.press('F4')
  await at.page.locator('.next[data-called]').first().waitFor()
  await expectSaid(at, 'نودي')
  const { board, toast } = await at.page.evaluate(() => ({
    board: document.querySelector('main.board')?.getBoundingClientRect().bottom ?? 0,
    toast: document.querySelector('.toast')?.getBoundingClientRect().top ?? 0,
  }))
  expect(toast, 'what was done is said below the board').toBeGreaterThanOrEqual(board)
  await at.shoot('called')
  await at.press('F6')
  const next = at.page.locator('[data-next]').first()
  expect(await at.hasFocus(next)).toBe(true)
  const visit = await next.getAttribute('data-visit')
  const row = at.page.locator(`[data-row="${visit}"]`)
  await at.press('Enter')
  await expect.poll(() => row.getAttribute('data-status')).toBe('WITH_DOCTOR')
  await at.shoot('let-in')
  await at.press('Control+z')
  await expect.poll(() => row.getAttribute('data-status')).toBe('WAITING')
  await expectSaid(at, 'تم التراجع')

  await goToIn(lineOf, urgent)
  await takeStep(at, 'SET_PRIORITY')
  await at.byId('reason').waitFor()
  await at.shoot('priority-reason')
  await at.tabTo(at.byId('reason'))
  await at.type('ألم شديد')
  await at.press('Enter')
  await at.rowOf(urgent).locator('[data-tone="URGENT"]').waitFor()
  await expectSaid(at, urgent)

  await goToIn(lineOf, skipped)
  await takeStep(at, 'SKIP')
  await expectSaid(at, skipped)
  await moveByHand(lineOf, cancelled)
  await goToIn(lineOf, cancelled)
  await takeStep(at, 'CANCEL')
  await at.tabTo(at.byId('reason'))
  await at.press('Enter')
  await expectSaid(at, cancelled)
  await expect.poll(() => at.rowOf(cancelled).count()).toBe(0)

  await goToIn(lineOf, absent)
  await takeStep(at, 'MARK_NO_SHOW')
  await expect.poll(() => at.rowOf(absent).count()).toBe(0)
  await at.tabTo(at.page.locator('.fold-title').first())
  await at.press('Enter')
  await at.rowOf(absent).waitFor()
  expect(await statusOf(cancelled)).toBe('CANCELED')
  expect(await statusOf(absent)).toBe('NO_SHOW')
  await at.shoot('aside-open')
  await goToIn(lineOf, absent)
  await at.press('Enter')
  await expect.poll(() => statusOf(absent)).toBe('WAITING')
  await inspect(at, 'board')
}, 90_000)

/** One place on by Alt and an arrow, then to the end with the mouse; each asks why. */
async function moveByHand(line: string, name: string): Promise<void> {
  const rows = at.page.locator(`[data-line="${line}"] [data-row][data-status="WAITING"]`)
  const order = (): Promise<string[]> =>
    rows.evaluateAll((all) => all.map((row) => row.textContent ?? ''))
  const place = async (): Promise<number> => (await order()).findIndex((row) => row.includes(name))
  const giveReason = async (): Promise<void> => {
    await at.byId('place').waitFor()
    await expect.poll(() => at.hasFocus(at.byId('reason'))).toBe(true)
    await at.shoot('place-reason')
    await at.type('باتفاق المرضى')
    await at.press('Enter')
    await expectSaid(at, name)
  }
  await goToIn(line, name)
  const before = await place()
  await at.press('Alt+ArrowUp')
  await giveReason()
  await expect.poll(place).toBe(before - 1)
  expect(await at.hasFocus(at.rowOf(name))).toBe(true)

  const last = (await rows.count()) - 1
  await at.rowOf(name).hover()
  await at.page.mouse.down()
  const end = await rows.nth(last).boundingBox()
  if (end === null) throw new Error('the last row is out of sight')
  await at.page.mouse.move(end.x + end.width / 2, end.y + end.height - 3, { steps: 4 })
  await at.page.locator('[data-drop="AFTER"]').waitFor()
  await at.page.mouse.up()
  await giveReason()
  await expect.poll(place).toBe(last)
  expect(await at.rowOf(name).locator('[data-mark="order"]').getAttribute('title')).toBe(
    'باتفاق المرضى',
  )
}

/** The line whose column is the first: where the proposal puts everybody here. */
async function firstLine(): Promise<string> {
  return (await at.page.locator('[data-line][data-active]').getAttribute('data-line')) ?? ''
}

async function goToIn(line: string, name: string): Promise<void> {
  for (let presses = 0; presses < 4; presses += 1) {
    await at.press('F6')
    const owner = await at.page.evaluate(() =>
      document.activeElement?.closest('[data-line]')?.getAttribute('data-line'),
    )
    if (owner === line) break
  }
  await at.press('Home')
  for (let presses = 0; presses < 30; presses += 1) {
    if (await at.hasFocus(at.rowOf(name))) return
    await at.press('ArrowDown')
  }
  throw new Error(`the arrows do not reach ${name}`)
}

it('takes a payment with F9, and opens the patient with its refund', async () => {
  const { name } = somebody(1)
  await goToIn(await firstLine(), name)
  await at.press('F9')
  await at.byId('payment').waitFor()
  await at.shoot('payment')
  await at.press('Enter')
  await at.byId('payment').waitFor({ state: 'detached' })
  await at.rowOf(name).locator('[data-paid="PAID"]').waitFor()
  expect(await at.hasFocus(at.rowOf(name))).toBe(true)
  await takeStep(at, 'OPEN_PATIENT')
  await at.byId('patient').waitFor()
  // A payment of a visit that waits is not reception's to give back.
  expect(await at.page.locator('.timeline-refund').count()).toBe(0)
  await inspect(at, 'patient')
  await at.press('Escape')
  await at.byId('patient').waitFor({ state: 'detached' })

  // That of one who paid and left is.
  const left = somebody(0).name
  await goToIn(await firstLine(), left)
  await takeStep(at, 'CANCEL')
  await at.tabTo(at.byId('reason'))
  await at.press('Enter')
  await expect.poll(() => at.rowOf(left).getAttribute('data-status')).toBe('CANCELED')
  await goToIn(await firstLine(), left)
  await takeStep(at, 'OPEN_PATIENT')
  await at.page.locator('.timeline-refund').click()
  await at.byId('refund-reason').waitFor()
  await at.shoot('refund')
  await at.type('لم يدخل')
  // Within what reception may give back.
  await at.press('Shift+Tab', 'Control+a')
  await at.type('١٥٠')
  await at.press('Enter')
  await expectSaid(at, 'تم رد')
  await at.page.locator('.timeline-payment[data-kind="REFUND"]').waitFor()
  await at.press('Escape')
  await at.byId('patient').waitFor({ state: 'detached' })
}, 60_000)

it('takes over by PIN, and shows each person only what is theirs', async () => {
  await chooseInMenu(at, 'set-pin')
  await at.byId('password').waitFor()
  await at.shoot('set-pin')
  await at.type(DEMO_PASSWORD)
  await at.press('Enter')
  await at.byId('pin').waitFor()
  await at.type('٤٨٢٦')
  await at.press('Enter')
  await expect.poll(() => at.byId('pin').inputValue()).toBe('')
  await at.type('4826')
  await at.press('Enter')
  await at.byId('pin').waitFor({ state: 'detached' })
  await expectSaid(at, 'تم تعيين')

  await switchTo('INVENTORY')
  await at.page.locator('main.empty').waitFor()
  expect(await at.byId('board').count()).toBe(0)
  expect(await at.byId('search-input').count()).toBe(0)
  await at.shoot('inventory')

  await switchTo('DOCTOR')
  await at.byId('board').waitFor()
  expect(await at.byId('check-in-button').count()).toBe(0)
  await at.press('F2')
  await at.byId('search').waitFor()
  expect(await at.byId('new-patient').count()).toBe(0)
  await at.press('Escape')
  await at.shoot('doctor')

  await switchTo('ASSISTANT')
  await at.page.locator('[data-row]').first().waitFor()
  expect(await at.page.locator('[data-paid]').count()).toBe(0)
  await at.press('F6', 'F9')
  await expectSaid(at, 'لا يسمح بهذا')
  expect(await at.byId('payment').count()).toBe(0)
  await at.shoot('assistant')

  await switchTo('RECEPTION')
  await at.byId('pin').waitFor()
  await at.shoot('pin')
  await at.type('4826')
  await at.press('Enter')
  await at.byId('check-in-button').waitFor()
}, 60_000)

async function switchTo(role: string): Promise<void> {
  await chooseInMenu(at, 'switch-person')
  await at.byId('people').waitFor()
  await signIn(role)
  await at.byId('people').waitFor({ state: 'detached' })
}

it('says that it is offline and what waits, goes on, and is live again', async () => {
  const contested = somebody(9)
  desk.proxy.set('CLOSED')
  const badge = at.byId('sync-badge')
  await expect.poll(() => badge.getAttribute('data-state'), { timeout: 20_000 }).toBe('OFFLINE')
  expect(plain(await badge.textContent())).toContain('منذ')
  const offline = somebody(6)
  await checkIn(offline.phone, offline.name)
  await expect.poll(() => badge.textContent().then(plain)).toContain('تغيير واحد ينتظر هنا')
  await at.shoot('offline')
  await at.tabTo(badge)
  await at.press('Enter')
  await at.byId('sync-details').waitFor()
  await inspect(at, 'offline-details')
  await at.press('Escape')
  const patientId = await idOf(contested.name)
  await desk.window.act('editPatient', { patientId, changes: { phones: ['+201011111111'] } })
  await second.window.act('editPatient', { patientId, changes: { phones: ['+201022222222'] } })
  desk.proxy.set('PASS')
  await desk.window.act('syncNow', {})
  await expect.poll(() => badge.getAttribute('data-state'), { timeout: 20_000 }).toBe('LIVE')
  await expect.poll(() => at.page.locator('[data-mark="unsynced"]').count()).toBe(0)
  expect(plain(await badge.textContent())).toBe('متصل')
}, 60_000)

it('settles a conflict from the inbox', async () => {
  await expect.poll(() => at.page.locator('.top-count').count(), { timeout: 15_000 }).toBe(1)
  await at.tabTo(at.byId('inbox-button'))
  await at.press('Enter')
  await at.byId('inbox-SUPERSEDED').waitFor()
  await inspect(at, 'inbox')
  await at.byId('inbox-SUPERSEDED').getByRole('button').first().click()
  await at.byId('inbox-SUPERSEDED').waitFor({ state: 'detached' })
  await at.shoot('inbox-settled')
  await at.press('Escape')
}, 60_000)

it('works the same in English', async () => {
  await at.tabTo(at.byId('language-switch'))
  await at.press('Enter')
  await at.setLanguage('en')
  const person = somebody(7)
  await checkIn(person.phone, person.name)
  await expectSaid(at, `${person.name} has ticket`)
  await at.press('F4')
  await expectSaid(at, 'is called')
  await at.press('F6')
  const name = plain(await at.page.locator('.next[data-called] .next-name').first().textContent())
  await at.press('Enter')
  await expectSaid(at, `${name} is with the doctor`)
  await at.shoot('english-let-in')
  await at.press('Control+z')
  await expectSaid(at, 'undone')
  await at.page.keyboard.press('Shift+Slash')
  await at.byId('shortcut-map').waitFor()
  await at.shoot('english-map')
  await at.press('Escape')
  expect(at.complaints).toEqual([])
}, 60_000)

it('removed from the clinic it works on, and an ADMIN lets it join again', async () => {
  await at.setLanguage('ar')
  const { stations } = await desk.window.until('sync', {}, () => true)
  const own = stations.find(({ isThis }) => isThis) ?? expect.fail('it does not know itself')
  await revokeStation(clinic, own.stationId)
  const notice = at.byId('may-rejoin')
  await notice.waitFor()
  const person = somebody(8)
  await checkIn(person.phone, person.name)
  await at.tabTo(notice.getByRole('button'))
  await at.press('Enter')
  await at.byId('rejoin').waitFor()
  await inspect(at, 'rejoin')
  await at.press('Escape')
  // Nobody need be signed in for it: the ADMIN may be a stranger to this computer.
  await desk.window.act('lock', {})
  await at.tabTo(at.byId('open-rejoin'))
  await at.press('Enter')
  await at.byId('rejoin').waitFor()
  await inspect(at, 'rejoin-locked')
  const reception = { email: 'reception@demo.dawr', password: DEMO_PASSWORD }
  const ask = async (email: string): Promise<void> => {
    await at.byId('rejoin-email').fill(email)
    await at.byId('rejoin-password').fill(DEMO_PASSWORD)
    await at.press('Enter')
  }
  await ask(reception.email)
  await at.byId('rejoin').getByText('إلا مدير هذه العيادة').waitFor()
  await at.shoot('rejoin-refused')
  await ask('admin@demo.dawr')
  await at.byId('rejoin-card').waitFor({ state: 'detached' })
  await desk.window.until('sync', {}, ({ state, unsynced }) => state === 'LIVE' && unsynced === 0)
  await desk.window.act('signIn', reception)
  await at.rowOf(person.name).first().waitFor()
  await second.page.locator('[data-row]').filter({ hasText: person.name }).first().waitFor()
}, 60_000)

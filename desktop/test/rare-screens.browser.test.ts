import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest'
import { developmentKey } from '#desktop/dev-host/development-key.ts'
import { makeFormats } from '#desktop/renderer/ui/formats.ts'
import { recoverKey } from '#desktop/station/recovery/recovery-file.ts'
import { openStore } from '#desktop/station/storage/store.ts'
import type { VisitId } from '#shared/ids.ts'
import { DEMO_PASSWORD } from '#shared/demo-password.ts'
import {
  type Desk,
  openPage,
  openTestClinic,
  outputFolder,
  revokeStation,
  startDeskProcess,
  type TestClinic,
} from './support/clinic.ts'
import { openDeskWindow } from './support/desk-window.ts'
import {
  chooseInMenu,
  DeskPage,
  expectSaid,
  inspect,
  plain,
  TWO_LOOKS,
} from './support/desk-page.ts'
import { draftOf, LINE } from './support/desk-work.ts'

/** What people see seldom, and must understand at once when they do. */

const OUTPUT = outputFolder('rare-screens')

let clinic: TestClinic
let desk: Desk
let second: Desk
let at: DeskPage

beforeAll(async () => {
  rmSync(OUTPUT, { recursive: true, force: true })
  mkdirSync(OUTPUT, { recursive: true })
  clinic = await openTestClinic(OUTPUT)
  desk = await clinic.openDesk('room-1', 'reception@demo.dawr')
  second = await clinic.openDesk('room-2', 'doctor2@demo.dawr')
  at = new DeskPage(desk.page, OUTPUT)
}, 120_000)

afterAll(() => clinic.close())

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await at.shoot('when-it-failed').catch(() => undefined)
})

const person = (account: string) => ({ email: `${account}@demo.dawr`, password: DEMO_PASSWORD })

async function checkIn(name: string): Promise<VisitId> {
  const { visitId } = await desk.window.act('checkIn', {
    patient: { kind: 'NEW', draft: draftOf(name) },
    doctorId: LINE,
    visitType: 'EXAMINATION',
    priority: 'NORMAL',
    payment: null,
  })
  return visitId
}

const isSettled = (of: Desk): Promise<unknown> =>
  of.window.until('sync', {}, ({ state, unsynced }) => state === 'LIVE' && unsynced === 0)

/** The process ends, something happens to its folder, and it begins anew with a page of its own. */
async function restart(meanwhile: (folder: string) => Promise<void> | void): Promise<void> {
  desk.window.close()
  await desk.page.context().close()
  await desk.process.stop()
  await meanwhile(desk.folder)
  desk.process = await startDeskProcess(desk.folder, OUTPUT, desk.name)
  desk.window = await openDeskWindow(desk.process.url)
  desk.page = await openPage(clinic.browser, desk.process.url)
  at = new DeskPage(desk.page, OUTPUT, at.shots)
}

/** Of a desk that is not running. */
async function changeFile(folder: string, sql: string): Promise<void> {
  const key = await developmentKey(folder)
  if (key === 'KEY_MISSING') throw new Error(key)
  const store = openStore({ path: join(folder, 'clinic.db'), key })
  store.db.exec(sql)
  await store.close()
}

const ARABIC = `المريضة تشكو من ألم شديد في الجانب الأيمن من البطن بدأ منذ ثلاثة أيام، يزداد بعد الأكل ويصحبه غثيان دون قيء.
لا توجد حرارة. الضغط 130/85، والنبض منتظم.
تتناول Omeprazole 20 mg مرة يوميًا منذ شهر (وصفه طبيب آخر).
الفحص: ألم عند الضغط أسفل الضلوع، وعلامة Murphy إيجابية.
${'يُعاد التقييم بعد نتيجة السونار، مع مراجعة وظائف الكبد والعدّ الدموي الكامل قبل أي قرار. '.repeat(6)}`
const ENGLISH = `Right upper quadrant pain for 3 days, worse after meals; nausea, no vomiting.
BP 130/85, afebrile. Murphy's sign positive.
أخبرت المريضة بضرورة الصيام قبل السونار.
Plan: abdominal ultrasound, LFTs, CBC.`

it('two doctors’ notes of one visit: both are read, and put in together', async () => {
  const visitId = await checkIn('نجلاء فتحي عبد المعطي')
  await desk.window.act('signIn', person('doctor'))
  await desk.window.act('startVisit', { visitId, to: 'WITH_DOCTOR' })
  await isSettled(desk)
  await second.window.until('board', {}, ({ lines }) =>
    lines.some(({ withDoctor }) => withDoctor.some((row) => row.visitId === visitId)),
  )
  desk.proxy.set('CLOSED')
  second.proxy.set('CLOSED')
  await desk.window.act('writeNotes', { visitId, notes: ARABIC })
  await second.window.act('writeNotes', { visitId, notes: ENGLISH })
  for (const each of [second, desk]) {
    each.proxy.set('PASS')
    await each.window.act('syncNow', {})
    await isSettled(each)
  }
  await expect.poll(() => at.page.locator('.top-count').count(), { timeout: 15_000 }).toBe(1)
  await at.tabTo(at.byId('inbox-button'))
  await at.press('Enter')
  const row = at.byId('inbox-SUPERSEDED')
  await row.waitFor()
  await inspect(at, 'two-texts', TWO_LOOKS)
  const texts = row.locator('.inbox-written')
  const read = await texts.evaluateAll((all) =>
    all.map((text) => ({
      words: text.textContent,
      // Each paragraph begins at its own side, whatever the language of the screen.
      sides: [...text.querySelectorAll('p')].map((line) => getComputedStyle(line).direction),
    })),
  )
  expect(read.map(({ sides }) => [sides[0], sides[2]])).toContainEqual(['ltr', 'rtl'])
  expect(read.map(({ words }) => plain(words)).some((words) => words.includes('Omeprazole'))).toBe(
    true,
  )
  await row.getByRole('button', { name: 'إثبات النصين معًا' }).click()
  await row.waitFor({ state: 'detached' })
  await desk.window.until('record', { visitId }, ({ encounter }) => {
    const notes = encounter?.notes ?? ''
    return notes.includes(ENGLISH) && notes.includes(ARABIC)
  })
  await at.press('Escape')
  expect(at.complaints).toEqual([])
}, 60_000)

it('a number that an old copy of the file gave once more: the desk is told whom to tell, and prints again', async () => {
  await desk.window.act('signIn', person('reception'))
  await isSettled(desk)
  const image = `${desk.folder}.image`
  await restart((folder) => cpSync(folder, image, { recursive: true }))
  await desk.window.act('signIn', person('reception'))
  await checkIn('سعاد كمال')
  await isSettled(desk)
  await restart((folder) => {
    desk.proxy.set('CLOSED')
    rmSync(folder, { recursive: true })
    cpSync(image, folder, { recursive: true })
  })
  await desk.window.act('signIn', person('reception'))
  const visitId = await checkIn('Mona Ali')
  const { ticket: onPaper } = await desk.window.act('slipOf', { visitId })
  desk.proxy.set('PASS')
  await desk.window.act('syncNow', {})
  await isSettled(desk)
  const { ticket } = await desk.window.act('slipOf', { visitId })
  expect(ticket.slice(0, 2)).not.toBe(onPaper.slice(0, 2))
  expect(ticket.slice(2)).toBe(onPaper.slice(2))
  // It is there, and once, after a restart.
  await restart(() => undefined)
  await desk.window.act('signIn', person('reception'))
  await expect.poll(() => at.page.locator('.top-count').textContent()).toBe('١')
  await at.tabTo(at.byId('inbox-button'))
  await at.press('Enter')
  const row = at.byId('inbox-GIVEN_ANEW')
  await row.waitFor()
  await inspect(at, 'given-twice', TWO_LOOKS)
  const { digits } = makeFormats({ language: 'ar', digits: 'ARABIC_INDIC', timeZone: 'UTC' })
  const words = plain(await row.textContent())
  expect(words).toContain(`${digits(onPaper)} أُعطي مرتين`)
  expect(words).toContain('Mona Ali')
  expect(words).toContain(digits(ticket))
  await at.tabTo(row.getByRole('button', { name: 'طباعة الورقة من جديد' }))
  await at.press('Enter')
  const slip = at.page.locator('#print-frame')
  await slip.waitFor({ state: 'attached' })
  expect(await slip.getAttribute('srcdoc')).toContain(digits(ticket))
  await at.tabTo(row.getByRole('button', { name: 'تم التبليغ' }))
  await at.press('Enter')
  await row.waitFor({ state: 'detached' })
  await at.shoot('told')
  await at.press('Escape')
  expect(at.complaints).toEqual([])
}, 60_000)

it('a computer that knows its clinic no more is refused, and joins again with all that waits on it', async () => {
  await desk.window.act('signIn', person('reception'))
  const { stations } = await desk.window.until('sync', {}, () => true)
  const own = stations.find(({ isThis }) => isThis) ?? expect.fail('it does not know itself')
  desk.proxy.set('CLOSED')
  await checkIn('هدى سامي')
  await revokeStation(clinic, own.stationId)
  // As a file that was damaged and made anew: what it was told of the clinic is gone, its own work is not.
  await restart(async (folder) => {
    await changeFile(
      folder,
      `DELETE FROM "dawr/clinic/0"; DELETE FROM station_meta WHERE key = 'checkpoint'`,
    )
    desk.proxy.set('PASS')
  })
  const card = at.byId('rejoin-card')
  await card.waitFor()
  expect(await at.byId('people').count()).toBe(0)
  expect(plain(await card.textContent())).toContain('تغيير واحد')
  await at.tabTo(at.byId('open-rejoin'))
  await at.press('Enter')
  await at.byId('rejoin').waitFor()
  await inspect(at, 'opening-rejoin', TWO_LOOKS)
  await at.byId('rejoin-email').fill('admin@demo.dawr')
  await at.byId('rejoin-password').fill(DEMO_PASSWORD)
  await at.press('Enter')
  await at.byId('people').waitFor()
  await isSettled(desk)
  await second.window.until('board', {}, ({ lines }) =>
    lines.some(({ waiting }) => waiting.some(({ name }) => name === 'هدى سامي')),
  )
  await at.shoot('joined')
}, 60_000)

/** What the panel shows as new. */
async function shownCode(): Promise<string> {
  await at.byId('recovery-code').waitFor()
  return (await at.byId('recovery-code').textContent()) ?? ''
}

async function confirmByLastGroup(code: string): Promise<void> {
  await at.byId('recovery-typed').fill(code.slice(-4).toLowerCase())
  await at.press('Enter')
  await at.byId('recovery').waitFor({ state: 'detached' })
  await expectSaid(at, 'رمز الاسترداد ساري من الآن')
}

it('the owner’s code is shown once, in either language the same, and a new one takes its place', async () => {
  await desk.window.act('signIn', person('admin'))
  await at.byId('board').waitFor()
  await chooseInMenu(at, 'open-recovery')
  const first = await shownCode()
  expect(first).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}$/)
  await expect.poll(() => at.hasFocus(at.byId('recovery-typed'))).toBe(true)
  // It may be on paper by now.
  await inspect(at, 'recovery-new')
  expect(await shownCode()).toBe(first)
  // One that nobody wrote down does not count.
  const otherGroup = first.endsWith('AAAA') ? 'BBBB' : 'AAAA'
  await at.byId('recovery-typed').fill(otherGroup)
  await at.press('Enter')
  const panel = at.byId('recovery')
  await expect.poll(() => panel.textContent()).toContain('ليست هذه آخر أربعة')
  await at.shoot('recovery-differs')
  expect(recoverKey(desk.folder, first)).toBe(null)
  await confirmByLastGroup(first)
  expect(recoverKey(desk.folder, first)).toEqual(await developmentKey(desk.folder))
  expect(await at.page.content()).not.toContain(first)

  await at.setLanguage('en')
  await at.tabTo(at.byId('person-menu'))
  await at.press('Enter')
  await at.byId('open-recovery').waitFor()
  expect(await at.byId('open-recovery').textContent()).toBe('Change the recovery code')
  await expect.poll(() => at.hasFocus(at.byId('person-menu'))).toBe(false)
  await at.press('Escape')
  await at.setLanguage('ar')
  await chooseInMenu(at, 'open-recovery')
  const next = await shownCode()
  expect(next).not.toBe(first)
  expect(recoverKey(desk.folder, next)).toBe(null)
  await confirmByLastGroup(next)
  expect(recoverKey(desk.folder, first)).toBe(null)
  expect(recoverKey(desk.folder, next)).toEqual(await developmentKey(desk.folder))
  expect(at.complaints).toEqual([])
}, 60_000)

it('the code of another computer counts here as well, once it is typed without a slip', async () => {
  await chooseInMenu(at, 'open-recovery')
  const code = await shownCode()
  await at.tabTo(at.byId('recovery-turn'))
  await at.press('Enter')
  const typed = at.byId('recovery-typed')
  await expect.poll(() => at.hasFocus(typed)).toBe(true)
  expect(await at.byId('recovery-code').count()).toBe(0)
  const slip = code.startsWith('A') ? `B${code.slice(1)}` : `A${code.slice(1)}`
  await at.type(slip)
  await at.press('Enter')
  await expect.poll(() => at.byId('recovery').textContent()).toContain('فيه حرف خاطئ أو ناقص')
  await inspect(at, 'recovery-known', TWO_LOOKS)
  expect(await typed.inputValue()).toBe(slip)
  await typed.fill(code.toLowerCase().replaceAll('-', ' '))
  await at.press('Enter')
  await at.byId('recovery').waitFor({ state: 'detached' })
  // The file has another key since, and opens with it.
  await restart(() => undefined)
  await at.byId('people').waitFor()
  expect(recoverKey(desk.folder, code)).toEqual(await developmentKey(desk.folder))
}, 60_000)

const MANY = 20_000
const NAME = 'شوقي المنفلوطي'

it('while the search of a big clinic is made anew after an update, it says so until it is whole', async () => {
  await desk.window.act('signIn', person('admin'))
  // What they are is another test's: the server need not have them.
  desk.proxy.set('CLOSED')
  const { patientId } = await desk.window.act('registerPatient', { draft: draftOf(NAME) })
  const book = Array.from({ length: MANY }, (_, index) => `مريض ${index} عبد الله الطنطاوي`)
  const text = ['الاسم', ...book].join('\n')
  await desk.window.act('importCsv', { fileName: 'book.csv', text })
  // As another version of the words finds it.
  await restart((folder) =>
    changeFile(
      folder,
      `UPDATE store_collections SET search = search + 1 WHERE name = 'dawr/patients/0'`,
    ),
  )
  await desk.window.act('signIn', person('admin'))
  // A desk at work is not disturbed: for as long, what is left of it waits.
  const seen = new AbortController()
  const working = (async () => {
    for (let times = 0; !seen.signal.aborted; times += 1) {
      await desk.window.act('editPatient', { patientId, changes: { note: `${times}` } })
      await pause(100)
    }
  })()
  onTestFinished(async () => {
    seen.abort()
    await working
  })
  await at.byId('board').waitFor()
  await at.press('F3')
  await at.type('المنفلوطي')
  const note = at.byId('search-preparing')
  await note.waitFor()
  expect(await at.byId('hit-0').textContent()).toContain(NAME)
  await inspect(at, 'search-preparing')
  expect(await note.textContent()).toContain('البحث ما زال يُجهَّز')
  seen.abort()
  await note.waitFor({ state: 'detached' })
  expect(await at.byId('hit-0').textContent()).toContain(NAME)
  expect(at.complaints).toEqual([])
}, 120_000)

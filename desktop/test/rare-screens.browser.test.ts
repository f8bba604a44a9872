import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { developmentKey } from '#desktop/dev-host/development-key.ts'
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
import { DeskPage, inspect, plain, TWO_LOOKS } from './support/desk-page.ts'
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

it('a computer that knows its clinic no more is refused, and joins again with all that waits on it', async () => {
  await desk.window.act('signIn', person('reception'))
  const { stations } = await desk.window.until('sync', {}, () => true)
  const own = stations.find(({ isThis }) => isThis) ?? expect.fail('it does not know itself')
  desk.proxy.set('CLOSED')
  await checkIn('هدى سامي')
  await revokeStation(clinic, own.stationId)
  // As a file that was damaged and made anew: what it was told of the clinic is gone, its own work is not.
  await restart(async (folder) => {
    const key = await developmentKey(folder)
    if (key === 'KEY_MISSING') throw new Error(key)
    const store = openStore({ path: join(folder, 'clinic.db'), key })
    store.db.exec(`DELETE FROM "dawr/clinic/0"; DELETE FROM station_meta WHERE key = 'checkpoint'`)
    await store.close()
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

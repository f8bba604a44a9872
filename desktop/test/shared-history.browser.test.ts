import { mkdirSync, rmSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { DEMO_CLINICS } from '#server/clinics/demo-data.ts'
import { DEMO_PASSWORD } from '#shared/demo-password.ts'
import type { PatientId } from '#shared/ids.ts'
import type { PatientDraft } from '#shared/patient.ts'
import { type Desk, openTestClinic, outputFolder, type TestClinic } from './support/clinic.ts'
import { DeskPage, inspect, plain, TWO_LOOKS } from './support/desk-page.ts'

/**
 * A doctor with two clinics and a patient of both: what one clinic knows is seen at the other, once the
 * owner has said who they are and the patient has agreed, and no longer once they have not.
 */

const OUTPUT = outputFolder('shared-history')
const OWNER = 'owner@demo.dawr'
const NAME = 'زينب عبد الباسط الطوخي'
/** The same, as another desk writes her. */
const NAME_AT_MAADI = 'زينب عبدالباسط الطوخى'
const MAADI = DEMO_CLINICS[1]?.clinicId ?? expect.fail('the demo has two clinics')

let clinic: TestClinic
let nile: Desk
let maadi: Desk
/** The desk page of the Nile clinic. */
let at: DeskPage

beforeAll(async () => {
  rmSync(OUTPUT, { recursive: true, force: true })
  mkdirSync(OUTPUT, { recursive: true })
  clinic = await openTestClinic(OUTPUT)
  nile = await clinic.openDesk('nile', OWNER)
  maadi = await clinic.openDesk('maadi', OWNER, { clinicId: MAADI, admin: OWNER })
  at = new DeskPage(nile.page, OUTPUT)
}, 120_000)

afterAll(() => clinic.close())

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await at.shoot('when-it-failed').catch(() => undefined)
})

const draft: PatientDraft = {
  name: NAME,
  phones: ['+201001234567'],
  nationalId: null,
  birthDate: '1990-03',
  sex: 'FEMALE',
  fileNumber: null,
  address: null,
  note: null,
}

/** Seen at Maadi: an allergy, a diagnosis, a prescription that was cancelled, and a chronic condition. */
async function treatAtMaadi(): Promise<PatientId> {
  const { window } = maadi
  const doctorId = DEMO_CLINICS[1]?.ownerId ?? expect.fail('the demo has two clinics')
  const { visitId, patientId } = await window.act('checkIn', {
    patient: { kind: 'NEW', draft: { ...draft, name: NAME_AT_MAADI } },
    doctorId,
    visitType: 'EXAMINATION',
    priority: 'NORMAL',
    payment: null,
  })
  await window.act('startVisit', { visitId, to: 'WITH_DOCTOR' })
  await window.act('editAllergies', {
    patientId,
    allergies: [
      { substance: 'Penicillin', reaction: 'طفح جلدي', severity: 'SEVERE', retracts: null },
    ],
    conditions: [{ name: 'ارتفاع ضغط الدم', retracts: null }],
  })
  await window.act('writeNotes', { visitId, diagnoses: [{ code: 'J45.9', text: 'ربو شعبي' }] })
  const line = { form: null, route: null, duration: '٧ أيام', instructions: null }
  const { prescriptionId } = await window.act('draftPrescription', {
    visitId,
    prescriptionId: null,
    lines: [{ ...line, drug: 'Ventolin', dose: '100 mcg', frequency: 'كل ٨ ساعات' }],
    note: null,
  })
  const final = await window.act('finalizePrescription', { prescriptionId })
  await window.act('appendAddendum', {
    visitId,
    relation: 'CANCELS',
    prescriptionId: final.prescriptionId,
    replacementId: null,
    text: 'حساسية',
  })
  await window.act('finishVisit', { visitId })
  return patientId
}

const person = (account: string) => ({ email: `${account}@demo.dawr`, password: DEMO_PASSWORD })

/** F3, a part of the name, Enter. */
async function openPatient(at: DeskPage): Promise<void> {
  await at.byId('board').waitFor()
  await at.press('F3')
  await at.type('زينب')
  await expect.poll(() => at.byId('hit-0').textContent()).toContain('زينب')
  await at.press('Enter')
  await at.byId('patient').waitFor()
}

async function openLinks(at: DeskPage, password: string): Promise<void> {
  await at.tabTo(at.byId('links-open'))
  await at.press('Enter')
  await expect.poll(() => at.hasFocus(at.byId('links-password'))).toBe(true)
  await at.type(password)
  await at.press('Enter')
}

/** What is said below the field, once it is. */
function expectRefused(at: DeskPage, words: string): Promise<void> {
  return expect
    .poll(() => at.byId('links').textContent().then(plain), { timeout: 15_000 })
    .toContain(words)
}

it('the owner says who a patient is at the other clinic, by keyboard, and takes it back', async () => {
  const { patientId } = await nile.window.act('registerPatient', { draft })
  const there = await treatAtMaadi()
  // Her mother, by the same name and phone: who is who is for a person to say.
  const mother = { ...draft, birthDate: '1962' as const }
  const namesake = await maadi.window.act('registerPatient', { draft: mother })
  await nile.window.until('patient', { patientId }, ({ unsynced }) => !unsynced)
  for (const known of [there, namesake.patientId]) {
    await maadi.window.until('patient', { patientId: known }, ({ unsynced }) => !unsynced)
  }
  await openPatient(at)
  await openLinks(at, 'a wrong one')
  await expectRefused(at, 'هذه ليست كلمة مرورك')
  await inspect(at, 'links-password', TWO_LOOKS)

  // Offline, and again: what was typed is still there.
  const field = at.byId('links-password')
  await field.fill(DEMO_PASSWORD)
  nile.proxy.set('CLOSED')
  await field.press('Enter')
  await expectRefused(at, 'تعذر الوصول إلى الخادم')
  nile.proxy.set('PASS')
  expect(await field.inputValue()).toBe(DEMO_PASSWORD)
  await field.press('Enter')
  const choices = at.byId('link')
  await expect.poll(() => choices.count()).toBe(2)
  expect(await at.hasFocus(at.byId('links-clinics'))).toBe(true)
  await inspect(at, 'links-choices')

  // Chosen while the line is down: said, and still there to be chosen.
  nile.proxy.set('CLOSED')
  await at.tabTo(choices.first())
  await at.press('Enter')
  const problem = at.byId('links-problem')
  await expect.poll(() => problem.textContent(), { timeout: 15_000 }).toContain('تعذر الوصول')
  await inspect(at, 'links-offline', TWO_LOOKS)
  expect(await choices.count()).toBe(2)
  nile.proxy.set('PASS')

  await linkByKeyboard()
  expect(await problem.count()).toBe(0)
  const card = at.byId(`links-${MAADI}`)
  expect(await card.textContent().then(plain)).toContain('لم يوافق المريض هنا')
  expect(await card.textContent().then(plain)).toContain('لم يوافق المريض هناك')
  await inspect(at, 'links-linked')

  await at.tabTo(at.byId('unlink'))
  await at.press('Enter')
  await expect.poll(() => choices.count()).toBe(2)
  expect(await card.textContent().then(plain)).toContain('كان مرتبطًا حتى الآن')
  await inspect(at, 'links-parted', TWO_LOOKS)
  await linkByKeyboard()
  expect(at.complaints).toEqual([])

  /** The one whose name is written as Maadi writes it. */
  async function linkByKeyboard(): Promise<void> {
    const hers = at.page.locator('.links-person').filter({ hasText: NAME_AT_MAADI })
    await at.tabTo(hers.getByTestId('link'))
    await at.press('Enter')
    await at.byId('unlink').waitFor()
    expect(await at.hasFocus(at.byId(`links-${MAADI}`))).toBe(true)
  }
}, 90_000)

it('what one clinic knows is seen at the other, for as long as the patient agrees', async () => {
  // The desk page of Maadi: the patient says so there.
  const atMaadi = new DeskPage(maadi.page, OUTPUT, at.shots)
  await openPatient(atMaadi)
  expect(await atMaadi.byId('sharing').getAttribute('data-agreed')).toBe('false')
  await atMaadi.tabTo(atMaadi.byId('sharing-change'))
  await atMaadi.press('Enter')
  await expect.poll(() => atMaadi.byId('sharing').getAttribute('data-agreed')).toBe('true')

  await at.byId('told').waitFor()
  expect(await at.page.locator('.told-record').count()).toBe(3)
  expect(await at.byId('allergies').textContent()).toContain('Penicillin')
  expect(await at.byId('told').textContent()).toContain('ربو شعبي')
  // Closed and opened again: the password was given some minutes ago at most.
  await at.tabTo(at.byId('links-open'))
  await at.press('Enter')
  await inspect(at, 'told')
  await at.press('Enter')
  await at.byId('unlink').waitFor()
  const card = at.byId(`links-${MAADI}`)
  expect(await card.textContent().then(plain)).toContain('نرى ملفهم: وافق المريض هناك')
  await inspect(at, 'links-agreed', TWO_LOOKS)
  expect(at.complaints).toEqual([])

  await atMaadi.press('Enter')
  await expect.poll(() => atMaadi.byId('sharing').getAttribute('data-agreed')).toBe('false')
  await at.byId('told').waitFor({ state: 'detached' })
  await at.byId('allergies').waitFor({ state: 'detached' })
  await atMaadi.press('Enter')
  await at.byId('told').waitFor()
  // Whoever comes in gives it anew, and then chooses again.
  await nile.window.act('signIn', person('owner'))
  await at.tabTo(at.byId('unlink'))
  await at.press('Enter')
  await expectRefused(at, 'مرت بضع دقائق. لم يتغير شيء')
  await at.shoot('links-once-more')
  await at.type(DEMO_PASSWORD)
  await at.press('Enter')
  await at.tabTo(at.byId('unlink'))
  await at.press('Enter')
  await at.byId('told').waitFor({ state: 'detached' })
}, 90_000)

it('who is ADMIN of one clinic alone is shown no other, and who is none is not offered it', async () => {
  await at.press('Escape')
  await nile.window.act('signIn', person('admin'))
  await openPatient(at)
  await openLinks(at, DEMO_PASSWORD)
  await expectRefused(at, 'لست مديرًا لأي عيادة أخرى')
  await inspect(at, 'links-none', TWO_LOOKS)
  await at.press('Escape')
  await nile.window.act('signIn', person('reception'))
  await openPatient(at)
  await at.byId('sharing-change').waitFor()
  expect(await at.byId('links-open').count()).toBe(0)
  expect(at.complaints).toEqual([])
}, 60_000)

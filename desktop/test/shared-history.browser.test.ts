import { mkdirSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { DEMO_CLINICS } from '#server/clinics/demo-data.ts'
import { DEMO_PASSWORD } from '#shared/demo-password.ts'
import type { PatientId } from '#shared/ids.ts'
import type { PatientDraft } from '#shared/patient.ts'
import { SignInResponse } from '#shared/protocol.ts'
import { type Desk, openTestClinic, outputFolder, type TestClinic } from './support/clinic.ts'
import { DeskPage, inspect } from './support/desk-page.ts'

/**
 * A doctor with two clinics and a patient of both: what one clinic knows is seen at the other, once the
 * owner has said who they are and the patient has agreed, and no longer once they have not.
 */

const OUTPUT = outputFolder('shared-history')
const OWNER = 'owner@demo.dawr'
const NAME = 'زينب عبد الباسط الطوخي'

let clinic: TestClinic
let nile: Desk
let maadi: Desk

beforeAll(async () => {
  rmSync(OUTPUT, { recursive: true, force: true })
  mkdirSync(OUTPUT, { recursive: true })
  clinic = await openTestClinic(OUTPUT)
  nile = await clinic.openDesk('nile', OWNER)
  const [, other] = DEMO_CLINICS
  const { clinicId } = other ?? expect.fail('the demo has two clinics')
  maadi = await clinic.openDesk('maadi', OWNER, { clinicId, admin: OWNER })
}, 120_000)

afterAll(() => clinic.close())

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
    // The same, as another desk writes her.
    patient: { kind: 'NEW', draft: { ...draft, name: 'زينب عبدالباسط الطوخى' } },
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

const Sharing = z.object({
  clinics: z.array(
    z.object({ clinicId: z.string(), suggestions: z.array(z.object({ patientId: z.string() })) }),
  ),
})

/** By the one who is suggested, and by nobody else: what the owner would do. */
async function linkSuggested(patientId: PatientId, expected: PatientId): Promise<void> {
  const post = { method: 'POST', body: JSON.stringify({ email: OWNER, password: DEMO_PASSWORD }) }
  const signedIn = await fetch(`${clinic.serverUrl}/v1/sign-in`, post)
  const { accessToken } = SignInResponse.parse(await signedIn.json())
  const headers = { authorization: `Bearer ${accessToken}` }
  const sharing = `${clinic.serverUrl}/v1/clinics/${clinic.clinicId}/patients/${patientId}/sharing`
  const asked = await fetch(sharing, { headers })
  const [other] = Sharing.parse(await asked.json()).clinics
  expect(other?.suggestions).toEqual([{ patientId: expected }])
  const body = JSON.stringify({ patientId: expected })
  const linked = await fetch(`${sharing}/${other?.clinicId}`, { method: 'PUT', headers, body })
  expect(linked.status).toBe(200)
}

it('what one clinic knows is seen at the other, for as long as the patient agrees', async () => {
  const { patientId } = await nile.window.act('registerPatient', { draft })
  const there = await treatAtMaadi()
  await nile.window.until('patient', { patientId }, ({ unsynced }) => !unsynced)
  await maadi.window.until('patient', { patientId: there }, ({ unsynced }) => !unsynced)
  await linkSuggested(patientId, there)

  // The desk page of Maadi: the patient says so there.
  const atMaadi = new DeskPage(maadi.page, OUTPUT)
  await openPatient(atMaadi)
  expect(await atMaadi.byId('sharing').getAttribute('data-agreed')).toBe('false')
  await atMaadi.tabTo(atMaadi.byId('sharing-change'))
  await atMaadi.press('Enter')
  await expect.poll(() => atMaadi.byId('sharing').getAttribute('data-agreed')).toBe('true')

  const told = await nile.window.until('patient', { patientId }, (view) => view.told.length === 3)
  expect(told.told.map(({ body }) => body.kind).toSorted()).toEqual([
    'CONDITION',
    'PRESCRIPTION',
    'VISIT',
  ])
  const at = new DeskPage(nile.page, OUTPUT)
  await openPatient(at)
  expect(await at.byId('allergies').textContent()).toContain('Penicillin')
  expect(await at.byId('told').textContent()).toContain('ربو شعبي')
  await inspect(at, 'told')
  expect(at.complaints).toEqual([])

  await atMaadi.press('Enter')
  await expect.poll(() => atMaadi.byId('sharing').getAttribute('data-agreed')).toBe('false')
  await at.byId('told').waitFor({ state: 'detached' })
  await at.byId('allergies').waitFor({ state: 'detached' })
}, 90_000)

/** F3, a part of the name, Enter. */
async function openPatient(at: DeskPage): Promise<void> {
  await at.byId('board').waitFor()
  await at.press('F3')
  await at.type('زينب')
  await expect.poll(() => at.byId('hit-0').textContent()).toContain('زينب')
  await at.press('Enter')
  await at.byId('patient').waitFor()
}

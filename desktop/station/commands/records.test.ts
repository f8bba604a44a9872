import { beforeEach, expect, test } from 'vitest'
import type { EncounterDraft, VitalSigns } from '#shared/encounter.ts'
import { isEntryOf } from '#shared/entry.ts'
import type { PatientId, PrescriptionId, VisitId } from '#shared/ids.ts'
import { standingFacts } from '#shared/patient.ts'
import type { PrescriptionLine } from '#shared/prescription.ts'
import { stockOf } from '#shared/stock.ts'
import type { ActionInput, ActionOutput } from '../contract/actions.ts'
import type { DeskHandlers } from './handlers.ts'
import { accountOf } from './paid.ts'
import { openTestClinic, STATION_B, type TestClinic } from './test-clinic.ts'
import { at, checkInNew, doctorOf, draftOf, outcomeOf } from './test-desk.ts'

let clinic: TestClinic
let desk: DeskHandlers
let nurse: DeskHandlers
let doctor: DeskHandlers
let accountant: DeskHandlers
let visitId: VisitId
let patientId: PatientId

beforeEach(() => {
  clinic = openTestClinic()
  desk = at(clinic, clinic.personWith('RECEPTION'))
  nurse = at(clinic, clinic.personWith('ASSISTANT'))
  doctor = at(clinic, clinic.personWith('DOCTOR'))
  accountant = at(clinic, clinic.personWith('ACCOUNTANT'))
  ;({ visitId, patientId } = checkInNew(clinic))
})

const NO_SIGNS: VitalSigns = {
  temperature: null,
  pulse: null,
  respiration: null,
  systolic: null,
  diastolic: null,
  oxygen: null,
  glucose: null,
  weight: null,
  height: null,
  note: null,
}
const NOTES: EncounterDraft = {
  complaint: 'سعال',
  notes: null,
  diagnoses: [{ code: 'J20', text: 'التهاب شعبي' }],
  plan: null,
  orders: ['جلسة بخار'],
}
const LINE: PrescriptionLine = {
  drug: 'أموكسيسيلين',
  dose: '٥٠٠',
  form: null,
  route: null,
  frequency: 'كل ٨ ساعات',
  duration: null,
  instructions: null,
}
const pounds = (minor: number): { minor: number; currency: 'EGP' } => ({ minor, currency: 'EGP' })

function start(): void {
  doctor.startVisit({ visitId, to: 'WITH_DOCTOR' })
}

test('the assistant begins the record that the doctor writes on, each field by itself', () => {
  nurse.recordVitals({ visitId, signs: { ...NO_SIGNS, pulse: 88 }, replaces: null })
  start()
  doctor.writeNotes({ visitId, ...NOTES })
  const encounter = clinic.documents.encounters.get(visitId)
  expect(encounter).toMatchObject({ id: visitId, ...NOTES, vitals: [{ signs: { pulse: 88 } }] })
  // Only what differs is an edit: `notes` was sent along empty.
  expect(Object.keys(encounter?.marks ?? {}).toSorted()).toEqual([
    'complaint',
    'diagnoses',
    'orders',
  ])
  expect(outcomeOf(() => doctor.writeNotes({ visitId, ...NOTES }))).toBe('INVALID')
  expect(outcomeOf(() => nurse.writeNotes({ visitId, notes: 'س' }))).toBe('FORBIDDEN')
  const [reading] = encounter?.vitals ?? []
  doctor.recordVitals({
    visitId,
    signs: { ...NO_SIGNS, pulse: 78 },
    replaces: reading?.id ?? null,
  })
  expect(clinic.documents.encounters.get(visitId)?.vitals).toHaveLength(2)
})

test('allergies are added and taken back, never overwritten', () => {
  nurse.editAllergies({
    patientId,
    allergies: [{ substance: 'بنسلين', reaction: null, severity: 'SEVERE', retracts: null }],
    conditions: [],
  })
  const [allergy] = clinic.patients.get(patientId)?.allergies ?? []
  if (allergy === undefined) throw new Error('no allergy')
  start()
  doctor.editAllergies({
    patientId,
    allergies: [{ substance: 'بنسلين', reaction: null, severity: 'UNKNOWN', retracts: allergy.id }],
    conditions: [{ name: 'سكري', retracts: null }],
  })
  const patient = clinic.patients.get(patientId)
  expect(patient?.allergies).toHaveLength(2)
  expect(standingFacts(patient?.allergies ?? [])).toEqual([])
  expect(standingFacts(patient?.conditions ?? [])).toMatchObject([{ name: 'سكري' }])
})

test('a draft is written on, finalized once and for all, and cancelled by an addendum', () => {
  start()
  const draft = (prescriptionId: PrescriptionId | null, note: string | null): PrescriptionId =>
    doctor.draftPrescription({ visitId, prescriptionId, lines: [LINE], note }).prescriptionId
  const draftId = draft(null, null)
  draft(draftId, 'بعد الأكل')
  const { prescriptionId: finalId } = doctor.finalizePrescription({ prescriptionId: draftId })
  const final = clinic.documents.prescriptions.get(finalId)
  expect(final).toMatchObject({ status: 'FINAL', draftId, note: 'بعد الأكل', lines: [LINE] })
  expect(clinic.documents.prescriptions.get(draftId)?.finals).toMatchObject([
    { prescriptionId: finalId },
  ])
  expect(outcomeOf(() => draft(finalId, 'أخرى'))).toBe('FORBIDDEN')
  expect(outcomeOf(() => doctor.finalizePrescription({ prescriptionId: finalId }))).toBe(
    'FORBIDDEN',
  )
  // The draft may still be written on, and what it became stays as it was.
  draft(draftId, 'قبل الأكل')
  expect(clinic.documents.prescriptions.get(finalId)).toEqual(final)
  doctor.finishVisit({ visitId })
  const cancel = {
    visitId,
    relation: 'CANCELS' as const,
    prescriptionId: finalId,
    replacementId: null,
    text: 'حساسية',
  }
  expect(outcomeOf(() => desk.appendAddendum(cancel))).toBe('FORBIDDEN')
  const { entryId } = doctor.appendAddendum(cancel)
  expect(clinic.entries.get(entryId)?.body).toMatchObject({ kind: 'ADDENDUM', relation: 'CANCELS' })
  expect(outcomeOf(() => doctor.appendAddendum({ ...cancel, prescriptionId: draftId }))).toBe(
    'NOT_FOUND',
  )
})

test('a test is ordered, filed and reviewed, and asks to be looked at again when more comes', () => {
  start()
  const { labResultId } = doctor.orderLab({ visitId, test: 'صورة دم', instructions: null })
  const status = (): string | undefined => clinic.documents.labResults.get(labResultId)?.status
  const file = (text: string): unknown =>
    nurse.fileResult({ about: { kind: 'ORDERED', labResultId }, text, attachments: [] })
  file('١٢')
  expect(status()).toBe('FILED')
  doctor.finishVisit({ visitId })
  doctor.reviewResult({ labResultId, note: null })
  expect(status()).toBe('REVIEWED')
  file('١٣ بعد الإعادة')
  expect(status()).toBe('FILED')
  const brought = doctor.fileResult({
    about: { kind: 'BROUGHT', patientId, test: 'أشعة' },
    text: '',
    attachments: [{ name: 'x.pdf', mime: 'application/pdf', bytes: 9, sha256: 'a'.repeat(64) }],
  })
  expect(clinic.documents.labResults.get(brought.labResultId)?.visitId).toBeNull()
})

test('a waiver lessens what is owed, and the invoice of a visit is voided before another', () => {
  start()
  doctor.waiveFee({ visitId, amount: pounds(10_000), reason: 'قريب' })
  const visit = clinic.visits.get(visitId)
  if (visit === undefined) throw new Error('no visit')
  const account = (): unknown => accountOf(visit, clinic.replica.read.entriesOfVisit(visitId))
  expect(account()).toMatchObject({ paid: 'UNPAID', balance: pounds(20_000) })
  desk.takePayment({ visitId, amount: pounds(20_000), method: 'CASH' })
  expect(account()).toMatchObject({ paid: 'PAID', net: pounds(20_000) })

  const lines = [{ text: 'كشف', quantity: 1, amount: pounds(20_000) }]
  expect(outcomeOf(() => desk.issueInvoice({ visitId, lines }))).toBe('FORBIDDEN')
  doctor.finishVisit({ visitId })
  const first = desk.issueInvoice({ visitId, lines })
  expect(first.number).toBe('A-1')
  expect(outcomeOf(() => desk.issueInvoice({ visitId, lines }))).toBe('INVOICE_STANDS')
  const undo = { invoiceId: first.invoiceId, reason: 'اسم خطأ' }
  expect(outcomeOf(() => desk.voidInvoice(undo))).toBe('FORBIDDEN')
  accountant.voidInvoice(undo)
  // A number is not taken by what was refused.
  expect(desk.issueInvoice({ visitId, lines }).number).toBe('A-2')
})

test('booked numbers are of a doctor and day and a station, and a check-in names its booking', () => {
  const book = (day: string, doctorIndex = 0): ReturnType<DeskHandlers['bookAppointment']> =>
    desk.bookAppointment({
      patientId,
      doctorId: doctorOf(clinic, doctorIndex),
      day,
      time: null,
      visitType: 'FOLLOW_UP',
      note: null,
    })
  const first = book('2026-11-23')
  expect([first, book('2026-11-23'), book('2026-11-24'), book('2026-11-23', 1)]).toMatchObject([
    { number: { letter: 'A', number: 1 } },
    { number: { letter: 'A', number: 2 } },
    { number: { letter: 'A', number: 1 } },
    { number: { letter: 'A', number: 1 } },
  ])
  clinic.moveTo(STATION_B)
  const other = book('2026-11-23')
  expect(other.number).toEqual({ letter: 'B', number: 1 })
  const { appointmentId } = other
  const moved = desk.moveAppointment({
    appointmentId,
    doctorId: doctorOf(clinic),
    day: '2026-11-24',
    time: '18:00',
    visitType: 'FOLLOW_UP',
    note: null,
  })
  expect(moved.number).toEqual({ letter: 'B', number: 1 })

  const arrive = (patient: ActionInput<'checkIn'>['patient']): ActionOutput<'checkIn'> =>
    desk.checkIn({
      patient,
      doctorId: doctorOf(clinic),
      visitType: 'FOLLOW_UP',
      priority: 'NORMAL',
      payment: null,
      appointmentId,
    })
  // Another patient's booking: for a person to choose again.
  expect(outcomeOf(() => arrive({ kind: 'NEW', draft: draftOf('سمير') }))).toBe('INVALID')
  const arrival = arrive({ kind: 'KNOWN', patientId })
  expect(clinic.documents.appointments.get(appointmentId)).toMatchObject({
    status: 'ARRIVED',
    steps: [{ status: 'BOOKED' }, { status: 'ARRIVED', visitId: arrival.visitId }],
  })
  expect(outcomeOf(() => desk.cancelAppointment({ appointmentId, reason: null }))).toBe(
    'UNLAWFUL_STEP',
  )
  desk.cancelAppointment({ appointmentId: first.appointmentId, reason: 'سفر' })
  expect(clinic.documents.appointments.get(first.appointmentId)?.status).toBe('CANCELED')
})

test('stock is what its movements come to; a count stands for what was before it', () => {
  const keeper = at(clinic, clinic.personWith('INVENTORY'))
  const item = { name: 'شاش', unit: 'علبة', code: null, minimum: 3, active: true }
  const { itemId } = keeper.saveStockItem({ itemId: null, item })
  const move = (reason: 'RECEIVED' | 'USED' | 'COUNTED', quantity: number): unknown =>
    keeper.moveStock({ itemId, reason, quantity, note: null })
  const stock = (): number =>
    stockOf(
      [...clinic.entries.values()].flatMap((entry) =>
        isEntryOf(entry, 'STOCK_MOVEMENT') ? [entry] : [],
      ),
    )
  move('RECEIVED', 20)
  move('USED', -3)
  expect(stock()).toBe(17)
  move('COUNTED', 15)
  move('USED', -1)
  expect(stock()).toBe(14)
  expect(outcomeOf(() => move('USED', 0))).toBe('INVALID')
  keeper.saveStockItem({ itemId, item: { ...item, minimum: 5 } })
  expect(clinic.documents.inventory.get(itemId)).toMatchObject({ minimum: 5, name: 'شاش' })
  expect(outcomeOf(() => desk.saveStockItem({ itemId: null, item }))).toBe('FORBIDDEN')
})

test('a drawer is counted, a consent given and withdrawn, and an opened record remembered', () => {
  const opened = desk.countDrawer({ closes: null, counted: pounds(50_000), note: null })
  desk.countDrawer({ closes: opened.entryId, counted: pounds(80_000), note: null })
  const { entryId: given } = desk.recordConsent({ patientId, scope: 'SHARED_HISTORY', given: true })
  desk.recordConsent({ patientId, scope: 'SHARED_HISTORY', given: false })
  expect(clinic.entries.get(given)).toMatchObject({ patientId, visitId: null })
  expect(outcomeOf(() => desk.countDrawer({ closes: given, counted: pounds(1), note: null }))).toBe(
    'NOT_FOUND',
  )
  const { entryId } = doctor.openRecord({ visitId })
  expect(clinic.entries.get(entryId)).toMatchObject({ visitId, body: { kind: 'RECORD_OPENED' } })
  expect(outcomeOf(() => desk.openRecord({ visitId }))).toBe('FORBIDDEN')
})

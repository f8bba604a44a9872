import fc from 'fast-check'
import type { Appointment } from './appointment.ts'
import type { Settings } from './clinic.ts'
import type { CollectionName, Documents } from './collections.ts'
import { BLANK_ENCOUNTER, type Encounter } from './encounter.ts'
import type { Entry, EntryBody } from './entry.ts'
import type { Invoice } from './invoice.ts'
import type { LabResult } from './lab-result.ts'
import type { Money } from './money.ts'
import type { Prescription, PrescriptionLine } from './prescription.ts'
import type { SharedRecord } from './shared-record.ts'
import type { StockItem } from './stock.ts'
import type { JudgeContext } from './judge-context.ts'
import type { Patient } from './patient.ts'
import type { ClinicId, PatientId, StationId, TransitionId, UserId, VisitId } from './ids.ts'
import { makeUuidv7 } from './ids.ts'
import { formatStamp, nodeOfStation, type Stamp } from './stamp.ts'
import type { Transition, Visit } from './visit.ts'

/** Values for property tests: ids, stamps and documents that are valid by their schemas. */

export function idOf<T extends string>(number: number): T {
  const random = new Uint8Array(10)
  random[7] = (number >> 8) & 0xff
  random[8] = number & 0xff
  // Cast: the caller names the brand
  return makeUuidv7(1_763_000_000_000 + number, random) as T
}

export const CLINIC: ClinicId = idOf(1)
export const PATIENT: PatientId = idOf(2)
export const VISIT: VisitId = idOf(3)
export const STATIONS: readonly StationId[] = [idOf(10), idOf(11), idOf(12)]
export const PEOPLE: readonly UserId[] = [idOf(20), idOf(21), idOf(22)]
export const START = Date.parse('2026-11-22T07:00:00Z')

export function pick<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length]
  if (item === undefined) throw new RangeError('pick from nothing')
  return item
}

export function stampAt(seconds: number, station: StationId = pick(STATIONS, 0)): Stamp {
  return formatStamp(START + seconds * 1_000, 0, nodeOfStation(station))
}

export const SETTINGS: Settings = {
  kind: 'SETTINGS',
  name: 'عيادات النيل',
  slug: 'nile',
  timeZone: 'Africa/Cairo',
  currency: 'EGP',
  cutOvers: [{ from: '2020-01-01', hour: 5 }],
  digits: 'ARABIC_INDIC',
  waitAmberMinutes: 30,
  waitRedMinutes: 60,
  skipPlaces: 3,
  courtesyEnabled: true,
  refundLimit: { minor: 10_000, currency: 'EGP' },
  followUpDays: 14,
  returnToLine: 'FRONT',
  narrowing: {},
  active: true,
  demo: false,
}

export function patientOf(changes: Partial<Patient> = {}): Patient {
  return {
    id: PATIENT,
    clinicId: CLINIC,
    name: 'منى عبد الرحمن',
    phones: ['+201001234567'],
    nationalId: null,
    birthDate: null,
    sex: null,
    fileNumber: null,
    address: null,
    note: null,
    possibleDuplicateOf: null,
    allergies: [],
    conditions: [],
    created: { at: stampAt(0), by: pick(PEOPLE, 0), stationId: pick(STATIONS, 0) },
    marks: {},
    superseded: [],
    settled: [],
    ...changes,
  }
}

export function transitionOf(changes: Partial<Transition> & { id: TransitionId }): Transition {
  return {
    status: 'WAITING',
    at: stampAt(0),
    by: pick(PEOPLE, 0),
    stationId: pick(STATIONS, 0),
    undoes: null,
    reason: null,
    ...changes,
  }
}

export const CHECK_IN: Transition = transitionOf({ id: idOf(100) })

export function visitOf(changes: Partial<Visit> = {}): Visit {
  return {
    id: VISIT,
    clinicId: CLINIC,
    patientId: PATIENT,
    doctorId: pick(PEOPLE, 2),
    queueDay: '2026-11-22',
    ticket: { letter: 'A', number: 1 },
    type: 'EXAMINATION',
    priority: 'NORMAL',
    boosted: true,
    orderKey: stampAt(0),
    orderReason: null,
    mergedInto: null,
    fee: { minor: 30_000, currency: 'EGP' },
    status: 'WAITING',
    transitions: [CHECK_IN],
    calls: [],
    created: { at: stampAt(0), by: pick(PEOPLE, 0), stationId: pick(STATIONS, 0) },
    marks: {},
    superseded: [],
    settled: [],
    ...changes,
  }
}

/** Steps after the check-in, from several people at several stations, with undos among them. */
export const laterSteps: fc.Arbitrary<Transition[]> = fc
  .array(
    fc.record({
      status: fc.constantFrom(
        'WAITING' as const,
        'WITH_ASSISTANT' as const,
        'WITH_DOCTOR' as const,
        'DONE' as const,
        'CANCELED' as const,
        'NO_SHOW' as const,
      ),
      second: fc.integer({ min: 1, max: 400 }),
      person: fc.nat(2),
      station: fc.nat(2),
      undoes: fc.option(fc.nat(11), { nil: null, freq: 4 }),
    }),
    { maxLength: 12 },
  )
  .map((steps) =>
    steps.map((step, index) => {
      const target = step.undoes === null ? null : steps[step.undoes]
      return transitionOf({
        id: idOf(200 + index),
        status: target?.status ?? step.status,
        at: stampAt(step.second, pick(STATIONS, step.station)),
        by: pick(PEOPLE, step.person),
        stationId: pick(STATIONS, step.station),
        undoes: step.undoes === null || target === undefined ? null : idOf(200 + step.undoes),
      })
    }),
  )

const OWN = { at: stampAt(0), by: pick(PEOPLE, 0), stationId: pick(STATIONS, 0) }
const OF_VISIT = { clinicId: CLINIC, visitId: VISIT, patientId: PATIENT, queueDay: '2026-11-22' }
const FRESH = { created: OWN, marks: {}, superseded: [], settled: [] }
export const POUND = (minor: number): Money => ({ minor, currency: 'EGP' })

export function encounterOf(changes: Partial<Encounter> = {}): Encounter {
  const { visitId: id, ...head } = OF_VISIT
  return { id, ...head, ...BLANK_ENCOUNTER, ...FRESH, ...changes }
}

export function prescriptionOf(changes: Partial<Prescription> = {}): Prescription {
  return {
    id: idOf(800),
    ...OF_VISIT,
    doctorId: pick(PEOPLE, 2),
    status: 'DRAFT',
    draftId: null,
    lines: [LINE],
    note: null,
    finals: [],
    ...FRESH,
    ...changes,
  }
}

export const LINE: PrescriptionLine = {
  drug: 'أموكسيسيلين ٥٠٠',
  dose: 'كبسولة',
  form: null,
  route: null,
  frequency: 'كل ٨ ساعات',
  duration: '٧ أيام',
  instructions: null,
}

export function invoiceOf(changes: Partial<Invoice> = {}): Invoice {
  return {
    id: idOf(810),
    ...OF_VISIT,
    doctorId: pick(PEOPLE, 2),
    number: { letter: 'A', number: 1 },
    lines: [{ text: 'كشف', quantity: 1, amount: POUND(30_000) }],
    total: POUND(30_000),
    created: OWN,
    ...changes,
  }
}

export function appointmentOf(changes: Partial<Appointment> = {}): Appointment {
  return {
    id: idOf(820),
    clinicId: CLINIC,
    patientId: PATIENT,
    doctorId: pick(PEOPLE, 2),
    day: '2026-11-23',
    time: '18:30',
    number: { letter: 'A', number: 1 },
    type: 'EXAMINATION',
    note: null,
    status: 'BOOKED',
    steps: [{ id: idOf(821), ...OWN, status: 'BOOKED', visitId: null, reason: null }],
    ...FRESH,
    ...changes,
  }
}

export function labResultOf(changes: Partial<LabResult> = {}): LabResult {
  return {
    id: idOf(830),
    ...OF_VISIT,
    test: 'صورة دم كاملة',
    instructions: null,
    status: 'ORDERED',
    results: [],
    reviews: [],
    ...FRESH,
    ...changes,
  }
}

export function stockItemOf(changes: Partial<StockItem> = {}): StockItem {
  return {
    id: idOf(840),
    clinicId: CLINIC,
    name: 'شاش',
    unit: 'علبة',
    code: null,
    minimum: 5,
    active: true,
    ...FRESH,
    ...changes,
  }
}

export function entryOf(body: EntryBody, changes: Partial<Entry> = {}): Entry {
  return { id: idOf(850), ...OF_VISIT, ...OWN, body, ...changes }
}

export function sharedRecordOf(
  body: SharedRecord['body'],
  changes: Partial<SharedRecord> = {},
): SharedRecord {
  return {
    id: `${idOf(900)}:${body.kind}:${idOf(901)}`,
    clinicId: CLINIC,
    patientId: PATIENT,
    queueDay: '2026-11-20',
    body,
    source: {
      clinicId: idOf(900),
      clinicName: 'عيادة المعادي',
      doctorName: 'د. هالة',
      recordId: idOf(901),
    },
    ownerId: pick(PEOPLE, 0),
    consentId: idOf(902),
    ...changes,
  }
}

/** A judge's look-ups in these documents, all of them seen. */
export function holding(
  documents: Partial<{ [C in CollectionName]: readonly Documents[C][] }>,
): Pick<JudgeContext, 'find' | 'findSeen' | 'entriesOf' | 'invoicesOf'> {
  const find = <C extends CollectionName>(collection: C, id: string): Documents[C] | null => {
    const held: readonly Documents[C][] = documents[collection] ?? []
    return held.find((document) => document.id === id) ?? null
  }
  return {
    find,
    findSeen: find,
    entriesOf: (visitId) => (documents.entries ?? []).filter((entry) => entry.visitId === visitId),
    invoicesOf: (visitId) =>
      (documents.invoices ?? []).filter((invoice) => invoice.visitId === visitId),
  }
}

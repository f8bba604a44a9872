import { describe, expect, it } from 'vitest'
import type { CollectionName, Documents } from './collections.ts'
import type { EntryBody } from './entry.ts'
import type { VisitId } from './ids.ts'
import { Role } from './roles.ts'
import type { SharedRecord } from './shared-record.ts'
import { project, type Viewer } from './sight.ts'
import {
  appointmentOf,
  encounterOf,
  entryOf,
  idOf,
  invoiceOf,
  labResultOf,
  patientOf,
  PEOPLE,
  pick,
  POUND,
  prescriptionOf,
  sharedRecordOf,
  stampAt,
  STATIONS,
  stockItemOf,
  visitOf,
} from './test-values.ts'

const me = idOf<Viewer['userId']>(29)
const fact = { id: idOf(700), at: stampAt(1), by: pick(PEOPLE, 0), stationId: pick(STATIONS, 0) }

function viewer(roles: Role[], changes: Partial<Viewer> = {}): Viewer {
  return {
    userId: me,
    roles,
    today: '2026-11-30',
    isDoctorOf: () => false,
    hasOpened: () => false,
    ...changes,
  }
}

const patient = patientOf({
  allergies: [
    {
      ...fact,
      id: idOf(701),
      substance: 'بنسلين',
      reaction: null,
      severity: 'SEVERE',
      retracts: null,
    },
  ],
  conditions: [{ ...fact, id: idOf(702), name: 'سكري', retracts: null }],
})
const encounter = encounterOf({ notes: 'سعال', orders: ['رسم قلب'] })
const payment = entryOf({
  kind: 'PAYMENT',
  amount: POUND(100),
  method: 'CASH',
  receipt: { letter: 'A', number: 1 },
})
const addendum = (prescriptionId: string | null): EntryBody => ({
  kind: 'ADDENDUM',
  relation: prescriptionId === null ? 'NOTE' : 'CANCELS',
  prescriptionId: prescriptionId === null ? null : idOf(800),
  replacementId: null,
  text: 'حساسية',
})
const movement = entryOf({
  kind: 'STOCK_MOVEMENT',
  itemId: idOf(840),
  reason: 'USED',
  quantity: -1,
  note: null,
})

/** What each role sees of each kind of document; a document not named for a role is not seen at all. */
const SEEN: Record<Role, readonly string[]> = {
  RECEPTION: ['patient', 'visit', 'appointment', 'final', 'cancels', 'consent'],
  ASSISTANT: ['patient', 'visit', 'appointment', 'encounter', 'result', 'consent', 'toldAllergy'],
  DOCTOR: [
    'patient',
    'visit',
    'appointment',
    'draft',
    'final',
    'cancels',
    'result',
    'encounter',
    'consent',
    'opened',
    'toldAllergy',
    'toldCondition',
    'toldVisit',
    'toldPrescription',
    'toldResult',
  ],
  ACCOUNTANT: ['patient', 'visit', 'appointment', 'invoice', 'payment', 'shift', 'consent'],
  INVENTORY: ['item', 'movement'],
  ADMIN: [
    'patient',
    'visit',
    'appointment',
    'invoice',
    'payment',
    'shift',
    'item',
    'movement',
    'consent',
    'opened',
  ],
}

interface Example<C extends CollectionName = CollectionName> {
  collection: C
  document: Documents[C]
}
const example = <C extends CollectionName>(collection: C, document: Documents[C]): Example => ({
  collection,
  document,
})

/** What another clinic of the owner knows. */
function told(body: SharedRecord['body']): Example {
  return example('sharedHistory', sharedRecordOf(body))
}

const EXAMPLES: Record<string, Example> = {
  patient: example('patients', patient),
  visit: example('visits', visitOf()),
  appointment: example('appointments', appointmentOf()),
  encounter: example('encounters', encounter),
  draft: example('prescriptions', prescriptionOf()),
  final: example('prescriptions', prescriptionOf({ status: 'FINAL' })),
  notes: example('entries', entryOf(addendum(null))),
  cancels: example('entries', entryOf(addendum(idOf(800)))),
  result: example('labResults', labResultOf()),
  invoice: example('invoices', invoiceOf()),
  payment: example('entries', payment),
  shift: example(
    'entries',
    entryOf({ kind: 'DRAWER_SHIFT', closes: null, counted: POUND(0), note: null }),
  ),
  item: example('inventory', stockItemOf()),
  movement: example('entries', movement),
  consent: example('entries', entryOf({ kind: 'CONSENT', scope: 'SHARED_HISTORY', given: true })),
  opened: example('entries', entryOf({ kind: 'RECORD_OPENED' })),
  toldAllergy: told({ kind: 'ALLERGY', substance: 'بنسلين', reaction: null }),
  toldCondition: told({ kind: 'CONDITION', name: 'سكري' }),
  toldVisit: told({ kind: 'VISIT', type: 'EXAMINATION', diagnoses: [] }),
  toldPrescription: told({ kind: 'PRESCRIPTION', lines: [], canceled: false }),
  toldResult: told({ kind: 'RESULT', test: 'صورة دم', text: 'سليم' }),
}

describe('who may see what', () => {
  it.each(Role.options)('%s sees what is named for them, and nothing else', (role) => {
    const seen = Object.entries(EXAMPLES).filter(
      ([, { collection, document }]) => project(collection, document, viewer([role])) !== null,
    )
    // A doctor sees vitals and orders of a record that they have not opened: `encounter` is among it.
    expect(seen.map(([name]) => name).toSorted()).toEqual(SEEN[role].toSorted())
  })

  it('hides what is clinical of a patient from the desk, and conditions from the assistant', () => {
    const desk = project('patients', patient, viewer(['RECEPTION']))
    expect(desk).toMatchObject({ name: patient.name, phones: patient.phones })
    expect(desk).not.toHaveProperty('allergies')
    expect(desk).not.toHaveProperty('conditions')
    const assistant = project('patients', patient, viewer(['ASSISTANT']))
    expect(assistant).toHaveProperty('allergies')
    expect(assistant).not.toHaveProperty('conditions')
    expect(project('patients', patient, viewer(['DOCTOR']))).toMatchObject({
      conditions: patient.conditions,
    })
    expect(project('patients', patient, viewer(['ADMIN']))).not.toHaveProperty('allergies')
    expect(project('patients', patient, viewer(['ADMIN', 'DOCTOR']))).toHaveProperty('conditions')
  })

  it('shows notes to the doctor of the visit, and to another once it was opened', () => {
    const opened = viewer(['DOCTOR'], { hasOpened: () => true })
    const own = viewer(['DOCTOR'], { isDoctorOf: () => true })
    expect(project('encounters', encounter, viewer(['DOCTOR']))).not.toHaveProperty('notes')
    expect(project('encounters', encounter, own)).toEqual(encounter)
    expect(project('encounters', encounter, opened)).toEqual(encounter)
    // Opening a record is a doctor's, whatever the entry says.
    const admin = viewer(['ADMIN'], { hasOpened: () => true })
    expect(project('encounters', encounter, admin)).toBeNull()
    expect(project('entries', entryOf(addendum(null)), opened)).not.toBeNull()
  })

  it('shows the assistant what to do and no note, also of what was superseded', () => {
    const by = pick(PEOPLE, 0)
    const lost = encounterOf({
      marks: { notes: { at: stampAt(3), by }, orders: { at: stampAt(4), by } },
      superseded: [
        { id: 'notes:x', field: 'notes', value: 'سر', by, at: stampAt(2) },
        { id: 'orders:x', field: 'orders', value: ['حقنة'], by, at: stampAt(2) },
      ],
    })
    const seen = project('encounters', lost, viewer(['ASSISTANT']))
    expect(seen).toMatchObject({ orders: [], vitals: [] })
    expect(seen?.superseded?.map(({ field }) => field)).toEqual(['orders'])
    expect(Object.keys(seen?.marks ?? {})).toEqual(['orders'])
    expect(JSON.stringify(seen)).not.toContain('سر')
  })

  it("shows the desk its own shift's money, and a doctor that of their own visits", () => {
    const desk = viewer(['RECEPTION'])
    expect(project('entries', payment, desk)).toBeNull()
    expect(project('entries', { ...payment, by: me }, desk)).not.toBeNull()
    expect(project('entries', payment, { ...desk, today: payment.queueDay })).not.toBeNull()
    const doctor = viewer(['DOCTOR'], { isDoctorOf: (id: VisitId) => id === payment.visitId })
    expect(project('entries', payment, doctor)).not.toBeNull()
    expect(project('entries', payment, viewer(['DOCTOR']))).toBeNull()
  })
})

import { randomUUID } from 'node:crypto'
import type { WritableCollection } from '#shared/collections.ts'
import type { Command, CommandName, Write, WriteOf } from '#shared/commands.ts'
import type { VitalSigns } from '#shared/encounter.ts'
import type { EntryBody } from '#shared/entry.ts'
import type { FactId } from '#shared/ids.ts'
import type { Patient } from '#shared/patient.ts'
import {
  appointmentOf,
  encounterOf,
  invoiceOf,
  labResultOf,
  POUND,
  prescriptionOf,
  stockItemOf,
} from '#shared/test-values.ts'
import { type Author, type Desk, newId, type Person, TODAY } from '../sync/test-clinic.ts'
import {
  checkIn,
  editPatient,
  entryOf,
  madeVisit,
  pay,
  refund,
  register,
  step,
} from '../sync/test-commands.ts'

type Maker = () => Command

function write<C extends WritableCollection>(
  collection: C,
  base: WriteOf<C>['base'],
  next: WriteOf<C>['next'],
): Write {
  // Cast: a write of that collection
  return { collection, id: next.id, base, next } as Write
}

/** What a ticket can say; half for each of the two below. */
const LARGEST = 99_998

function numbers(from: number): () => number {
  let count = 0
  return () => from + 1 + (count++ % (LARGEST / 2))
}

/** Each makes a good command, new each time, of those that stations of version 1 make. */
export function queueMakers(desk: Desk, patient: Patient): Maker[] {
  const next = numbers(0)
  const arrival = (): Command => checkIn(desk, 'reception', { number: next() })
  const stands = arrival()
  const visit = madeVisit(stands)
  return [
    () => stands,
    () => register(desk, 'reception'),
    () => editPatient(desk, 'reception', patient, { note: `note ${next()}` }),
    arrival,
    () => step(desk, 'doctor', visit, ['startVisit', 'WITH_DOCTOR']),
    () => step(desk, 'reception', visit, ['cancel', 'CANCELED']),
    () => pay(desk, 'reception', visit, 100),
    () => refund(desk, 'accountant', visit, { paymentId: randomUUID() as never, minor: 10 }),
    () =>
      desk.make('decideQuarantined', 'admin', () => [], {
        decision: { commandId: stands.commandId, accept: true },
      }),
  ]
}

/** The same of what came with version 2: bookings, the clinical record, invoices, stock. */
export function recordMakers(desk: Desk, patient: Patient): Maker[] {
  const next = numbers(LARGEST / 2)
  const open = (): [Command, Command] => {
    const arrival = checkIn(desk, 'reception', { number: next() })
    return [arrival, step(desk, 'doctor', madeVisit(arrival), ['startVisit', 'WITH_DOCTOR'])]
  }
  const inCare = open()
  const over = open()
  over.push(step(desk, 'doctor', madeVisit(over[1]), ['finishVisit', 'DONE']))
  const visit = madeVisit(inCare[1])
  const served = madeVisit(over[1])
  const { clinicId } = desk
  const ofPatient = { clinicId, patientId: visit.patientId }
  const onDay = { ...ofPatient, queueDay: TODAY }
  const ofVisit = { ...onDay, visitId: visit.id }
  /** A document of its own, made by this author. */
  const freshOf = (author: Author) => ({ id: newId<never>(), created: { ...author } })
  const factOf = (author: Author) => ({ id: newId<FactId>(), ...author })
  const made = (name: CommandName, by: Person, make: (author: Author) => Write[]): Maker => {
    return () => desk.make(name, by, make)
  }
  const entry = (name: CommandName, by: Person, body: () => EntryBody): Maker =>
    made(name, by, (author) => {
      const next = entryOf(desk, author, visit, body())
      const isOfVisit = !['STOCK_MOVEMENT', 'CONSENT', 'DRAWER_SHIFT'].includes(next.body.kind)
      return [write('entries', null, isOfVisit ? next : { ...next, visitId: null })]
    })
  let booking = appointmentOf(ofPatient)
  let item = stockItemOf({ clinicId })
  let draft = prescriptionOf({ ...ofVisit })
  return [
    ...[...inCare, ...over].map((command) => () => command),
    made('bookAppointment', 'reception', (author) => {
      const steps = [{ ...factOf(author), status: 'BOOKED' as const, visitId: null, reason: null }]
      const number = { letter: desk.letter, number: next() }
      booking = appointmentOf({ ...ofPatient, ...freshOf(author), number, day: TODAY, steps })
      return [write('appointments', null, booking)]
    }),
    made('moveAppointment', 'reception', ({ at, by }) => {
      const marks = { note: { at, by } }
      return [write('appointments', booking, { ...booking, note: 'later', marks })]
    }),
    made('recordVitals', 'doctor', (author) => {
      const vitals = [{ ...factOf(author), signs: SIGNS, replaces: null }]
      const created = { ...author }
      return [write('encounters', null, encounterOf({ ...onDay, id: visit.id, created, vitals }))]
    }),
    made('writeNotes', 'doctor', (author) => {
      const marks = { notes: { at: author.at, by: author.by } }
      const begun = encounterOf({ ...onDay, id: visit.id, created: { ...author } })
      return [write('encounters', null, { ...begun, notes: `cough ${next()}`, marks })]
    }),
    made('editAllergies', 'doctor', (author) => {
      const told = { substance: 'x', reaction: null, severity: 'MILD' as const, retracts: null }
      return [
        write('patients', patient, { ...patient, allergies: [{ ...factOf(author), ...told }] }),
      ]
    }),
    made('draftPrescription', 'doctor', (author) => {
      draft = prescriptionOf({ ...ofVisit, ...freshOf(author), doctorId: author.by })
      return [write('prescriptions', null, draft)]
    }),
    made('finalizePrescription', 'doctor', (author) => {
      const fresh = { ...freshOf(author), doctorId: author.by }
      const final = prescriptionOf({ ...ofVisit, ...fresh, status: 'FINAL', draftId: draft.id })
      const finals = [{ ...factOf(author), prescriptionId: final.id }]
      return [
        write('prescriptions', null, final),
        write('prescriptions', draft, { ...draft, finals }),
      ]
    }),
    made('orderLab', 'doctor', (author) => {
      return [write('labResults', null, labResultOf({ ...ofVisit, ...freshOf(author) }))]
    }),
    made('fileResult', 'doctor', (author) => {
      const results = [{ ...factOf(author), text: '12', attachments: [] }]
      // Brought from elsewhere.
      const of = { ...onDay, patientId: patient.id, visitId: null, status: 'FILED' as const }
      return [write('labResults', null, labResultOf({ ...of, ...freshOf(author), results }))]
    }),
    made('issueInvoice', 'reception', (author) => {
      const number = { letter: desk.letter, number: next() }
      const fresh = { ...freshOf(author), visitId: served.id, number }
      return [
        write('invoices', null, invoiceOf({ ...onDay, ...fresh, patientId: served.patientId })),
      ]
    }),
    made('saveStockItem', 'admin', (author) => {
      item = stockItemOf({ clinicId, ...freshOf(author) })
      return [write('inventory', null, item)]
    }),
    entry('moveStock', 'admin', () => ({
      kind: 'STOCK_MOVEMENT',
      itemId: item.id,
      reason: 'RECEIVED',
      quantity: 3,
      note: null,
    })),
    entry('waiveFee', 'doctor', () => ({ kind: 'WAIVER', amount: POUND(1), reason: 'x' })),
    entry('openRecord', 'doctor', () => ({ kind: 'RECORD_OPENED' })),
    entry('recordConsent', 'doctor', () => ({
      kind: 'CONSENT',
      scope: 'SHARED_HISTORY',
      given: true,
    })),
    entry('countDrawer', 'accountant', () => ({
      kind: 'DRAWER_SHIFT',
      closes: null,
      counted: POUND(500),
      note: null,
    })),
    entry('appendAddendum', 'doctor', () => ({
      kind: 'ADDENDUM',
      relation: 'NOTE',
      prescriptionId: null,
      replacementId: null,
      text: 'x',
    })),
  ]
}

const SIGNS: VitalSigns = {
  temperature: null,
  pulse: 72,
  respiration: null,
  systolic: null,
  diastolic: null,
  oxygen: null,
  glucose: null,
  weight: null,
  height: null,
  note: null,
}

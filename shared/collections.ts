import { z } from 'zod'
import { Appointment, AppointmentField, bookingCounter, bookingStatus } from './appointment.ts'
import { ClinicDoc } from './clinic.ts'
import type { CollectionRules, MergeFields, Reference, Shown } from './collection-rules.ts'
import { BLANK_ENCOUNTER, Encounter, EncounterField } from './encounter.ts'
import { Entry, type EntryBody, isEntryOf } from './entry.ts'
import { Invoice } from './invoice.ts'
import { LabResult, resultStatus } from './lab-result.ts'
import { Patient, PatientField } from './patient.ts'
import { Prescription, PrescriptionField } from './prescription.ts'
import { SharedRecord } from './shared-record.ts'
import { StockItem, StockItemField } from './stock.ts'
import { Visit, VisitField } from './visit.ts'
import { foldVisit } from './visit-fold.ts'

export const CollectionName = z.enum([
  'clinic',
  'patients',
  'visits',
  'entries',
  'appointments',
  'encounters',
  'prescriptions',
  'invoices',
  'labResults',
  'inventory',
  'sharedHistory',
])
export type CollectionName = z.infer<typeof CollectionName>

/** Collections that commands write; the others are written by the server alone. */
export const WritableCollection = CollectionName.exclude(['clinic', 'sharedHistory'])
export type WritableCollection = z.infer<typeof WritableCollection>

export interface Documents {
  clinic: ClinicDoc
  patients: Patient
  visits: Visit
  entries: Entry
  appointments: Appointment
  encounters: Encounter
  prescriptions: Prescription
  invoices: Invoice
  labResults: LabResult
  inventory: StockItem
  sharedHistory: SharedRecord
}

/** A collection whose documents stand on nothing, carry no number and are read by id alone. */
const PLAIN = {
  refers: () => [],
  visitOf: () => null,
  numbers: () => [],
  withLetter: <D>(document: D) => document,
  indexes: [],
}

/** Merges field by field; what is not said is not there. */
function byFields<D>(rules: Partial<Omit<MergeFields<D>, 'kind'>>): MergeFields<D> {
  return {
    kind: 'FIELDS',
    fields: [],
    unkept: [],
    facts: [],
    steps: null,
    blank: null,
    derive: () => ({}),
    isFrozen: () => false,
    ...rules,
  }
}

/** What of a document with such a head is shown to whom sees no more than that it is there. */
const HEAD = ['id', 'clinicId', 'patientId', 'visitId', 'queueDay', 'created'] as const

/**
 * Every collection of a clinic's partition, and all that is true of its documents: schema, how two
 * histories meet, what stands on what, which fields are shown to whom. At most 12 (RxDB's free limit is
 * 13 per process). Who may write what when is said by the commands (`commands.ts`).
 */
export const COLLECTIONS: { readonly [C in CollectionName]: CollectionRules<Documents[C]> } = {
  clinic: {
    ...PLAIN,
    schema: ClinicDoc,
    merge: { kind: 'SERVER' },
    shows: ({ body }) => {
      switch (body.kind) {
        case 'QUARANTINED':
          return { STAFF: 'ALL' }
        case 'FAVOURITES':
          return { CLINICAL: 'ALL' }
        case 'SETTINGS':
        case 'STAFF':
        case 'DOCTOR':
        case 'PRICE':
        case 'STATION':
          return { EVERYBODY: 'ALL' }
      }
    },
  },
  patients: {
    ...PLAIN,
    schema: Patient,
    merge: byFields({ fields: PatientField.options, facts: ['allergies', 'conditions'] }),
    shows: () => ({
      IDENTITY: [
        ...PatientField.options,
        'id',
        'clinicId',
        'created',
        'possibleDuplicateOf',
        'settled',
      ],
      VITALS: ['allergies'],
      CLINICAL: ['allergies', 'conditions'],
    }),
  },
  visits: {
    ...PLAIN,
    schema: Visit,
    merge: byFields({
      fields: VisitField.options,
      // A place in the line is not something a person wrote; why they were given it is.
      unkept: ['boosted', 'orderKey'],
      facts: ['transitions', 'calls'],
      steps: 'transitions',
      derive: ({ transitions }) => ({ status: foldVisit(transitions).status }),
    }),
    refers: ({ patientId, mergedInto }) => [
      to('patients', patientId),
      ...(mergedInto === null ? [] : [to('visits', mergedInto)]),
    ],
    numbers: ({ queueDay, ticket }) => [{ counter: `ticket:${queueDay}`, ...ticket }],
    withLetter: (visit, letter) => ({ ...visit, ticket: { ...visit.ticket, letter } }),
    indexes: ['queueDay', ['patientId', 'queueDay'], 'status'],
    shows: () => ({ QUEUE: 'ALL' }),
  },
  entries: {
    ...PLAIN,
    schema: Entry,
    merge: { kind: 'ONCE' },
    refers: ({ visitId, patientId, body }) => [
      ...(visitId === null ? [] : [to('visits', visitId)]),
      ...(visitId !== null || patientId === null ? [] : [to('patients', patientId)]),
      ...bodyRefers(body),
    ],
    visitOf: ({ visitId }) => visitId,
    numbers: ({ body }) =>
      body.kind === 'PAYMENT' ? [{ counter: 'receipt', ...body.receipt }] : [],
    withLetter: (entry, letter) =>
      isEntryOf(entry, 'PAYMENT')
        ? { ...entry, body: { ...entry.body, receipt: { ...entry.body.receipt, letter } } }
        : entry,
    indexes: ['queueDay', 'visitId', 'patientId'],
    shows: ({ body }) => shownEntry(body),
  },
  appointments: {
    ...PLAIN,
    schema: Appointment,
    merge: byFields({
      fields: AppointmentField.options,
      unkept: ['number'],
      facts: ['steps'],
      steps: 'steps',
      derive: ({ steps }) => ({ status: bookingStatus(steps) }),
    }),
    refers: ({ patientId, steps }) => [
      to('patients', patientId),
      ...steps.flatMap(({ visitId }) => (visitId === null ? [] : [to('visits', visitId)])),
    ],
    numbers: (booking) => [{ counter: bookingCounter(booking), ...booking.number }],
    withLetter: (booking, letter) => ({ ...booking, number: { ...booking.number, letter } }),
    indexes: ['day', 'patientId'],
    shows: () => ({ QUEUE: 'ALL' }),
  },
  encounters: {
    ...PLAIN,
    schema: Encounter,
    merge: byFields<Encounter>({
      fields: EncounterField.options,
      facts: ['vitals'],
      blank: BLANK_ENCOUNTER,
    }),
    refers: ({ id }) => [to('visits', id)],
    visitOf: ({ id }) => id,
    indexes: ['patientId'],
    // To whom has not opened it, a doctor too: what was measured and what is to be done.
    shows: () => ({
      VITALS: [...HEAD, 'vitals', 'orders'],
      RECORD: 'ALL',
    }),
  },
  prescriptions: {
    ...PLAIN,
    schema: Prescription,
    merge: byFields({
      fields: PrescriptionField.options,
      facts: ['finals'],
      isFrozen: ({ status }) => status === 'FINAL',
    }),
    refers: ({ visitId, draftId }) => [
      to('visits', visitId),
      ...(draftId === null ? [] : [to('prescriptions', draftId)]),
    ],
    visitOf: ({ visitId }) => visitId,
    indexes: ['visitId', 'patientId'],
    shows: ({ status }) => ({
      CLINICAL: 'ALL',
      ...(status === 'FINAL' ? { FINAL_PRESCRIPTIONS: 'ALL' } : {}),
    }),
  },
  invoices: {
    ...PLAIN,
    schema: Invoice,
    merge: { kind: 'ONCE' },
    refers: ({ visitId }) => [to('visits', visitId)],
    visitOf: ({ visitId }) => visitId,
    numbers: ({ number }) => [{ counter: 'invoice', ...number }],
    withLetter: (invoice, letter) => ({ ...invoice, number: { ...invoice.number, letter } }),
    indexes: ['queueDay', 'visitId'],
    shows: () => MONEY,
  },
  labResults: {
    ...PLAIN,
    schema: LabResult,
    merge: byFields({
      facts: ['results', 'reviews'],
      derive: (result) => ({ status: resultStatus(result) }),
    }),
    // By whose visits of the day it is judged.
    refers: ({ visitId, patientId }) => [
      to('patients', patientId),
      ...(visitId === null ? [] : [to('visits', visitId)]),
    ],
    visitOf: ({ visitId }) => visitId,
    indexes: ['patientId', 'status'],
    // What was ordered; what was found is the doctor's.
    shows: () => ({ VITALS: [...HEAD, 'test', 'instructions', 'status'], CLINICAL: 'ALL' }),
  },
  inventory: {
    ...PLAIN,
    schema: StockItem,
    merge: byFields({ fields: StockItemField.options }),
    shows: () => ({ STOCK: 'ALL' }),
  },
  sharedHistory: {
    ...PLAIN,
    schema: SharedRecord,
    merge: { kind: 'SERVER' },
    indexes: ['patientId'],
    shows: ({ body }) => ({
      CLINICAL: 'ALL',
      ...(body.kind === 'ALLERGY' ? { VITALS: 'ALL' } : {}),
    }),
  },
}

function to(collection: CollectionName, id: string): Reference {
  return { collection, id }
}

/** Another's money is shown to who keeps the accounts; of one's own shift and visits, one's own. */
const MONEY: Shown = { ALL_MONEY: 'ALL', OWN_SHIFT_MONEY: 'ALL', OWN_EARNINGS: 'ALL' }

function bodyRefers(body: EntryBody): Reference[] {
  switch (body.kind) {
    case 'REFUND':
      return [to('entries', body.paymentId)]
    case 'INVOICE_VOID':
      return [to('invoices', body.invoiceId)]
    case 'ADDENDUM':
      return [body.prescriptionId, body.replacementId].flatMap((id) =>
        id === null ? [] : [to('prescriptions', id)],
      )
    case 'STOCK_MOVEMENT':
      return [to('inventory', body.itemId)]
    case 'DRAWER_SHIFT':
      return body.closes === null ? [] : [to('entries', body.closes)]
    case 'PAYMENT':
    case 'WAIVER':
    case 'CONSENT':
    case 'RECORD_OPENED':
      return []
  }
}

function shownEntry(body: EntryBody): Shown {
  switch (body.kind) {
    case 'PAYMENT':
    case 'REFUND':
    case 'WAIVER':
    case 'INVOICE_VOID':
      return MONEY
    case 'DRAWER_SHIFT':
      return { ALL_MONEY: 'ALL', OWN_SHIFT_MONEY: 'ALL' }
    case 'ADDENDUM':
      // Who prints a prescription must know that it was cancelled.
      return body.prescriptionId === null
        ? { RECORD: 'ALL' }
        : { CLINICAL: 'ALL', FINAL_PRESCRIPTIONS: 'ALL' }
    case 'STOCK_MOVEMENT':
      return { STOCK: 'ALL' }
    case 'CONSENT':
      return { IDENTITY: 'ALL' }
    case 'RECORD_OPENED':
      return { CLINICAL: 'ALL', STAFF: 'ALL' }
  }
}

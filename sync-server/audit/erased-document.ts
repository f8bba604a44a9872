import type { CollectionName, Documents } from '#shared/collections.ts'
import { EncounterField } from '#shared/encounter.ts'
import type { Mark } from '#shared/fields.ts'
import { type Patient, type PatientDraft, PatientField } from '#shared/patient.ts'
import { PrescriptionField } from '#shared/prescription.ts'

/** What stands where a name or a text stood that must not be empty; `without_texts` in SQL says the same. */
const ERASED = '——'

/** Collections with documents about one patient. What the server alone writes is not among them. */
export type ErasedCollection = Exclude<CollectionName, 'clinic' | 'inventory' | 'sharedHistory'>

/** Written once: only the database itself takes its texts out (`erase_written_once`). */
export function isWrittenOnce<C extends ErasedCollection>(
  collection: C,
  document: Documents[C],
): boolean {
  if (collection === 'entries' || collection === 'invoices') return true
  return collection === 'prescriptions' && Reflect.get(document, 'status') === 'FINAL'
}

/** Whether a document that is written once has anything to take out: money in and consents have no words. */
export function hasTexts(document: Documents['entries' | 'invoices' | 'prescriptions']): boolean {
  if (!('body' in document)) return true
  const { body } = document
  return 'reason' in body || 'text' in body || ('note' in body && body.note !== null)
}

type Erasers = {
  readonly [C in Exclude<ErasedCollection, 'entries' | 'invoices'>]: (
    document: Documents[C],
    mark: Mark,
  ) => Documents[C]
}

/**
 * What is left of each. Fields are set anew, by the server: by that it says that they are erased
 * (`isErased`), and whatever a desk still sends about them is refused. What was measured, done and when
 * stays, under ids that name nobody.
 */
export const ERASERS: Erasers = {
  patients: withoutIdentity,
  visits: (visit, mark) => ({
    ...visit,
    orderReason: null,
    transitions: visit.transitions.map((step) => ({ ...step, reason: null })),
    superseded: [],
    marks: { ...visit.marks, orderReason: mark },
  }),
  appointments: (booking, mark) => ({
    ...booking,
    note: null,
    steps: booking.steps.map((step) => ({ ...step, reason: null })),
    superseded: [],
    marks: { ...booking.marks, note: mark },
  }),
  encounters: (encounter, mark) => ({
    ...encounter,
    complaint: null,
    notes: null,
    diagnoses: [],
    plan: null,
    orders: [],
    vitals: encounter.vitals.map((reading) => ({
      ...reading,
      signs: { ...reading.signs, note: null },
    })),
    superseded: [],
    marks: marked(EncounterField.options, mark),
  }),
  prescriptions: (draft, mark) => ({
    ...draft,
    lines: [],
    note: null,
    superseded: [],
    marks: marked(PrescriptionField.options, mark),
  }),
  labResults: (result) => ({
    ...result,
    test: ERASED,
    instructions: null,
    results: result.results.map((filed) => ({ ...filed, text: ERASED, attachments: [] })),
    reviews: result.reviews.map((review) => ({ ...review, note: null })),
  }),
}

function withoutIdentity(patient: Patient, mark: Mark): Patient {
  const empty = {
    name: ERASED,
    phones: [],
    nationalId: null,
    birthDate: null,
    sex: null,
    fileNumber: null,
    address: null,
    note: null,
  } satisfies PatientDraft
  return {
    ...patient,
    ...empty,
    possibleDuplicateOf: null,
    allergies: [],
    conditions: [],
    superseded: [],
    marks: marked(PatientField.options, mark),
  }
}

function marked<F extends string>(fields: readonly F[], mark: Mark): Partial<Record<F, Mark>> {
  // Cast: each of the names
  return Object.fromEntries(fields.map((field) => [field, mark])) as Partial<Record<F, Mark>>
}

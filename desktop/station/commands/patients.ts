import type { Write } from '#shared/commands.ts'
import { AppError } from '#shared/errors.ts'
import type { Mark } from '#shared/fields.ts'
import { PatientId } from '#shared/ids.ts'
import { type Patient, type PatientDraft, PatientField } from '#shared/patient.ts'
import type { CommandDraft, CommandTx } from '../replica/replica.ts'
import { requirePatient } from './record-change.ts'
import { keepDraft, phoneCountryOf } from './patient-draft.ts'
import { ownFact } from './visit-change.ts'

export function registerPatient(
  tx: CommandTx,
  draft: PatientDraft,
): CommandDraft<{ patientId: PatientId; possibleDuplicateOf: PatientId | null }> {
  const patient = makePatient(tx, draft)
  return {
    name: 'registerPatient',
    writes: [newPatientWrite(patient)],
    output: { patientId: patient.id, possibleDuplicateOf: patient.possibleDuplicateOf },
  }
}

/** A patient as the present command registers them, flagged if a namesake has the same phone. */
export function makePatient(tx: CommandTx, draft: PatientDraft): Patient {
  const kept = keepDraft(draft, phoneCountryOf(tx.settings().currency))
  return {
    id: PatientId.parse(tx.newId()),
    clinicId: tx.clinicId,
    ...kept,
    possibleDuplicateOf: findNamesake(tx, kept),
    allergies: [],
    conditions: [],
    created: ownFact(tx),
    marks: {},
    superseded: [],
    settled: [],
  }
}

/** By each of the phones; by the name alone for who has none. */
function findNamesake(tx: CommandTx, { name, phones }: PatientDraft): PatientId | null {
  for (const phone of phones.length === 0 ? [null] : phones) {
    const [first] = tx.namesakes(name, phone)
    if (first !== undefined) return first
  }
  return null
}

export function newPatientWrite(patient: Patient): Write {
  return { collection: 'patients', id: patient.id, base: null, next: patient }
}

/** What was entered, as far as it differs from what stands. */
export type PatientChanges = { [F in keyof PatientDraft]?: PatientDraft[F] | undefined }

/**
 * Only the fields that differ are set and marked: an unchanged field sent along must not beat what
 * another station writes into it meanwhile.
 *
 * @returns null if nothing differs: there is nothing to write
 * @throws AppError NOT_FOUND, INVALID
 */
export function editedPatient(
  patient: Patient,
  changes: PatientChanges,
  { mark, currency }: { mark: Mark; currency: Parameters<typeof phoneCountryOf>[0] },
): Patient | null {
  const entered = definedFields(changes)
  const kept = keepDraft(entered, phoneCountryOf(currency))
  const changed = PatientField.options.filter(
    (field) =>
      Object.hasOwn(kept, field) && JSON.stringify(kept[field]) !== JSON.stringify(patient[field]),
  )
  if (changed.length === 0) return null
  const fields = Object.fromEntries(changed.map((field) => [field, kept[field]]))
  const marks = Object.fromEntries(changed.map((field) => [field, mark]))
  return { ...patient, ...fields, marks: { ...patient.marks, ...marks } }
}

function definedFields(changes: PatientChanges): Partial<PatientDraft> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
}

/** @throws AppError NOT_FOUND, INVALID; INVALID with issue `changes` if nothing differs */
export function editPatient(
  tx: CommandTx,
  input: { patientId: PatientId; changes: PatientChanges },
): CommandDraft<Record<string, never>> {
  const patient = requirePatient(tx, input.patientId)
  const mark = { at: tx.at, by: tx.by }
  const next = editedPatient(patient, input.changes, { mark, currency: tx.settings().currency })
  if (next === null) throw new AppError('INVALID', { issues: ['changes'] })
  return {
    name: 'editPatient',
    writes: [{ collection: 'patients', id: patient.id, base: patient, next }],
    output: {},
  }
}

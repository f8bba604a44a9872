import { BLANK_ENCOUNTER, type Encounter, EncounterField } from '#shared/encounter.ts'
import type { EntryBody } from '#shared/entry.ts'
import { AppError } from '#shared/errors.ts'
import { type EntryId, LabResultId, PrescriptionId, type VisitId } from '#shared/ids.ts'
import { type LabResult, resultStatus } from '#shared/lab-result.ts'
import { type Prescription, PrescriptionField } from '#shared/prescription.ts'
import type { ActionInput } from '../contract/actions.ts'
import type { CommandDraft, CommandTx } from '../replica/replica.ts'
import {
  changedFields,
  factOfVisit,
  freshRecord,
  headOf,
  marksOf,
  newFact,
  recordWrite,
  requirePatient,
  requireRecord,
  visitHead,
} from './record-change.ts'
import { requireVisit } from './visit-change.ts'
import { type Nothing, today } from './visit-steps.ts'

/** The visit's encounter as it stands, or a blank one that the command begins. */
function encounterOf(
  tx: CommandTx,
  visitId: VisitId,
): { base: Encounter | null; begun: Encounter } {
  const visit = requireVisit(tx, visitId)
  const base = tx.find('encounters', visitId)
  const blank = { id: visitId, ...headOf(visit), ...BLANK_ENCOUNTER, marks: {}, ...freshRecord(tx) }
  return { base, begun: base ?? blank }
}

/** @throws AppError NOT_FOUND; INVALID if nothing differs */
export function writeNotes(
  tx: CommandTx,
  { visitId, ...entered }: ActionInput<'writeNotes'>,
): CommandDraft<Nothing> {
  const { base, begun } = encounterOf(tx, visitId)
  const fields = changedFields(begun, entered, EncounterField.options)
  if (fields.length === 0) throw new AppError('INVALID', { issues: ['changes'] })
  const values = Object.fromEntries(fields.map((field) => [field, entered[field]]))
  const next = { ...begun, ...values, marks: { ...begun.marks, ...marksOf(tx, fields) } }
  return { name: 'writeNotes', writes: [recordWrite('encounters', base, next)], output: {} }
}

export function recordVitals(
  tx: CommandTx,
  { visitId, signs, replaces }: ActionInput<'recordVitals'>,
): CommandDraft<Nothing> {
  const isEmpty = Object.values(signs).every((sign) => sign === null)
  if (isEmpty) throw new AppError('INVALID', { issues: ['signs'] })
  const { base, begun } = encounterOf(tx, visitId)
  const vitals = [...begun.vitals, { ...newFact(tx), signs, replaces }]
  const next = { ...begun, vitals }
  return { name: 'recordVitals', writes: [recordWrite('encounters', base, next)], output: {} }
}

/** Adds to what is known, and takes back what was wrong; nothing is ever overwritten. */
export function editAllergies(
  tx: CommandTx,
  { patientId, allergies, conditions }: ActionInput<'editAllergies'>,
): CommandDraft<Nothing> {
  const patient = requirePatient(tx, patientId)
  const next = {
    ...patient,
    allergies: [...patient.allergies, ...allergies.map((one) => ({ ...newFact(tx), ...one }))],
    conditions: [...patient.conditions, ...conditions.map((one) => ({ ...newFact(tx), ...one }))],
  }
  return { name: 'editAllergies', writes: [recordWrite('patients', patient, next)], output: {} }
}

/** Begins a draft, or writes on in one. */
export function draftPrescription(
  tx: CommandTx,
  { visitId, prescriptionId, ...entered }: ActionInput<'draftPrescription'>,
): CommandDraft<{ prescriptionId: PrescriptionId }> {
  const base = prescriptionId === null ? null : requireRecord(tx, 'prescriptions', prescriptionId)
  const next = base === null ? newDraft(tx, visitId, entered) : editedDraft(tx, base, entered)
  return {
    name: 'draftPrescription',
    writes: [recordWrite('prescriptions', base, next)],
    output: { prescriptionId: next.id },
  }
}

type Drafted = Pick<Prescription, 'lines' | 'note'>

function newDraft(tx: CommandTx, visitId: VisitId, entered: Drafted): Prescription {
  return {
    id: PrescriptionId.parse(tx.newId()),
    ...visitHead(requireVisit(tx, visitId)),
    doctorId: tx.by,
    status: 'DRAFT',
    draftId: null,
    ...entered,
    finals: [],
    marks: {},
    ...freshRecord(tx),
  }
}

/** @throws AppError INVALID if nothing differs */
function editedDraft(tx: CommandTx, base: Prescription, entered: Drafted): Prescription {
  const fields = changedFields(base, entered, PrescriptionField.options)
  if (fields.length === 0) throw new AppError('INVALID', { issues: ['changes'] })
  return { ...base, ...entered, marks: { ...base.marks, ...marksOf(tx, fields) } }
}

/**
 * Makes of a draft, as it stands here, a prescription that never changes; the draft remembers what it
 * became.
 */
export function finalizePrescription(
  tx: CommandTx,
  { prescriptionId }: ActionInput<'finalizePrescription'>,
): CommandDraft<{ prescriptionId: PrescriptionId }> {
  const draft = requireRecord(tx, 'prescriptions', prescriptionId)
  const { visitId, lines, note } = draft
  if (lines.length === 0) throw new AppError('INVALID', { issues: ['lines'] })
  const written = newDraft(tx, visitId, { lines, note })
  const final: Prescription = { ...written, status: 'FINAL', draftId: draft.id }
  const finals = [...draft.finals, { ...newFact(tx), prescriptionId: final.id }]
  return {
    name: 'finalizePrescription',
    writes: [
      recordWrite('prescriptions', null, final),
      recordWrite('prescriptions', draft, { ...draft, finals }),
    ],
    output: { prescriptionId: final.id },
  }
}

export function appendAddendum(
  tx: CommandTx,
  { visitId, ...addendum }: ActionInput<'appendAddendum'>,
): CommandDraft<{ entryId: EntryId }> {
  return appendEntry(tx, 'appendAddendum', { visitId, body: { kind: 'ADDENDUM', ...addendum } })
}

/** So that it is known who looked into another doctor's record; only then is it shown. */
export function openRecord(
  tx: CommandTx,
  { visitId }: ActionInput<'openRecord'>,
): CommandDraft<{ entryId: EntryId }> {
  return appendEntry(tx, 'openRecord', { visitId, body: { kind: 'RECORD_OPENED' } })
}

/** A fact that is appended to a visit. */
export function appendEntry(
  tx: CommandTx,
  name: CommandDraft<never>['name'],
  { visitId, body }: { visitId: VisitId; body: EntryBody },
): CommandDraft<{ entryId: EntryId }> {
  const entry = { ...factOfVisit(tx, requireVisit(tx, visitId)), body }
  return { name, writes: [recordWrite('entries', null, entry)], output: { entryId: entry.id } }
}

export function orderLab(
  tx: CommandTx,
  { visitId, test, instructions }: ActionInput<'orderLab'>,
): CommandDraft<{ labResultId: LabResultId }> {
  const result = newResult(tx, { ...visitHead(requireVisit(tx, visitId)), test, instructions })
  return {
    name: 'orderLab',
    writes: [recordWrite('labResults', null, result)],
    output: { labResultId: result.id },
  }
}

function newResult(
  tx: CommandTx,
  said: Pick<
    LabResult,
    'clinicId' | 'visitId' | 'patientId' | 'queueDay' | 'test' | 'instructions'
  >,
): LabResult {
  return {
    id: LabResultId.parse(tx.newId()),
    ...said,
    status: 'ORDERED',
    results: [],
    reviews: [],
    marks: {},
    ...freshRecord(tx),
  }
}

/** Under what was ordered, or of what a patient brought along from elsewhere. */
export function fileResult(
  tx: CommandTx,
  { about, text, attachments }: ActionInput<'fileResult'>,
): CommandDraft<{ labResultId: LabResultId }> {
  if (text === '' && attachments.length === 0) throw new AppError('INVALID', { issues: ['text'] })
  const base = about.kind === 'ORDERED' ? requireRecord(tx, 'labResults', about.labResultId) : null
  const standing = base ?? (about.kind === 'BROUGHT' ? broughtResult(tx, about) : null)
  if (standing === null) throw new AppError('NOT_FOUND')
  const results = [...standing.results, { ...newFact(tx), text, attachments }]
  return resultDraft('fileResult', base, { ...standing, results })
}

function broughtResult(
  tx: CommandTx,
  { patientId, test }: Extract<ActionInput<'fileResult'>['about'], { kind: 'BROUGHT' }>,
): LabResult {
  const { clinicId } = requirePatient(tx, patientId)
  const head = { clinicId, patientId, visitId: null, queueDay: today(tx) }
  return newResult(tx, { ...head, test, instructions: null })
}

/** Of all results there are: one that is filed later asks to be looked at again. */
export function reviewResult(
  tx: CommandTx,
  { labResultId, note }: ActionInput<'reviewResult'>,
): CommandDraft<{ labResultId: LabResultId }> {
  const base = requireRecord(tx, 'labResults', labResultId)
  const resultIds = base.results.map(({ id }) => id)
  if (resultIds.length === 0) throw new AppError('INVALID', { issues: ['labResultId'] })
  const reviews = [...base.reviews, { ...newFact(tx), resultIds, note }]
  return resultDraft('reviewResult', base, { ...base, reviews })
}

function resultDraft(
  name: 'fileResult' | 'reviewResult',
  base: LabResult | null,
  next: LabResult,
): CommandDraft<{ labResultId: LabResultId }> {
  const whole = { ...next, status: resultStatus(next) }
  return {
    name,
    writes: [recordWrite('labResults', base, whole)],
    output: { labResultId: next.id },
  }
}

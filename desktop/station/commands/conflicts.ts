import type { Write } from '#shared/commands.ts'
import { AppError } from '#shared/errors.ts'
import type { Superseded } from '#shared/fields.ts'
import type { CommandId, VisitId } from '#shared/ids.ts'
import { type Patient, PatientDraft, PatientField } from '#shared/patient.ts'
import { MERGED_REASON } from '#shared/visit.ts'
import type { CommandDraft, CommandTx } from '../replica/replica.ts'
import { duplicateVisits } from './duplicate-visits.ts'
import type { InboxSubject } from './inbox-item-id.ts'
import { requireRight } from './rights.ts'
import { appendStep, requireVisit, setVisitFields, visitWrite } from './visit-change.ts'
import type { Nothing } from './visit-steps.ts'

/** A person says that two visits of a patient's day are one: the other is cancelled into it. */
export function mergeVisits(
  tx: CommandTx,
  input: { keep: VisitId; merge: VisitId },
): CommandDraft<Nothing> {
  const keep = requireVisit(tx, input.keep)
  const merge = requireVisit(tx, input.merge)
  const fits =
    keep.id !== merge.id &&
    keep.patientId === merge.patientId &&
    keep.doctorId === merge.doctorId &&
    keep.queueDay === merge.queueDay &&
    keep.status !== 'CANCELED' &&
    keep.status !== 'NO_SHOW'
  if (!fits) throw new AppError('INVALID', { issues: ['keep'] })
  const canceled = appendStep(tx, merge, { status: 'CANCELED', reason: MERGED_REASON })
  const next = setVisitFields(tx, canceled, { mergedInto: keep.id })
  return { name: 'mergeVisits', writes: [visitWrite(merge, next)], output: {} }
}

export type Conflict = Exclude<InboxSubject, { kind: 'HELD' | 'REJECTED' | 'QUARANTINED' }>

/**
 * KEEP: what stands, stands. RESTORE: the lost value is put back, as this person's edit.
 *
 * @throws AppError NOT_FOUND if it was settled meanwhile; INVALID if it cannot be restored
 */
export function settleConflict(
  tx: CommandTx,
  conflict: Conflict,
  choice: 'KEEP' | 'RESTORE',
): CommandDraft<Nothing> {
  const canRestore = conflict.kind === 'SUPERSEDED' && conflict.collection === 'patients'
  if (choice === 'RESTORE' && !canRestore) throw new AppError('INVALID', { issues: ['choice'] })
  return { name: 'settleConflict', writes: [settlingWrite(tx, conflict, choice)], output: {} }
}

function settlingWrite(tx: CommandTx, conflict: Conflict, choice: 'KEEP' | 'RESTORE'): Write {
  switch (conflict.kind) {
    case 'OVERRULED':
      return settleVisit(tx, conflict.visitId, [conflict.transitionId])
    case 'DUPLICATE_VISIT':
      return settleVisit(tx, conflict.visitId, othersLike(tx, conflict.visitId))
    case 'SUPERSEDED':
      return conflict.collection === 'visits'
        ? settleVisit(tx, conflict.documentId, [conflict.supersededId])
        : settlePatient(tx, conflict.documentId, { lost: conflict.supersededId, choice })
  }
}

function settleVisit(tx: CommandTx, visitId: VisitId, ids: readonly string[]): Write {
  const visit = requireVisit(tx, visitId)
  const open = ids.filter((id) => !visit.settled.includes(id))
  const known = [
    ...visit.transitions.map(({ id }) => id),
    ...visit.superseded.map(({ id }) => id),
    ...othersLike(tx, visitId),
  ]
  if (open.length === 0 || !open.every((id) => known.includes(id))) throw new AppError('NOT_FOUND')
  return visitWrite(visit, { ...visit, settled: [...visit.settled, ...open] })
}

function othersLike(tx: CommandTx, visitId: VisitId): VisitId[] {
  const visit = requireVisit(tx, visitId)
  const groups = duplicateVisits(tx.visitsOfDay(visit.queueDay))
  const group = groups.find((visits) => visits.some(({ id }) => id === visitId)) ?? []
  return group.flatMap(({ id }) => (id === visitId ? [] : [id]))
}

function settlePatient(
  tx: CommandTx,
  patientId: string,
  { lost, choice }: { lost: string; choice: 'KEEP' | 'RESTORE' },
): Write {
  const patient = tx.patient(patientId)
  const superseded = patient?.superseded.find(({ id }) => id === lost)
  if (patient === null || superseded === undefined || patient.settled.includes(lost)) {
    throw new AppError('NOT_FOUND')
  }
  const settled: Patient = { ...patient, settled: [...patient.settled, lost] }
  const next = choice === 'RESTORE' ? restoreValue(tx, settled, superseded) : settled
  return { collection: 'patients', id: patient.id, base: patient, next }
}

function restoreValue(tx: CommandTx, patient: Patient, lost: Superseded): Patient {
  const field = PatientField.safeParse(lost.field)
  if (!field.success || !PatientDraft.shape[field.data].safeParse(lost.value).success) {
    throw new AppError('INVALID', { issues: ['choice'] })
  }
  const marks = { ...patient.marks, [field.data]: { at: tx.at, by: tx.by } }
  return { ...patient, [field.data]: lost.value, marks }
}

/** @throws AppError NOT_FOUND if nothing of that id waits for a decision */
export function decideQuarantined(
  tx: CommandTx,
  decision: { commandId: CommandId; accept: boolean },
): CommandDraft<Nothing> {
  requireRight(tx, 'NONE', 'DECIDE_QUARANTINE')
  const waits = tx
    .quarantined()
    .some((item) => item.commandId === decision.commandId && item.decision === 'PENDING')
  if (!waits) throw new AppError('NOT_FOUND')
  return { name: 'decideQuarantined', writes: [], decision, output: {} }
}

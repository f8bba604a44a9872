import type { Write } from '#shared/commands.ts'
import { AppError } from '#shared/errors.ts'
import { type CommandId, VisitId } from '#shared/ids.ts'
import { MERGED_REASON } from '#shared/visit.ts'
import type { CommandDraft, CommandTx } from '../replica/replica.ts'
import { duplicateVisits } from './duplicate-visits.ts'
import type { InboxSubject } from './inbox-item-id.ts'
import { requireRight } from './rights.ts'
import { type RecordSubject, type Settlement, settleRecord } from './superseded.ts'
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

export type Conflict = Exclude<InboxSubject, { commandId: CommandId }>

/** @throws AppError NOT_FOUND if it was settled meanwhile; INVALID if it cannot be settled so */
export function settleConflict(
  tx: CommandTx,
  conflict: Conflict,
  choice: Settlement,
): CommandDraft<Nothing> {
  const write = isOfRecord(conflict)
    ? settleRecord(tx, conflict, choice)
    : settleVisit(tx, conflict, choice)
  return { name: 'settleConflict', writes: [write], output: {} }
}

function isOfRecord(conflict: Conflict): conflict is RecordSubject {
  return conflict.kind === 'SUPERSEDED' && conflict.collection !== 'visits'
}

/** What of a visit was overruled or lost is seen and let be: to change it again is a command of its own. */
function settleVisit(
  tx: CommandTx,
  conflict: Exclude<Conflict, RecordSubject>,
  choice: Settlement,
): Write {
  if (choice !== 'KEEP') throw new AppError('INVALID', { issues: ['choice'] })
  switch (conflict.kind) {
    case 'OVERRULED':
      return noteSettled(tx, conflict.visitId, [conflict.transitionId])
    case 'DUPLICATE_VISIT':
      return noteSettled(tx, conflict.visitId, othersLike(tx, conflict.visitId))
    case 'SUPERSEDED':
      return noteSettled(tx, VisitId.parse(conflict.documentId), [conflict.supersededId])
  }
}

function noteSettled(tx: CommandTx, visitId: VisitId, ids: readonly string[]): Write {
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

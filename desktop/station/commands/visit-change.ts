import type { Write } from '#shared/commands.ts'
import { AppError } from '#shared/errors.ts'
import type { Mark } from '#shared/fields.ts'
import { type StationId, TransitionId, type UserId, type VisitId } from '#shared/ids.ts'
import type { VisitStatus } from '#shared/roles.ts'
import type { Stamp } from '#shared/stamp.ts'
import { type Visit, VisitField } from '#shared/visit.ts'
import { foldVisit } from '#shared/visit-fold.ts'
import type { CommandTx } from '../replica/replica.ts'

/** Who made a fact, when and where: the command's own, or the judge refuses it as forged. */
export function ownFact(tx: CommandTx): { at: Stamp; by: UserId; stationId: StationId } {
  return { at: tx.at, by: tx.by, stationId: tx.stationId }
}

/** @throws AppError NOT_FOUND */
export function requireVisit(tx: CommandTx, visitId: VisitId): Visit {
  const visit = tx.visit(visitId)
  if (visit === null) throw new AppError('NOT_FOUND')
  return visit
}

interface Step {
  status: VisitStatus
  reason?: string | null
  undoes?: TransitionId
}

/** The visit with one more step. Whether the step is lawful, the judge says. */
export function appendStep(tx: CommandTx, visit: Visit, step: Step): Visit {
  const transition = {
    id: TransitionId.parse(tx.newId()),
    status: step.status,
    ...ownFact(tx),
    undoes: step.undoes ?? null,
    reason: step.reason ?? null,
  }
  const transitions = [...visit.transitions, transition]
  return { ...visit, transitions, status: foldVisit(transitions).status }
}

/** The visit with these fields set and marked, so that each merges by itself. */
export function setVisitFields(
  tx: CommandTx,
  visit: Visit,
  fields: Partial<Pick<Visit, VisitField>>,
): Visit {
  const mark: Mark = { at: tx.at, by: tx.by }
  const marks = { ...visit.marks }
  for (const field of VisitField.options) if (Object.hasOwn(fields, field)) marks[field] = mark
  return { ...visit, ...fields, marks }
}

export function visitWrite(base: Visit | null, next: Visit): Write {
  return { collection: 'visits', id: next.id, base, next }
}

import { AppError } from '#shared/errors.ts'
import type { UserId, VisitId } from '#shared/ids.ts'
import { keyBetween, placeAfterSkip, placeBefore, type PlaceInLine } from '#shared/queue-order.ts'
import type { Priority, Visit } from '#shared/visit.ts'
import type { CommandDraft, CommandTx } from '../replica/replica.ts'
import { requirePriority } from './check-in.ts'
import { requireDoctor } from './lines.ts'
import { endOfLine, lineOf, ORDER_REASON, sameRank } from './line.ts'
import { requireRight } from './rights.ts'
import { appendStep, requireVisit, setVisitFields, visitWrite } from './visit-change.ts'
import type { Nothing } from './visit-steps.ts'

/** @throws AppError LAST_IN_LINE */
export function skip(tx: CommandTx, visitId: VisitId): CommandDraft<Nothing> {
  const visit = requireVisit(tx, visitId)
  requireRight(tx, visit.status, 'SKIP')
  const settings = tx.settings()
  const line = lineOf(tx, visit.doctorId, visit.queueDay)
  const place = placeAfterSkip(line, visitId, settings.skipPlaces, settings)
  if (place === null) throw new AppError('LAST_IN_LINE')
  const next = standAt(tx, visit, { line, place, reason: ORDER_REASON.skipped })
  return { name: 'skip', writes: [visitWrite(visit, next)], output: {} }
}

/**
 * To where a person puts them among those who wait in the same line, for the reason they give.
 *
 * @throws AppError INVALID if they stand there already or are not in one line, PRIORITY_AHEAD
 */
export function reorder(
  tx: CommandTx,
  input: { visitId: VisitId; before: VisitId | null; reason: string },
): CommandDraft<Nothing> {
  const { visitId, before, reason } = input
  const visit = requireVisit(tx, visitId)
  requireRight(tx, visit.status, 'SKIP')
  const line = lineOf(tx, visit.doctorId, visit.queueDay)
  const ids = line.map(({ id }) => id)
  const isAfter = ids[ids.indexOf(visitId) + 1] ?? null
  if (!ids.includes(visitId) || (before !== null && !ids.includes(before)) || before === isAfter) {
    throw new AppError('INVALID', { issues: ['before'] })
  }
  const place = placeBefore(line, visitId, before, tx.settings())
  if (place === null) throw new AppError('PRIORITY_AHEAD')
  const next = standAt(tx, visit, { line, place, reason })
  return { name: 'reorder', writes: [visitWrite(visit, next)], output: {} }
}

function standAt(
  tx: CommandTx,
  visit: Visit,
  { line, place, reason }: { line: readonly Visit[]; place: PlaceInLine; reason: string },
): Visit {
  const others = line.filter((other) => other.id !== visit.id)
  const equals = sameRank(others, { ...visit, ...place }, tx.settings())
  const isLast = equals.every((other) => other.orderKey < place.orderKey)
  return setVisitFields(tx, visit, {
    orderKey: isLast ? endOfLine(others, tx.at) : place.orderKey,
    ...(place.boosted === visit.boosted ? {} : { boosted: place.boosted }),
    orderReason: reason,
  })
}

/** Into another doctor's line, at its end: those who wait there were there first. */
export function changeLine(
  tx: CommandTx,
  input: { visitId: VisitId; doctorId: UserId; reason?: string | undefined },
): CommandDraft<Nothing> {
  const visit = requireVisit(tx, input.visitId)
  requireDoctor(tx, input.doctorId)
  if (visit.doctorId === input.doctorId) {
    throw new AppError('INVALID', { issues: ['doctorId'] })
  }
  const next = setVisitFields(tx, visit, {
    doctorId: input.doctorId,
    orderKey: endOfLine(lineOf(tx, input.doctorId, visit.queueDay), tx.at),
    orderReason: input.reason ?? ORDER_REASON.lineChanged,
  })
  return { name: 'changeLine', writes: [visitWrite(visit, next)], output: {} }
}

/** The priority lifts again, also for one who had lost the boost. */
export function setPriority(
  tx: CommandTx,
  input: { visitId: VisitId; priority: Priority; reason: string },
): CommandDraft<Nothing> {
  const visit = requireVisit(tx, input.visitId)
  requirePriority(tx, input.priority)
  const next = setVisitFields(tx, visit, {
    priority: input.priority,
    boosted: true,
    orderReason: input.reason,
  })
  return { name: 'setPriority', writes: [visitWrite(visit, next)], output: {} }
}

/** A no-show who came after all: the same ticket, the boost lost, behind those who were here. */
export function recall(tx: CommandTx, visitId: VisitId): CommandDraft<Nothing> {
  const visit = requireVisit(tx, visitId)
  const next = setVisitFields(tx, appendStep(tx, visit, { status: 'WAITING' }), {
    orderKey: endOfLine(lineOf(tx, visit.doctorId, visit.queueDay), tx.at),
    boosted: false,
    orderReason: ORDER_REASON.recalled,
  })
  return { name: 'recall', writes: [visitWrite(visit, next)], output: {} }
}

/** Back from the doctor into the line (an X-ray first), where the clinic's policy says. */
export function returnToLine(tx: CommandTx, visitId: VisitId): CommandDraft<Nothing> {
  const visit = requireVisit(tx, visitId)
  const isFront = tx.settings().returnToLine === 'FRONT'
  const line = lineOf(tx, visit.doctorId, visit.queueDay)
  const next = setVisitFields(tx, appendStep(tx, visit, { status: 'WAITING' }), {
    orderKey: isFront ? frontOfLine(tx, line, visit) : endOfLine(line, tx.at),
    orderReason: isFront ? ORDER_REASON.returnedToFront : ORDER_REASON.returnedToBack,
  })
  return { name: 'returnToLine', writes: [visitWrite(visit, next)], output: {} }
}

/** Before all of the same rank, but behind those who came back earlier. */
function frontOfLine(tx: CommandTx, line: readonly Visit[], visit: Visit): string {
  const equals = sameRank(line, visit, tx.settings())
  const index = equals.findIndex((other) => other.orderReason !== ORDER_REASON.returnedToFront)
  const after = equals[index]
  if (after === undefined) return endOfLine(equals, tx.at)
  return keyBetween(equals[index - 1]?.orderKey ?? null, after.orderKey)
}

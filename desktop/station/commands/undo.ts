import { AppError } from '#shared/errors.ts'
import type { StationId, UserId, VisitId } from '#shared/ids.ts'
import { addDays } from '#shared/queue-day.ts'
import { stampTime } from '#shared/stamp.ts'
import { MERGED_REASON, type Transition, type Visit } from '#shared/visit.ts'
import { type FoldedVisit, foldVisit, UNDO_WINDOW_MS } from '#shared/visit-fold.ts'
import type { CommandDraft, CommandTx } from '../replica/replica.ts'
import { appendStep, setVisitFields, visitWrite } from './visit-change.ts'
import { today } from './visit-steps.ts'

/** The reason of a cancellation that undoes a check-in: a code, which a window translates. */
export const UNDONE_REASON = 'UNDONE'

export interface OwnStep {
  visit: Visit
  step: Transition
  isCheckIn: boolean
  /** Nothing later happened on the visit: it can be undone until `until`. */
  isLast: boolean
  /** Milliseconds since the Unix epoch. */
  until: number
}

/**
 * The last step in force that this person took at this station. Only that one is offered for undo:
 * who presses Ctrl+Z means what they just did, not something earlier that still could be undone.
 *
 * @param folds each visit and its fold, which a board has at hand
 */
export function lastOwnStep(
  folds: Iterable<readonly [Visit, FoldedVisit]>,
  author: { by: UserId; stationId: StationId },
): OwnStep | null {
  let found: OwnStep | null = null
  for (const [visit, { applied }] of folds) {
    const index = applied.findLastIndex(
      (step) => step.by === author.by && step.stationId === author.stationId,
    )
    const step = applied[index]
    if (step === undefined || (found !== null && step.at <= found.step.at)) continue
    // An undone check-in is out of reach: the next undo reaches what was done before it.
    if (step.status === 'CANCELED' && step.reason === UNDONE_REASON) continue
    const isCheckIn = index === 0
    const isLast =
      index === applied.length - 1 && !(isCheckIn && visit.calls.some((call) => call.at > step.at))
    found = { visit, step, isCheckIn, isLast, until: stampTime(step.at) + UNDO_WINDOW_MS }
  }
  return found
}

/**
 * Undoes this person's own last step at this station. A check-in cannot be retracted (a visit is
 * never without one): it is undone by a cancellation.
 *
 * @param touched the visit this person changed last, which may be of an earlier queue day
 * @throws AppError NOTHING_TO_UNDO, UNDO_LATE
 */
export function undoLast(
  tx: CommandTx,
  touched: VisitId | null,
): CommandDraft<{ visitId: VisitId }> {
  const own = lastOwnStep(
    candidates(tx, touched).map((visit) => [visit, foldVisit(visit.transitions)] as const),
    tx,
  )
  if (own === null) throw new AppError('NOTHING_TO_UNDO')
  if (!own.isLast || tx.now > own.until) throw new AppError('UNDO_LATE')
  const { visit, step, isCheckIn } = own
  const next = isCheckIn
    ? appendStep(tx, visit, { status: 'CANCELED', reason: UNDONE_REASON })
    : withoutStep(tx, visit, step)
  return {
    name: isCheckIn ? 'cancel' : 'undoLast',
    writes: [visitWrite(visit, next)],
    output: { visitId: visit.id },
  }
}

/** A merge is taken back whole: the visit waits again, and its payments count where it stands. */
function withoutStep(tx: CommandTx, visit: Visit, step: Transition): Visit {
  const undone = appendStep(tx, visit, { status: step.status, undoes: step.id })
  const isMerge = step.status === 'CANCELED' && step.reason === MERGED_REASON
  return isMerge ? setVisitFields(tx, undone, { mergedInto: null }) : undone
}

function candidates(tx: CommandTx, touched: VisitId | null): Visit[] {
  const day = today(tx)
  const visits = [...tx.visitsOfDay(day), ...tx.visitsOfDay(addDays(day, -1))]
  if (touched === null || visits.some((visit) => visit.id === touched)) return visits
  const other = tx.visit(touched)
  return other === null ? visits : [...visits, other]
}

import type { TransitionId } from './ids.ts'
import type { VisitStatus } from './roles.ts'
import { stampTime } from './stamp.ts'
import type { Transition } from './visit.ts'

export const UNDO_WINDOW_MS = 2 * 60_000

/** PRODUCT, "The visit": forward, aside, back. */
const LAWFUL: Record<VisitStatus, readonly VisitStatus[]> = {
  WAITING: ['WITH_ASSISTANT', 'WITH_DOCTOR', 'CANCELED', 'NO_SHOW'],
  WITH_ASSISTANT: ['WITH_DOCTOR', 'CANCELED', 'NO_SHOW'],
  WITH_DOCTOR: ['DONE', 'WAITING', 'WITH_ASSISTANT'],
  DONE: [],
  CANCELED: [],
  NO_SHOW: ['WAITING'],
}

export function isLawfulStep(from: VisitStatus, to: VisitStatus): boolean {
  return LAWFUL[from].includes(to)
}

const CARE: readonly VisitStatus[] = ['WITH_ASSISTANT', 'WITH_DOCTOR', 'DONE']
const DESK: readonly VisitStatus[] = ['CANCELED', 'NO_SHOW']

/**
 * Why a transition has no effect on the status reached:
 * - CARE_STANDS: the desk had cancelled or marked no-show while the patient was in care.
 * - UNLAWFUL: it does not follow from the status that the other history had reached.
 * - REPEATED: two stations took the same step; nothing is lost and nobody need look.
 * - UNDO_LATE: something later had happened, or two minutes had passed.
 */
export type OverruledReason = 'CARE_STANDS' | 'UNLAWFUL' | 'REPEATED' | 'UNDO_LATE'

export interface Overruled {
  transition: Transition
  reason: OverruledReason
}

export interface FoldedVisit {
  status: VisitStatus
  /** The steps in force, in order; the first is the check-in. */
  applied: readonly Transition[]
  overruled: readonly Overruled[]
}

function byStamp(a: Transition, b: Transition): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

/**
 * The status of a visit from its transitions: a pure function of the set, whatever the order in
 * which replicas met (ARCHITECTURE 7). Care outranks the desk: a step of care made by someone who
 * had not seen a cancellation takes the visit back into care, and the cancellation stays, overruled.
 */
export function foldVisit(transitions: readonly Transition[]): FoldedVisit {
  const unique = new Map<TransitionId, Transition>(transitions.map((step) => [step.id, step]))
  const ordered = [...unique.values()].toSorted(byStamp)
  const applied: Transition[] = []
  const overruled: Overruled[] = []
  for (const step of ordered) {
    const last = applied.at(-1)
    if (last === undefined) {
      // The check-in. A replica never sees a visit without it, whatever else it has missed.
      applied.push(step)
    } else if (step.undoes !== null) {
      if (applied.length > 1 && isUndoneBy(last, step)) applied.pop()
      else overruled.push({ transition: step, reason: 'UNDO_LATE' })
    } else if (step.status === last.status) {
      overruled.push({ transition: step, reason: 'REPEATED' })
    } else if (isLawfulStep(last.status, step.status)) {
      applied.push(step)
    } else {
      stepAside(step, last, applied, overruled)
    }
  }
  return { status: applied.at(-1)?.status ?? 'WAITING', applied, overruled }
}

/** What becomes of a step that does not follow from the last one in force. */
function stepAside(
  step: Transition,
  last: Transition,
  applied: Transition[],
  overruled: Overruled[],
): void {
  const before = applied.at(-2)
  const intoCare =
    DESK.includes(last.status) &&
    CARE.includes(step.status) &&
    before !== undefined &&
    (isLawfulStep(before.status, step.status) || before.status === step.status)
  if (intoCare) {
    applied.pop()
    overruled.push({ transition: last, reason: 'CARE_STANDS' })
    if (before.status === step.status) overruled.push({ transition: step, reason: 'REPEATED' })
    else applied.push(step)
    return
  }
  const deskAgainstCare = DESK.includes(step.status) && CARE.includes(last.status)
  overruled.push({ transition: step, reason: deskAgainstCare ? 'CARE_STANDS' : 'UNLAWFUL' })
}

/** Undo: one's own last transition, within two minutes, while nothing later happened. */
export function isUndoneBy(last: Transition, undo: Transition): boolean {
  return (
    undo.undoes === last.id &&
    undo.by === last.by &&
    stampTime(undo.at) - stampTime(last.at) <= UNDO_WINDOW_MS
  )
}

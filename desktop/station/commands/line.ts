import type { Settings } from '#shared/clinic.ts'
import type { CalendarDate } from '#shared/fields.ts'
import type { UserId } from '#shared/ids.ts'
import { priorityRank, sortLine } from '#shared/queue-order.ts'
import type { Stamp } from '#shared/stamp.ts'
import type { Call, Visit } from '#shared/visit.ts'
import { type FoldedVisit, foldVisit } from '#shared/visit-fold.ts'
import type { ReplicaReader } from '../replica/replica.ts'

/**
 * Why a line was reordered, as kept in `orderReason`: one of these codes, which a window
 * translates, or the words a person gave (`setPriority`).
 */
export const ORDER_REASON = {
  skipped: 'SKIPPED',
  lineChanged: 'LINE_CHANGED',
  recalled: 'RECALLED',
  returnedToFront: 'RETURNED_FRONT',
  returnedToBack: 'RETURNED_BACK',
} as const

/** The waiting visits of one doctor's line, in order. */
export function lineOf(reader: ReplicaReader, doctorId: UserId, day: CalendarDate): Visit[] {
  return lineAmong(reader.visitsOfDay(day), doctorId, reader.settings())
}

/** The same, of a day's visits that are at hand. */
export function lineAmong(ofDay: readonly Visit[], doctorId: UserId, settings: Settings): Visit[] {
  const waiting = ofDay.filter((visit) => visit.doctorId === doctorId && visit.status === 'WAITING')
  return sortLine(waiting, settings)
}

/**
 * When a waiting patient got the place they have: by check-in, return, recall, skip or change of
 * line. A call made before it was for another place and counts no more.
 */
function placedAt(visit: Visit, folded: FoldedVisit): Stamp {
  const stamps = [
    folded.applied.at(-1)?.at ?? visit.created.at,
    ...[visit.marks.orderKey, visit.marks.doctorId].flatMap((mark) => mark?.at ?? []),
  ]
  return stamps.reduce((latest, at) => (at > latest ? at : latest))
}

/** The call that still stands for a waiting visit: its latest since it got its place. */
export function standingCall(visit: Visit, folded = foldVisit(visit.transitions)): Call | null {
  if (folded.status !== 'WAITING' || visit.calls.length === 0) return null
  const since = placedAt(visit, folded)
  let standing: Call | null = null
  for (const call of visit.calls) {
    if (call.at > since && (standing === null || call.at > standing.at)) standing = call
  }
  return standing
}

/**
 * An order key behind everybody who waits and before everybody who comes later. That is the present
 * stamp, as for a check-in: a key "after the last" without an upper bound would also stand behind
 * every patient still to arrive. Only keys from a clock that ran ahead are later than the present.
 */
export function endOfLine(line: readonly Visit[], at: Stamp): string {
  const last = line.reduce(
    (latest, visit) => (visit.orderKey > latest ? visit.orderKey : latest),
    '',
  )
  return last < at ? at : `${last}i`
}

/** Visits of a line that the clinic's policy ranks alike: among them the order key decides. */
export function sameRank<T extends Pick<Visit, 'priority' | 'boosted'>>(
  line: readonly T[],
  visit: Pick<Visit, 'priority' | 'boosted'>,
  settings: Settings,
): T[] {
  const rank = priorityRank(visit, settings)
  return line.filter((other) => priorityRank(other, settings) === rank)
}

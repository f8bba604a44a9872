import type { VisitRow } from '#desktop/station/contract/board-view.ts'
import type { ClinicView } from '#desktop/station/contract/session-view.ts'
import type { VisitId } from '#shared/ids.ts'
import { mayStandAt } from '#shared/queue-order.ts'
import type { z } from 'zod'
import type { Place } from './board-context.ts'

type Waiting = Pick<VisitRow, 'visitId' | 'priority' | 'boosted'>
type Policy = Pick<z.infer<typeof ClinicView>, 'courtesyEnabled'>

/** A place that a patient may be moved to: before this one (null: at the end), so many on. */
export interface OpenPlace {
  before: VisitId | null
  /** Below zero: towards the door. */
  by: number
}

/** Where in their line a person may put a patient, the first place first; where they stand is none. */
export function placesOf(
  waiting: readonly Waiting[],
  visitId: string,
  policy: Policy,
): OpenPlace[] {
  const index = waiting.findIndex((row) => row.visitId === visitId)
  const visit = waiting[index]
  if (visit === undefined) return []
  const rest = waiting.filter((row) => row !== visit)
  return [...rest, null].flatMap((row, target) =>
    target !== index && mayStandAt(rest, visit, target, policy)
      ? [{ before: row?.visitId ?? null, by: target - index }]
      : [],
  )
}

/** The one that a hand means, if there is one; unsaid, the next towards the door, or the other way. */
export function placeOf(
  places: readonly OpenPlace[],
  put: Place | undefined,
): OpenPlace | undefined {
  if (put !== undefined && 'before' in put)
    return places.find(({ before }) => before === put.before)
  const ahead = places.findLast(({ by }) => by < 0)
  const behind = places.find(({ by }) => by > 0)
  if (put !== undefined && 'by' in put) return put.by > 0 ? behind : ahead
  return ahead ?? behind
}

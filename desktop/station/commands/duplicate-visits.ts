import type { VisitId } from '#shared/ids.ts'
import { standingMerge, type Visit } from '#shared/visit.ts'
import { foldVisit } from '#shared/visit-fold.ts'
import { accountVisit } from './paid.ts'

const OUT_OF_THE_WAY: readonly Visit['status'][] = ['CANCELED', 'NO_SHOW']

/**
 * Visits of one patient to one doctor on one queue day that may be one visit checked in twice, the
 * first check-in first; of several such groups each by itself. Not among them: what was cancelled
 * or merged, what a person has said are two visits, and a visit that began after the other was
 * done (a patient who comes back in the evening). But two that were merged into each other, by
 * people who had not heard of it: nothing is left of either, and somebody waits in no line.
 *
 * @param visits any visits; they are grouped here
 */
export function duplicateVisits(visits: readonly Visit[]): Visit[][] {
  // As on most days.
  if (new Set(visits.map(({ patientId }) => patientId)).size === visits.length) return []
  const groups = Map.groupBy(visits, ({ patientId, doctorId, queueDay }) =>
    [patientId, doctorId, queueDay].join('/'),
  )
  return [...groups.values()].flatMap((group) => {
    if (group.length < 2) return []
    const live = group.filter(({ status }) => !OUT_OF_THE_WAY.includes(status))
    const shown = (live.length > 0 ? live : mergedAway(group)).toSorted((a, b) =>
      a.created.at < b.created.at ? -1 : 1,
    )
    return shown.length > 1 && hasUnsettledPair(shown, group) ? [shown] : []
  })
}

/** Merged in a circle: none of them stands. */
function mergedAway(group: readonly Visit[]): Visit[] {
  const byId = new Map(group.map((visit) => [visit.id, visit]))
  return group.filter(
    (visit) =>
      standingMerge(visit) !== null && accountVisit(visit, (id) => byId.get(id)) === visit.id,
  )
}

function hasUnsettledPair(live: readonly Visit[], group: readonly Visit[]): boolean {
  const settled = settledSets(group)
  return live.some((visit, index) =>
    live
      .slice(index + 1)
      .some((later) => overlaps(visit, later) && settled(visit.id) !== settled(later.id)),
  )
}

function overlaps(visit: Visit, later: Visit): boolean {
  if (visit.status !== 'DONE') return true
  const doneAt = foldVisit(visit.transitions).applied.at(-1)?.at
  return doneAt === undefined || later.created.at < doneAt
}

/**
 * Who was settled with whom, as a set's representative. Through others too, cancelled ones
 * included: a person who settled (a, b) and (b, c) has looked at all three.
 */
function settledSets(group: readonly Visit[]): (id: VisitId) => string {
  const parents = new Map<string, string>()
  const find = (id: string): string => {
    const parent = parents.get(id)
    return parent === undefined || parent === id ? id : find(parent)
  }
  const ids = new Set<string>(group.map(({ id }) => id))
  for (const visit of group) {
    for (const other of visit.settled) if (ids.has(other)) parents.set(find(visit.id), find(other))
  }
  return find
}

import type { VisitId } from '#shared/ids.ts'
import type { Visit } from '#shared/visit.ts'
import { foldVisit } from '#shared/visit-fold.ts'

const OUT_OF_THE_WAY: readonly Visit['status'][] = ['CANCELED', 'NO_SHOW']

/**
 * Visits of one patient to one doctor on one queue day that may be one visit checked in twice, the
 * first check-in first; of several such groups each by itself. Not among them: what was cancelled
 * or merged, what a person has said are two visits, and a visit that began after the other was
 * done (a patient who comes back in the evening).
 *
 * @param visits any visits; they are grouped here
 */
export function duplicateVisits(visits: readonly Visit[]): Visit[][] {
  const groups = Map.groupBy(visits, ({ patientId, doctorId, queueDay }) =>
    [patientId, doctorId, queueDay].join('/'),
  )
  return [...groups.values()].flatMap((group) => {
    if (group.length < 2) return []
    const live = group
      .filter((visit) => visit.mergedInto === null && !OUT_OF_THE_WAY.includes(visit.status))
      .toSorted((a, b) => (a.created.at < b.created.at ? -1 : 1))
    return live.length > 1 && hasUnsettledPair(live, group) ? [live] : []
  })
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

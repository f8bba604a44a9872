import type { Entry } from '#shared/entry.ts'
import type { VisitId } from '#shared/ids.ts'
import type { Money } from '#shared/money.ts'
import { standingMerge, type Visit } from '#shared/visit.ts'

export interface Account {
  paid: 'PAID' | 'PART' | 'UNPAID' | 'FREE'
  /** Still owed; below zero: to be given back. */
  balance: Money
  /** Payments less refunds. */
  net: Money
}

/** Nobody owes for a visit that did not take place. */
const OWES_NOTHING: readonly Visit['status'][] = ['CANCELED', 'NO_SHOW']

/** What was paid for a visit, from the payments, refunds and waivers that count there. */
export function accountOf(
  visit: Pick<Visit, 'fee' | 'status'>,
  entries: readonly Entry[],
): Account {
  const { currency } = visit.fee
  const sum = (kind: 'PAYMENT' | 'REFUND' | 'WAIVER'): number =>
    entries.reduce((total, { body }) => total + (body.kind === kind ? body.amount.minor : 0), 0)
  const net = sum('PAYMENT') - sum('REFUND')
  const due = OWES_NOTHING.includes(visit.status) ? 0 : visit.fee.minor - sum('WAIVER')
  return {
    paid: paidState(due, net),
    balance: { minor: due - net, currency },
    net: { minor: net, currency },
  }
}

function paidState(due: number, net: number): Account['paid'] {
  if (net >= due) return due === 0 && net === 0 ? 'FREE' : 'PAID'
  return net > 0 ? 'PART' : 'UNPAID'
}

/**
 * The visit at which a visit's payments count: the one it was merged into, and so on. Two people
 * may have merged two visits into each other: then each keeps its own.
 */
export function accountVisit(
  visit: Merged,
  find: (id: VisitId) => Merged | null | undefined,
): VisitId {
  const passed = new Set<VisitId>([visit.id])
  let last = visit
  for (let into = standingMerge(last); into !== null; into = standingMerge(last)) {
    if (passed.has(into)) return visit.id
    passed.add(into)
    const next = find(into)
    if (next === null || next === undefined) return into
    last = next
  }
  return last.id
}

type Merged = Pick<Visit, 'id' | 'status' | 'mergedInto'>

/** Entries of visits by the visit at which they count. */
export function entriesByAccount(
  entries: readonly Entry[],
  visits: ReadonlyMap<VisitId, Merged>,
): Map<VisitId, Entry[]> {
  const counted = new Map<VisitId, Entry[]>()
  for (const entry of entries) {
    const { visitId } = entry
    if (visitId === null) continue
    const visit = visits.get(visitId)
    const at = visit === undefined ? visitId : accountVisit(visit, (id) => visits.get(id))
    const others = counted.get(at)
    if (others === undefined) counted.set(at, [entry])
    else others.push(entry)
  }
  return counted
}

import type { Entry } from '#shared/entry.ts'
import type { VisitId } from '#shared/ids.ts'
import { standingMerge, type Visit } from '#shared/visit.ts'
import { type Account, accountOf, entriesByAccount } from '../commands/paid.ts'
import type { Replica } from '../replica/replica.ts'
import { findWhere, hasSameItems, keptWhere } from './live-documents.ts'

type Entries = ReadonlyMap<VisitId, readonly Entry[]>

const NOTHING_PAID: readonly Entry[] = []

/**
 * What was paid for the visits of a board, time after time. While no entry came and no merge changed, each
 * visit's account is the same object as the last time.
 */
export function boardAccounts(
  replica: Replica,
): (today: readonly Visit[], leftOpen: readonly Visit[]) => Promise<(visit: Visit) => Account> {
  const findEntries = keptWhere(replica.database.collections.entries)
  const accounts = new WeakMap<Visit, { entries: readonly Entry[]; account: Account }>()
  let last: { ofToday: readonly Entry[]; merged: readonly Visit[]; entries: Entries } | null = null

  async function entriesOf(today: readonly Visit[], leftOpen: readonly Visit[]): Promise<Entries> {
    const [first] = today
    const ofToday = first === undefined ? [] : await findEntries({ queueDay: first.queueDay })
    if (leftOpen.length > 0) {
      const old = [...leftOpen, ...(await mergedOnDaysOf(replica, leftOpen))]
      const ofOld = replica.read.entriesOfVisits(old.map(({ id }) => id))
      const visits = new Map([...today, ...old].map((visit) => [visit.id, visit]))
      return entriesByAccount([...ofToday, ...ofOld], visits)
    }
    const merged = today.filter((visit) => standingMerge(visit) !== null)
    if (last?.ofToday === ofToday && hasSameItems(last.merged, merged)) return last.entries
    const visits = new Map(today.map((visit) => [visit.id, visit]))
    last = { ofToday, merged, entries: entriesByAccount(ofToday, visits) }
    return last.entries
  }

  return async (today, leftOpen) => {
    const byVisit = await entriesOf(today, leftOpen)
    return (visit) => {
      const entries = byVisit.get(visit.id) ?? NOTHING_PAID
      const known = accounts.get(visit)
      if (known?.entries === entries) return known.account
      const made = accountOf(visit, entries)
      const account = known !== undefined && isSame(known.account, made) ? known.account : made
      accounts.set(visit, { entries, account })
      return account
    }
  }
}

function isSame(one: Account, other: Account): boolean {
  return (
    one.paid === other.paid &&
    one.balance.minor === other.balance.minor &&
    one.balance.currency === other.balance.currency &&
    one.net.minor === other.net.minor
  )
}

/** What was paid for a visit counts at the one it was merged into, which may be the one left open. */
async function mergedOnDaysOf(replica: Replica, leftOpen: readonly Visit[]): Promise<Visit[]> {
  const days = [...new Set(leftOpen.map(({ queueDay }) => queueDay))]
  const { visits } = replica.database.collections
  const canceled = await findWhere(visits, { status: 'CANCELED', queueDay: { $in: days } })
  return canceled.filter((visit) => standingMerge(visit) !== null)
}

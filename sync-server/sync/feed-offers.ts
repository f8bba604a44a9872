import { randomUUID } from 'node:crypto'
import type { ClinicId } from '#shared/ids.ts'
import { entitlementState, type Subscription } from '#shared/entitlement.ts'
import type { Feed, NumberedDocument } from './feed.ts'
import { settingsIn, type WorkingSet } from './working-set.ts'

/** More is pulled: a stream is for news, and a slow station's queue is short. */
const BYTES_AT_MOST = 8 * 1024
/** Pages whose commit never came. */
const WAITING_AT_MOST = 1_000

/**
 * What pushes of this instance wrote, until its own notification says that it was committed: then it
 * goes along with the event, and no station of the clinic need ask for it.
 */
export interface FeedOffers {
  /** @returns the token that the notification carries; null: not to be offered */
  make(
    set: WorkingSet,
    after: number,
    documents: readonly NumberedDocument[],
    now: number,
  ): string | null
  /** The JSON text of the event's `page`; null: none of this instance's, or taken already. */
  take(token: string | undefined): string | null
}

export function createFeedOffers(hasListeners: (clinicId: ClinicId) => boolean): FeedOffers {
  const waiting = new Map<string, string>()
  return {
    make(set, after, documents, now) {
      if (!hasListeners(set.clinicId) || isOver(set, now)) return null
      const page = printPage(set.feed, after, documents)
      if (page.length > BYTES_AT_MOST) return null
      if (waiting.size >= WAITING_AT_MOST) waiting.clear()
      // Of this transaction alone: another that gets the same numbers wrote something else.
      const token = randomUUID()
      waiting.set(token, page)
      return token
    },
    take(token) {
      if (token === undefined) return null
      const page = waiting.get(token) ?? null
      waiting.delete(token)
      return page
    },
  }
}

function printPage({ epoch }: Feed, after: number, documents: readonly NumberedDocument[]): string {
  const printed = documents.map(
    ({ collection, id, seq, doc }) =>
      `{"collection":"${collection}","id":${JSON.stringify(id)},"seq":${seq},"doc":${doc}}`,
  )
  return `{"epoch":"${epoch}","after":${after},"documents":[${printed.join(',')}]}`
}

/** After the grace sync stops, by whatever way documents come. */
function isOver(set: WorkingSet, now: number): boolean {
  const subscription: Subscription | undefined = set.subscriptions.at(-1)?.subscription
  if (subscription === undefined) return true
  const entitlement = {
    clinicId: set.clinicId,
    subscription,
    issuedAt: new Date(now).toISOString(),
  }
  return entitlementState(entitlement, now, settingsIn(set)).status === 'EXPIRED'
}

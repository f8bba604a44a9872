import type { CutOver } from '#shared/clinic.ts'
import { type Subscription, writeUntil } from '#shared/entitlement.ts'

/** A subscription with the time it was recorded at: it holds until the next one. */
export interface SubscriptionSince {
  subscription: Subscription
  /** Milliseconds since the Unix epoch. */
  since: number
}

/**
 * Whether new work was allowed at an instant: by the subscription of that time, until the cut-over
 * after its end. A renewal lets in what had to wait for it, whenever that was made.
 *
 * @param history ascending by `since`
 * @param at when the work was done, milliseconds
 * @param now when it is judged, milliseconds
 */
export function mayBeginWork(
  history: readonly SubscriptionSince[],
  { at, now }: { at: number; now: number },
  clock: { timeZone: string; cutOvers: readonly CutOver[] },
): boolean {
  const current = history.at(-1)
  // A clock that is behind may name a time before the first: the clinic began with that one.
  const then = history.findLast(({ since }) => since <= at) ?? history[0]
  if (current === undefined || then === undefined) return false
  return holdsAt(then.subscription, at, clock) || holdsAt(current.subscription, now, clock)
}

/** The cut-over is looked for only when the end has passed: finding it takes a calendar. */
function holdsAt(
  subscription: Subscription,
  time: number,
  clock: { timeZone: string; cutOvers: readonly CutOver[] },
): boolean {
  return time < Date.parse(subscription.endsAt) || time < writeUntil(subscription, clock)
}

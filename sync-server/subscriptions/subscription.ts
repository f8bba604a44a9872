import { Subscription } from '#shared/entitlement.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import { closeFeed, lockFeed } from '../sync/feed.ts'
import type { SubscriptionSince } from './subscription-history.ts'

const DAY_MS = 86_400_000

/**
 * Begins a new clinic's trial, without a card.
 *
 * @param now milliseconds since the Unix epoch
 */
export async function startTrial(
  tx: ClinicTx,
  { now, days }: { now: number; days: number },
): Promise<void> {
  const endsAt = new Date(now + days * DAY_MS).toISOString()
  await insertSubscription(tx, { plan: 'STARTER', kind: 'TRIAL', endsAt }, now)
}

/**
 * Records what the clinic has from now on: a payment, a cancellation. Its stations are woken, so that
 * what waited for a payment is sent at once.
 *
 * @param now milliseconds since the Unix epoch
 */
export async function recordSubscription(
  tx: ClinicTx,
  subscription: Subscription,
  now: number,
): Promise<void> {
  const feed = await lockFeed(tx)
  // A number without a document: stations pull when there is one that they have not seen.
  feed.head += 1
  await Promise.all([insertSubscription(tx, subscription, now), closeFeed(tx, feed)])
}

async function insertSubscription(
  tx: ClinicTx,
  { plan, kind, endsAt }: Subscription,
  now: number,
): Promise<void> {
  await tx.query(
    `INSERT INTO subscriptions (clinic_id, recorded_at, plan, kind, ends_at)
     VALUES ($1, $2, $3, $4, $5)`,
    [tx.clinicId, new Date(now), plan, kind, endsAt],
  )
}

/** All that the clinic ever had, ascending. */
export async function readSubscriptions(tx: ClinicTx): Promise<SubscriptionSince[]> {
  const { rows } = await tx.query<{ plan: string; kind: string; endsAt: Date; since: Date }>(
    `SELECT plan, kind, ends_at AS "endsAt", recorded_at AS since
     FROM subscriptions WHERE clinic_id = $1 ORDER BY recorded_at`,
    [tx.clinicId],
  )
  return rows.map(({ plan, kind, endsAt, since }) => ({
    subscription: Subscription.parse({ plan, kind, endsAt: endsAt.toISOString() }),
    since: since.getTime(),
  }))
}

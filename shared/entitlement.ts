import { z } from 'zod'
import type { CutOver } from './clinic.ts'
import { ClinicId } from './ids.ts'
import { nextCutOver } from './queue-day.ts'

const DAY_MS = 86_400_000
export const GRACE_DAYS = 7
export const OFFLINE_DAYS = 30
const PAID_DAYS = 30
export const WARNING_DAYS = 2

export const Plan = z.enum(['STARTER', 'GROWTH', 'PRO'])
export type Plan = z.infer<typeof Plan>

/** What was bought: a clinic has one at a time, and the server keeps all it ever had. */
export const Subscription = z.strictObject({
  plan: Plan,
  kind: z.enum(['TRIAL', 'PAID', 'CANCELED']),
  /** The end of what is paid (or of the trial); instant, UTC ISO 8601. CANCELED keeps it too. */
  endsAt: z.iso.datetime(),
})
export type Subscription = z.infer<typeof Subscription>

/** The server-signed statement of what a clinic's subscription allows; verified offline. */
export const Entitlement = z.strictObject({
  clinicId: ClinicId,
  subscription: Subscription,
  issuedAt: z.iso.datetime(),
})
export type Entitlement = z.infer<typeof Entitlement>

export type SubscriptionStatus = 'TRIAL' | 'ACTIVE' | 'PAST_DUE' | 'CANCELED' | 'EXPIRED'

export interface EntitlementState {
  status: SubscriptionStatus
  /** Whether new visits and new records may be written; open visits may always be finished. */
  canWrite: boolean
  /** Why not, or null. OFFLINE_TOO_LONG: paid, but 30 days without asking the server. */
  reason: 'PAST_DUE' | 'EXPIRED' | 'OFFLINE_TOO_LONG' | null
  /** When the right to write ends: the first cut-over after the paid end. Milliseconds. */
  writeUntil: number
  /** Days left, rounded up, when a warning is due (two days before the end and on the day). */
  warnDays: number | null
}

type ClinicClock = { timeZone: string; cutOvers: readonly CutOver[] }

/** Losing the right to write takes effect at the cut-over, never in the middle of a session. */
export function writeUntil(subscription: Subscription, clock: ClinicClock): number {
  return nextCutOver(Date.parse(subscription.endsAt), clock)
}

/**
 * @param now milliseconds since the Unix epoch: the latest time the station has ever seen, so that
 *   a clock set back extends nothing
 */
export function entitlementState(
  entitlement: Entitlement,
  now: number,
  clock: ClinicClock,
): EntitlementState {
  const { subscription } = entitlement
  const until = writeUntil(subscription, clock)
  const ends = Date.parse(subscription.endsAt)
  const left = Math.ceil((ends - now) / DAY_MS)
  const warnDays = now < until && left <= WARNING_DAYS ? Math.max(left, 0) : null
  if (now < until) {
    const askBy = Date.parse(entitlement.issuedAt) + OFFLINE_DAYS * DAY_MS
    const askedInTime = now < askBy || now < nextCutOver(askBy, clock)
    return {
      status: STATUS_BEFORE_END[subscription.kind],
      canWrite: askedInTime,
      reason: askedInTime ? null : 'OFFLINE_TOO_LONG',
      writeUntil: until,
      warnDays,
    }
  }
  const expired = subscription.kind === 'CANCELED' || now >= ends + GRACE_DAYS * DAY_MS
  const status = expired ? 'EXPIRED' : 'PAST_DUE'
  return { status, canWrite: false, reason: status, writeUntil: until, warnDays: null }
}

const STATUS_BEFORE_END: Record<Subscription['kind'], SubscriptionStatus> = {
  TRIAL: 'TRIAL',
  PAID: 'ACTIVE',
  CANCELED: 'CANCELED',
}

/** A payment makes a clinic ACTIVE until max(now, current end) + 30 days. */
export function renewSubscription(current: Subscription, now: number, plan: Plan): Subscription {
  const from = Math.max(now, Date.parse(current.endsAt))
  return { plan, kind: 'PAID', endsAt: new Date(from + PAID_DAYS * DAY_MS).toISOString() }
}

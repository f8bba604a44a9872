import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Entitlement,
  entitlementState,
  GRACE_DAYS,
  OFFLINE_DAYS,
  renewSubscription,
  type Subscription,
  writeUntil,
} from './entitlement.ts'
import { queueDayOf } from './queue-day.ts'
import { CLINIC } from './test-values.ts'

const CLOCK = { timeZone: 'Africa/Cairo', cutOvers: [{ from: '2020-01-01', hour: 5 }] }
const DAY = 86_400_000
const END = Date.parse('2026-11-22T18:00:00Z')

function entitlementOf(kind: Subscription['kind'], issued = END - 3 * DAY): Entitlement {
  return {
    clinicId: CLINIC,
    subscription: { plan: 'STARTER', kind, endsAt: new Date(END).toISOString() },
    issuedAt: new Date(issued).toISOString(),
  }
}

describe('entitlementState', () => {
  it('takes the right to write at the cut-over, never in the middle of a session', () => {
    const trial = entitlementOf('TRIAL')
    const cutOver = Date.parse('2026-11-23T03:00:00Z')
    expect(writeUntil(trial.subscription, CLOCK)).toBe(cutOver)
    expect(entitlementState(trial, END + 1, CLOCK)).toMatchObject({
      status: 'TRIAL',
      canWrite: true,
    })
    expect(entitlementState(trial, cutOver - 1, CLOCK).canWrite).toBe(true)
    expect(entitlementState(trial, cutOver, CLOCK)).toMatchObject({
      status: 'PAST_DUE',
      canWrite: false,
      reason: 'PAST_DUE',
    })
  })

  it('the right to write ends where a queue day begins, whenever the subscription ends', () => {
    fc.assert(
      fc.property(fc.integer({ min: END - 400 * DAY, max: END + 400 * DAY }), (end) => {
        const until = writeUntil(
          { plan: 'PRO', kind: 'PAID', endsAt: new Date(end).toISOString() },
          CLOCK,
        )
        expect(until).toBeGreaterThanOrEqual(end)
        expect(queueDayOf(until, CLOCK) > queueDayOf(until - 1, CLOCK)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('grace of seven days, then EXPIRED; CANCELED has none', () => {
    const paid = entitlementOf('PAID')
    expect(entitlementState(paid, END + GRACE_DAYS * DAY - 1, CLOCK).status).toBe('PAST_DUE')
    expect(entitlementState(paid, END + GRACE_DAYS * DAY, CLOCK).status).toBe('EXPIRED')
    expect(entitlementState(entitlementOf('CANCELED'), END - 1, CLOCK)).toMatchObject({
      status: 'CANCELED',
      canWrite: true,
    })
    expect(entitlementState(entitlementOf('CANCELED'), END + DAY, CLOCK).status).toBe('EXPIRED')
  })

  it('a paid station may write for 30 days without asking, to the end of that session', () => {
    const longPaid: Entitlement = {
      ...entitlementOf('PAID', END),
      subscription: {
        plan: 'PRO',
        kind: 'PAID',
        endsAt: new Date(END + 300 * DAY).toISOString(),
      },
    }
    // 22:00 in Cairo: the session goes on until 05:00.
    expect(entitlementState(longPaid, END + OFFLINE_DAYS * DAY, CLOCK).canWrite).toBe(true)
    const cutOver = Date.parse('2026-12-23T03:00:00Z')
    expect(entitlementState(longPaid, cutOver - 1, CLOCK).canWrite).toBe(true)
    expect(entitlementState(longPaid, cutOver, CLOCK)).toMatchObject({
      status: 'ACTIVE',
      canWrite: false,
      reason: 'OFFLINE_TOO_LONG',
    })
  })

  it('warns two days before the end and on the day', () => {
    const trial = entitlementOf('TRIAL')
    const warn = (now: number): number | null => entitlementState(trial, now, CLOCK).warnDays
    expect(warn(END - 3 * DAY)).toBeNull()
    expect(warn(END - 2 * DAY)).toBe(2)
    expect(warn(END - 1)).toBe(1)
    expect(warn(END + 1)).toBe(0)
  })

  it('a payment runs from the later of now and the present end', () => {
    const current = entitlementOf('TRIAL').subscription
    expect(renewSubscription(current, END - DAY, 'PRO').endsAt).toBe(
      new Date(END + 30 * DAY).toISOString(),
    )
    expect(renewSubscription(current, END + DAY, 'PRO').endsAt).toBe(
      new Date(END + 31 * DAY).toISOString(),
    )
  })
})

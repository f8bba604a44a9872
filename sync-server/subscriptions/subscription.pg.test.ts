import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Subscription, renewSubscription } from '#shared/entitlement.ts'
import { createTestClinic, DAY, NOON, type TestClinic } from '../sync/test-clinic.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { readSubscriptions, recordSubscription } from './subscription.ts'
import { mayBeginWork } from './subscription-history.ts'

const HOUR = 3_600_000
const CLOCK = { timeZone: 'Africa/Cairo', cutOvers: [{ from: '2020-01-01', hour: 5 }] }

let database: TestDatabase
let clinic: TestClinic

beforeAll(async () => {
  database = await createTestDatabase()
  clinic = await createTestClinic(database)
})
afterAll(() => database.drop())

test('a clinic keeps all that it ever had', async () => {
  const began = NOON - DAY
  const trial: Subscription = {
    plan: 'STARTER',
    kind: 'TRIAL',
    endsAt: new Date(began + 14 * DAY).toISOString(),
  }
  expect(await clinic.within(readSubscriptions)).toEqual([{ subscription: trial, since: began }])
  const paid = renewSubscription(trial, NOON, 'GROWTH')
  await clinic.within((tx) => recordSubscription(tx, paid, NOON))
  expect(await clinic.within(readSubscriptions)).toEqual([
    { subscription: trial, since: began },
    { subscription: paid, since: NOON },
  ])
})

describe('the right to begin work', () => {
  const trial = (endsAt: number, since: number) => ({
    subscription: {
      plan: 'STARTER',
      kind: 'TRIAL',
      endsAt: new Date(endsAt).toISOString(),
    } as const,
    since,
  })
  const history = [trial(NOON, NOON - 14 * DAY)]

  test.each([
    ['while it holds', NOON - HOUR, true],
    ['before it was recorded, by a clock that is behind', NOON - 30 * DAY, true],
    ['after its end, in the same session', NOON + 14 * HOUR, true],
    ['after the cut-over', NOON + 18 * HOUR, false],
  ])('%s', (_, at, expected) => {
    expect(mayBeginWork(history, { at, now: NOON + 5 * DAY }, CLOCK)).toBe(expected)
  })

  test('comes back with a renewal, for what had to wait as well', () => {
    const renewed = [...history, trial(NOON + 40 * DAY, NOON + 10 * DAY)]
    expect(mayBeginWork(renewed, { at: NOON + 5 * DAY, now: NOON + 11 * DAY }, CLOCK)).toBe(true)
  })

  test('is not there without a subscription', () => {
    expect(mayBeginWork([], { at: NOON, now: NOON }, CLOCK)).toBe(false)
  })
})

import { expect, test } from 'vitest'
import { afterCrash, NO_RESTARTS } from './restart-policy.ts'

test('the first crash is repaired before anybody notices', () => {
  expect(afterCrash(NO_RESTARTS, 5_000)).toEqual({
    restarts: { crashes: 1 },
    delay: 250,
    tell: false,
  })
})

test('crash after crash waits longer, up to half a minute, and never gives up', () => {
  let restarts = NO_RESTARTS
  const delays: number[] = []
  for (let crash = 0; crash < 40; crash += 1) {
    const decision = afterCrash(restarts, 100)
    restarts = decision.restarts
    delays.push(decision.delay)
  }
  expect(delays.slice(0, 4)).toEqual([250, 500, 1_000, 2_000])
  expect(Math.max(...delays)).toBe(30_000)
  expect(delays.every((delay, at) => at === 0 || delay >= (delays[at - 1] ?? 0))).toBe(true)
})

test('the person is told once, at the third in a row', () => {
  const told: boolean[] = []
  let restarts = NO_RESTARTS
  for (let crash = 0; crash < 6; crash += 1) {
    const decision = afterCrash(restarts, 100)
    restarts = decision.restarts
    told.push(decision.tell)
  }
  expect(told).toEqual([false, false, true, false, false, false])
})

test('a minute of health forgives the past', () => {
  expect(afterCrash({ crashes: 9 }, 60_000).delay).toBe(250)
})

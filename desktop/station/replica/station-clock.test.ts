import { describe, expect, test } from 'vitest'
import { startClock } from './station-clock.ts'

const HOUR = 3_600_000

function clockAt(start: number) {
  let wall = start
  let monotonic = 0
  return {
    source: { wall: () => wall, monotonic: () => monotonic },
    run(ms: number) {
      wall += ms
      monotonic += ms
    },
    sleep: (ms: number) => void (wall += ms),
    set: (time: number) => void (wall = time),
  }
}

describe('the station clock', () => {
  test('is its own while nothing is known, and while it is nearly right', () => {
    const { source, run } = clockAt(10 * HOUR)
    const clock = startClock(source)
    expect([clock.now(), clock.aheadBy()]).toEqual([10 * HOUR, null])
    clock.heard(10 * HOUR - 60_000, 0)
    run(HOUR)
    expect([clock.now(), clock.aheadBy()]).toEqual([11 * HOUR, 60_000])
  })

  test('is the corrected one while it is far off', () => {
    const { source, run } = clockAt(20 * HOUR)
    const clock = startClock(source)
    clock.heard(10 * HOUR, 0)
    run(HOUR)
    expect([clock.now(), clock.aheadBy()]).toEqual([11 * HOUR, 10 * HOUR])
  })

  test('takes half the round trip off', () => {
    const { source, run } = clockAt(20 * HOUR)
    const clock = startClock(source)
    run(100)
    clock.heard(10 * HOUR, 0)
    expect(clock.now()).toBe(10 * HOUR + 50)
  })

  test('believes a person who puts it right', () => {
    const ahead = clockAt(20 * HOUR)
    const clock = startClock(ahead.source)
    clock.heard(10 * HOUR, 0)
    ahead.run(HOUR)
    ahead.set(11 * HOUR)
    expect([clock.now(), clock.aheadBy()]).toEqual([11 * HOUR, null])
    const behind = clockAt(0)
    const other = startClock(behind.source)
    other.heard(10 * HOUR, 0)
    expect(other.now()).toBe(10 * HOUR)
    behind.set(10 * HOUR)
    expect(other.now()).toBe(10 * HOUR)
  })

  test('is not held back by a night of sleep, right or wrong', () => {
    const right = clockAt(10 * HOUR)
    const clock = startClock(right.source)
    clock.heard(10 * HOUR, 0)
    right.sleep(9 * HOUR)
    expect(clock.now()).toBe(19 * HOUR)
    const wrong = clockAt(20 * HOUR)
    const other = startClock(wrong.source)
    other.heard(10 * HOUR, 0)
    wrong.sleep(9 * HOUR)
    expect(other.now()).toBe(19 * HOUR)
  })
})

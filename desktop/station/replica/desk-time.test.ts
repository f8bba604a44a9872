import { expect, test } from 'vitest'
import { formatStamp, MAX_AHEAD_MS, nextStamp, type Stamp, stampTime } from '#shared/stamp.ts'
import { START } from '#shared/test-values.ts'
import { deskNow, startDeskTime, withLastStamp } from './desk-time.ts'
import { startClock } from './station-clock.ts'
import { testClock } from './test-replica.ts'

const NODE = '0000000a'
const HOUR = 3_600_000

function deskAt(lastStamp: Stamp | null = null) {
  const wall = testClock()
  const clock = startClock(wall)
  let desk = startDeskTime(lastStamp, clock)
  return {
    wall,
    clock,
    now: () => deskNow(desk, clock),
    see(stamp: Stamp) {
      desk = withLastStamp(desk, stamp, clock)
    },
    /** Gives a stamp as a command does. */
    stamp() {
      const at = nextStamp(desk.lastStamp, deskNow(desk, clock), NODE)
      desk = withLastStamp(desk, at, clock)
      return stampTime(at)
    },
    pass: (ms: number) => wall.set(wall.wall() + ms),
  }
}

test('is the clock, and does not go back with it: two minutes are two minutes all the same', () => {
  const desk = deskAt()
  expect(desk.now()).toBe(START)
  expect(desk.stamp()).toBe(START)
  desk.wall.set(START - HOUR, 'HAND')
  expect(desk.now()).toBe(START)
  desk.pass(120_000)
  expect(desk.now()).toBe(START + 120_000)
  expect(desk.stamp()).toBe(START + 120_000)
  desk.wall.set(START + HOUR, 'HAND')
  expect([desk.now(), desk.stamp()]).toEqual([START + HOUR, START + HOUR])
})

test('runs on after a restart with a clock that is behind', () => {
  const desk = deskAt(formatStamp(START + HOUR, 3, NODE))
  desk.pass(60_000)
  expect(desk.now()).toBe(START + HOUR + 60_000)
  expect(desk.stamp()).toBe(START + HOUR + 60_000)
})

test('a stamp of another station takes back nothing that has passed here', () => {
  const desk = deskAt(formatStamp(START + HOUR, 0, NODE))
  desk.pass(HOUR)
  desk.see(formatStamp(START + HOUR + 60_000, 0, '0000000b'))
  expect(desk.now()).toBe(START + 2 * HOUR)
  desk.see(formatStamp(START + 3 * HOUR, 0, '0000000b'))
  desk.pass(1_000)
  expect(desk.now()).toBe(START + 3 * HOUR + 1_000)
})

test('what a wrong clock had said does not run on once the server was heard', () => {
  const desk = deskAt()
  desk.wall.set(START + HOUR, 'HAND')
  expect(desk.stamp()).toBe(START + HOUR)
  desk.wall.set(START, 'HAND')
  desk.pass(2 * HOUR)
  expect(desk.now()).toBe(START + 3 * HOUR)
  desk.clock.heard(START + 2 * HOUR, desk.wall.monotonic())
  expect([desk.now(), desk.stamp()]).toEqual([START + 2 * HOUR, START + 2 * HOUR])
  desk.wall.set(START, 'HAND')
  desk.pass(60_000)
  expect(desk.stamp()).toBe(START + 2 * HOUR + 60_000)
})

test('a lowered stamp lets time come back to the clock, and stamps still come after it', () => {
  const desk = deskAt(formatStamp(START + 24 * HOUR, 0, NODE))
  desk.pass(60_000)
  const lowered = START + 60_000 + MAX_AHEAD_MS
  desk.see(formatStamp(lowered, 0xffff - 5, NODE))
  expect([desk.now(), desk.stamp()]).toEqual([lowered, lowered])
  desk.pass(MAX_AHEAD_MS + 60_000)
  expect([desk.now(), desk.stamp()]).toEqual([lowered + 60_000, lowered + 60_000])
  desk.wall.set(START, 'HAND')
  desk.pass(60_000)
  expect(desk.stamp()).toBe(lowered + 120_000)
})

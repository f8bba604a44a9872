import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeUuidv7, PatientId } from './ids.ts'
import {
  clampStamps,
  formatStamp,
  MAX_AHEAD_MS,
  nextStamp,
  type Stamp,
  stampsFrom,
  stampTime,
} from './stamp.ts'
import { START, STATIONS, pick } from './test-values.ts'
import { nodeOfStation } from './stamp.ts'

const node = nodeOfStation(pick(STATIONS, 0))

describe('nextStamp', () => {
  it('always goes forward, whatever the clock does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: START - 86_400_000, max: START + 86_400_000 }), {
          maxLength: 50,
        }),
        (clock) => {
          let last: Stamp | null = null
          for (const now of clock) {
            const stamp: Stamp = nextStamp(last, now, node)
            if (last !== null) expect(stamp > last).toBe(true)
            expect(stampTime(stamp)).toBeGreaterThanOrEqual(now)
            last = stamp
          }
        },
      ),
    )
  })

  it('carries into the next millisecond when the counter is full', () => {
    const full = formatStamp(START, 0xffff, node)
    expect(nextStamp(full, START, node)).toBe(formatStamp(START + 1, 0, node))
  })
})

describe('clampStamps', () => {
  it('keeps the order of a station whose clock is a day ahead', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 90_000_000 }), { maxLength: 30 }),
        (aheads) => {
          const stamps = aheads.map((ahead) => formatStamp(START + ahead, 0, node))
          const clamped = clampStamps(stamps, START, null)
          const order = [...new Set(stamps)].toSorted()
          const after = order.map((stamp) => clamped.get(stamp) ?? stamp)
          expect(after).toEqual(after.toSorted())
          expect(new Set(after).size).toBe(order.length)
          for (const stamp of after)
            expect(stampTime(stamp)).toBeLessThanOrEqual(START + MAX_AHEAD_MS)
        },
      ),
    )
  })
})

describe('makeUuidv7', () => {
  it('is a valid version 7 id that sorts by time', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 10, maxLength: 10 }),
        fc.nat(1_000),
        (random, later) => {
          const id = makeUuidv7(START, random)
          expect(PatientId.safeParse(id).success).toBe(true)
          expect(id.charAt(14)).toBe('7')
          expect(makeUuidv7(START + later + 1, random) > id).toBe(true)
        },
      ),
    )
  })
})

it('what every stamp of a time or later sorts at or after', () => {
  const time = fc.integer({ min: 0, max: 9_999_999_999_999 })
  const near = fc.double({ min: -3, max: 3, noNaN: true })
  fc.assert(
    fc.property(time, near, fc.nat(0xffff), (at, away, counter) => {
      const since = Math.max(0, at + away)
      const stamp = formatStamp(at, counter, 'ffffffff')
      expect(stamp >= stampsFrom(since)).toBe(stampTime(stamp) >= since)
    }),
  )
})

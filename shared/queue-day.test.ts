import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addDays, nextCutOver, queueDayOf, wallClock } from './queue-day.ts'

const CAIRO = { timeZone: 'Africa/Cairo', cutOvers: [{ from: '2020-01-01', hour: 5 }] }
const at = (iso: string): number => Date.parse(iso)

describe('queueDayOf', () => {
  it('goes on past midnight until the cut-over hour', () => {
    // Cairo is UTC+2 in November.
    expect(queueDayOf(at('2026-11-22T21:59:00Z'), CAIRO)).toBe('2026-11-22')
    expect(queueDayOf(at('2026-11-22T22:30:00Z'), CAIRO)).toBe('2026-11-22')
    expect(queueDayOf(at('2026-11-23T02:59:59Z'), CAIRO)).toBe('2026-11-22')
    expect(queueDayOf(at('2026-11-23T03:00:00Z'), CAIRO)).toBe('2026-11-23')
  })

  it('24 April 2026: midnight does not exist in Cairo', () => {
    const before = at('2026-04-23T21:59:59Z')
    expect(wallClock(before, 'Africa/Cairo')).toEqual({ date: '2026-04-23', hour: 23 })
    expect(wallClock(before + 1_000, 'Africa/Cairo')).toEqual({ date: '2026-04-24', hour: 1 })
    expect(queueDayOf(before, CAIRO)).toBe('2026-04-23')
    expect(queueDayOf(before + 1_000, CAIRO)).toBe('2026-04-23')
    expect(queueDayOf(at('2026-04-24T01:59:59Z'), CAIRO)).toBe('2026-04-23')
    expect(queueDayOf(at('2026-04-24T02:00:00Z'), CAIRO)).toBe('2026-04-24')
    const midnight = { ...CAIRO, cutOvers: [{ from: '2020-01-01', hour: 0 }] }
    expect(queueDayOf(before + 1_000, midnight)).toBe('2026-04-24')
  })

  it('29 October 2026: 23:00 happens twice in Cairo, and is one evening', () => {
    const first = at('2026-10-29T20:30:00Z')
    const second = at('2026-10-29T21:30:00Z')
    expect(wallClock(first, 'Africa/Cairo')).toEqual({ date: '2026-10-29', hour: 23 })
    expect(wallClock(second, 'Africa/Cairo')).toEqual({ date: '2026-10-29', hour: 23 })
    const midnight = { ...CAIRO, cutOvers: [{ from: '2020-01-01', hour: 0 }] }
    for (const clinic of [CAIRO, midnight]) {
      expect(queueDayOf(first, clinic)).toBe('2026-10-29')
      expect(queueDayOf(second, clinic)).toBe('2026-10-29')
    }
    expect(queueDayOf(at('2026-10-30T02:59:59Z'), CAIRO)).toBe('2026-10-29')
    expect(queueDayOf(at('2026-10-30T03:00:00Z'), CAIRO)).toBe('2026-10-30')
  })

  it('a change of the hour applies from its day on', () => {
    const clinic = {
      ...CAIRO,
      cutOvers: [
        { from: '2020-01-01', hour: 5 },
        { from: '2026-11-23', hour: 2 },
      ],
    }
    expect(queueDayOf(at('2026-11-22T01:00:00Z'), clinic)).toBe('2026-11-21')
    expect(queueDayOf(at('2026-11-22T23:59:00Z'), clinic)).toBe('2026-11-22')
    expect(queueDayOf(at('2026-11-23T00:00:00Z'), clinic)).toBe('2026-11-23')
  })

  it('never goes back as time goes on, and takes each step at nextCutOver', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-12-31T00:00:00Z') }),
        fc.constantFrom('Africa/Cairo', 'Asia/Riyadh', 'Asia/Amman', 'Africa/Casablanca'),
        fc.integer({ min: 0, max: 11 }),
        (now, timeZone, hour) => {
          const clinic = { timeZone, cutOvers: [{ from: '2020-01-01', hour }] }
          const day = queueDayOf(now, clinic)
          const next = nextCutOver(now + 1, clinic)
          expect(next).toBeGreaterThan(now)
          expect(next - now).toBeLessThanOrEqual(25 * 3_600_000)
          expect(queueDayOf(next - 60_000, clinic) <= day).toBe(true)
          expect(queueDayOf(next, clinic)).toBe(addDays(queueDayOf(next - 60_000, clinic), 1))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('every minute of both odd nights belongs to one unbroken run of days', () => {
    for (const start of ['2026-04-23T12:00:00Z', '2026-10-29T12:00:00Z']) {
      let last = queueDayOf(at(start), CAIRO)
      let steps = 0
      for (let minute = 1; minute <= 24 * 60; minute += 1) {
        const day = queueDayOf(at(start) + minute * 60_000, CAIRO)
        expect(day >= last).toBe(true)
        if (day !== last) steps += 1
        last = day
      }
      expect(steps).toBe(1)
    }
  })
})

it('the clock of one clinic, asked over and over, is not that of another or of an earlier minute', () => {
  const moment = at('2026-11-23T21:59:59.999Z')
  const said = (['Africa/Cairo', 'Asia/Dubai'] as const).flatMap((timeZone) =>
    [moment, moment + 1, moment].map((now) => wallClock(now, timeZone)),
  )
  expect(said.map(({ date, hour }) => `${date} ${hour}`)).toEqual([
    '2026-11-23 23',
    '2026-11-24 0',
    '2026-11-23 23',
    '2026-11-24 1',
    '2026-11-24 2',
    '2026-11-24 1',
  ])
})

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { waitRange } from './wait-range.ts'

it('is a range that grows with the line and with slower patients, in steps of five minutes', () => {
  const paces = fc.array(fc.integer({ min: 1, max: 45 }), { maxLength: 12 })
  fc.assert(
    fc.property(fc.nat(60), paces, (before, known) => {
      const { from, to } = waitRange(before, known)
      expect([from % 5, to % 5]).toEqual([0, 0])
      expect(to - from).toBeGreaterThanOrEqual(10)
      const more = waitRange(before + 1, known)
      expect(more.from).toBeGreaterThanOrEqual(from)
      expect(more.to).toBeGreaterThanOrEqual(to)
      const slower = waitRange(
        before,
        known.map((pace) => pace + 5),
      )
      expect(slower.to).toBeGreaterThanOrEqual(to)
    }),
  )
})

it('goes by the pace of the day once it is known', () => {
  expect(waitRange(4, [])).toEqual({ from: 20, to: 60 })
  expect(waitRange(4, [10, 10, 10, 10])).toEqual({ from: 40, to: 50 })
  expect(waitRange(0, [8, 9, 30, 7])).toEqual({ from: 0, to: 10 })
})

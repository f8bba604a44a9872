import { expect, test } from 'vitest'
import { formatNumber, type Measured, median, percentile, printRows, toRow } from './rows.ts'

const latency: Measured = {
  suite: 'board',
  figure: 'key to board, p50',
  unit: 'ms',
  better: 'LESS',
  ours: [12, 10, 40],
  floor: { runs: [5, 6, 7], is: 'an array in memory' },
  mark: { of: 'OURS', bound: 12 },
}

const throughput: Measured = {
  suite: 'push',
  figure: 'push',
  unit: 'docs/s',
  better: 'MORE',
  ours: [4_000],
  floor: { runs: [10_000], is: 'one insert' },
  mark: { of: 'RATIO', bound: 2 },
  peers: { 'PouchDB (measured earlier, another run)': 13_000 },
}

test('percentiles lie between the two nearest values', () => {
  expect(percentile([4, 1, 3, 2], 50)).toBe(2.5)
  expect(percentile([1, 2, 3], 100)).toBe(3)
  expect(percentile([7], 99)).toBe(7)
  expect(median([9, 1, 5])).toBe(5)
  expect(() => median([])).toThrow(RangeError)
})

test('a ratio above 1 is worse than the floor, whichever way is good', () => {
  expect(toRow(latency)).toMatchObject({ ours: 12, floor: 6, ratio: 2, spread: [10, 40] })
  expect(toRow(throughput)).toMatchObject({ ours: 4_000, floor: 10_000, ratio: 2.5 })
})

test('a mark is met at its bound and missed beyond it', () => {
  expect(toRow(latency).met).toBe(true)
  expect(toRow({ ...latency, ours: [12.1] }).met).toBe(false)
  expect(toRow(throughput).met).toBe(false)
  expect(toRow({ ...throughput, ours: [5_000] }).met).toBe(true)
  expect(toRow({ ...throughput, mark: { of: 'OURS', bound: 4_000 } }).met).toBe(true)
  const { mark: _, ...unmarked } = latency
  expect(toRow(unmarked).met).toBe(null)
})

test('three digits are enough', () => {
  expect([0.5, 12.34, 99.99, 1234.5, 0.001_23].map(formatNumber)).toEqual([
    '0.5',
    '12.3',
    '100',
    '1,235',
    '0.00123',
  ])
})

test('the table says what was missed, what the floor is and what is of another run', () => {
  expect(printRows([toRow(latency), toRow(throughput)])).toMatchInlineSnapshot(`
    "figure               unit     ours  of the runs   floor  ratio     mark
    ↓ key to board, p50  ms         12        10–40       6  2.00x     ≤ 12  met
    ↑ push               docs/s  4,000               10,000  2.50x  ≤ 2.00x  MISSED
      floor of key to board: an array in memory
      floor of push: one insert
      peer for push: PouchDB (measured earlier, another run) 13,000 docs/s"
  `)
})

import { expect, it } from 'vitest'
import { keepEqual } from './keep-equal.ts'

const row = (visitId: string, status: string) => ({ visitId, status, actions: ['CALL'] })

it('keeps the rows that did not change, wherever they stand now', () => {
  const before = { lines: [{ doctorId: 'd', waiting: [row('a', 'WAITING'), row('b', 'WAITING')] }] }
  const after = keepEqual(before, {
    lines: [{ doctorId: 'd', waiting: [row('b', 'WAITING'), row('a', 'DONE')] }],
  })
  expect(after.lines[0]?.waiting[0]).toBe(before.lines[0]?.waiting[1])
  expect(after.lines[0]?.waiting[1]).not.toBe(before.lines[0]?.waiting[0])
  expect(after).not.toBe(before)
})

it('keeps the whole when nothing changed', () => {
  const before = { a: [1, { b: null }], c: 'x' }
  expect(keepEqual(before, { a: [1, { b: null }], c: 'x' })).toBe(before)
})

it('sees what was added, taken away and moved', () => {
  const before = { list: ['a', 'b'] }
  expect(keepEqual(before, { list: ['a'] })).toEqual({ list: ['a'] })
  expect(keepEqual(before, { list: ['b', 'a'] })).toEqual({ list: ['b', 'a'] })
  expect(keepEqual<object>(before, { list: ['a', 'b'], more: 1 })).toEqual({
    list: ['a', 'b'],
    more: 1,
  })
})

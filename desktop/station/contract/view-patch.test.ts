import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyPatch, patchOf } from './view-patch.ts'

const json = fc.jsonValue({ maxDepth: 4 })
/** As over a port: nothing is shared with what was sent. */
const sent = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
/** JSON has no -0. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

test('whatever the two values are, the patch makes one of the other', () => {
  fc.assert(
    fc.property(json, json, (some, other) => {
      const [before, after] = [plain(some), plain(other)]
      const patch = patchOf(before, after)
      if (patch === null) expect(after).toEqual(before)
      else expect(applyPatch(plain(before), sent(patch))).toEqual(after)
    }),
    { numRuns: 1_000 },
  )
})

test('rows that moved, came, went and changed', () => {
  const row = fc.record({ id: fc.nat(9), name: fc.string(), actions: fc.array(fc.nat(3)) })
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 12 }),
      fc.array(fc.tuple(fc.nat(12), fc.option(row)), { maxLength: 14 }),
      (rows, picks) => {
        const view = { lines: [{ waiting: rows }], count: rows.length }
        // Some are the very same objects, as of a view that keeps what did not change.
        const after = {
          lines: [{ waiting: picks.map(([at, fresh]) => fresh ?? rows[at] ?? null) }],
          count: picks.length,
        }
        const patch = patchOf(view, after)
        if (patch === null) expect(after).toEqual(view)
        else expect(applyPatch(plain(view), sent(patch))).toEqual(after)
      },
    ),
    { numRuns: 1_000 },
  )
})

const rowOf = (id: number, calledAt: string | null) => ({ id, name: `مريض ${id}`, calledAt })

test('one changed row of two hundred takes little more than the row, wherever it goes', () => {
  const rows = Array.from({ length: 200 }, (_, id) => rowOf(id, null))
  const called = rowOf(7, '2026-11-22T06:00:00.000Z')
  const inPlace = patchOf({ rows }, { rows: rows.with(7, called) })
  expect(inPlace).toEqual([
    '{',
    {
      rows: [
        '[',
        [[0, 7], { at: 7, patch: ['{', { calledAt: ['=', called.calledAt] }] }, [8, 192]],
      ],
    },
  ])
  const toTheEnd = patchOf(rows, [...rows.toSpliced(7, 1), called])
  expect(JSON.stringify(toTheEnd).length).toBeLessThan(150)
})

test('parts that are as before stay the same objects', () => {
  const before = { lines: [{ rows: [{ id: 1 }, { id: 2 }] }, { rows: [{ id: 3 }] }] }
  const patch = patchOf(before, { lines: [{ rows: [{ id: 1 }, { id: 9 }] }, before.lines[1]] })
  const after = applyPatch(before, patch) as typeof before
  expect(after.lines[1]).toBe(before.lines[1])
  expect(after.lines[0]?.rows[0]).toBe(before.lines[0]?.rows[0])
})

test('a field that is undefined as before is no change, and one that becomes so is sent with its whole', () => {
  expect(patchOf({ a: undefined, b: [1] }, { a: undefined, b: [1] })).toBeNull()
  const after = { a: undefined, b: 1 }
  expect(patchOf({ a: 1, b: 1 }, after)).toEqual(['=', after])
})

test('what is no patch, or of another value, is refused', () => {
  const wrong: [unknown, unknown][] = [
    [{}, null],
    [{}, ['?', 1]],
    [{}, ['[', []]],
    [[], ['{', {}]],
    [{ a: 1 }, ['{', { b: ['=', 2] }]],
    [[1], ['[', [3]]],
    [[1], ['[', [[0, 2]]]],
    [[1], ['[', ['x']]],
  ]
  for (const [before, patch] of wrong) {
    expect(() => applyPatch(before, patch), JSON.stringify(patch)).toThrow(TypeError)
  }
})

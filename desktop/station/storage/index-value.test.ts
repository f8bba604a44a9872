import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { encodeText, fieldReader, ODD_VALUE } from './index-value.ts'

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      'ا',
      'ب',
      'ﷺ',
      'ﻻ',
      '😀',
      '\u{10FFFF}',
      '\uD83D',
      '\uDE00',
      '\uD7FF',
      '\uFFFF',
      '\0',
      'a',
    ),
  }),
)

describe('encodeText', () => {
  test('orders in SQLite as strings order in JavaScript, and loses nothing', () => {
    const db = new Database(':memory:')
    const compare = db
      .prepare<[string, string], number>('SELECT (a > b) - (a < b) FROM (SELECT ? AS a, ? AS b)')
      .pluck()
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        expect(compare.get(encodeText(a), encodeText(b))).toBe(a < b ? -1 : a > b ? 1 : 0)
      }),
      { numRuns: 5_000 },
    )
    db.close()
  })
})

describe('fieldReader', () => {
  test.each<[unknown, unknown]>([
    [{}, null],
    [{ a: null }, null],
    [{ a: { b: null } }, Number.NEGATIVE_INFINITY],
    [{ a: { b: Number.NaN } }, Number.NEGATIVE_INFINITY],
    [{ a: { b: 'x' } }, 'x'],
    [{ a: { b: [1] } }, ODD_VALUE],
    [{ a: [{ b: 1 }] }, ODD_VALUE],
    [{ a: 'text' }, ODD_VALUE],
  ])('reads a.b of %j', (document, value) => {
    expect(fieldReader('a.b')(document as Record<string, unknown>)).toBe(value)
  })
})

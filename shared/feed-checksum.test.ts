import { expect, test } from 'vitest'
import { jsonbText } from './feed-checksum.ts'

test.each([
  ['an object', { b: 1, a: [1, 'x', null, true] }, '{"a": [1, "x", null, true], "b": 1}'],
  ['shorter keys first', { bb: 1, a: 2, ab: 3 }, '{"a": 2, "ab": 3, "bb": 1}'],
  ['nothing inside', { a: {}, b: [] }, '{"a": {}, "b": []}'],
  ['Arabic as it is', { name: 'أحمد' }, '{"name": "أحمد"}'],
  ['what must be escaped', 'a"\\\n\t\u0001/', String.raw`"a\"\\\n\t\u0001/"`],
])('%s', (_, value, text) => {
  expect(jsonbText(value)).toBe(text)
})

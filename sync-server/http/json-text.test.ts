import { expect, test } from 'vitest'
import { parseJsonText } from './json-text.ts'

test.each([
  ['a NUL as an escape', String.raw`{"name":"a\u0000b"}`],
  ['a NUL in a key', String.raw`{"a\u0000":1}`],
  ['a NUL deep inside', String.raw`[{"a":[1,"\u0000"]}]`],
  ['half a pair as an escape', String.raw`"\ud83d"`],
  ['half a pair in capitals', String.raw`"\uDE00 x"`],
  ['two halves in the wrong order', String.raw`"\ude00\ud83d"`],
  ['half a pair as it is', '"\ud83d"'],
  ['something that is not JSON', '{"name":'],
  ['nothing', ''],
  ['a NUL deeper than a stack', `${'['.repeat(200_000)}"\\u0000"${']'.repeat(200_000)}`],
])('refuses %s', (_, text) => {
  expect(() => parseJsonText(text)).toThrow(expect.objectContaining({ code: 'INVALID' }))
})

test.each([
  ['Arabic', '{"name":"أحمد"}', { name: 'أحمد' }],
  ['a whole pair as escapes', String.raw`"\ud83d\ude00"`, '😀'],
  ['a whole pair as it is', '"😀"', '😀'],
  ['the text of an escape', String.raw`"\\u0000"`, String.raw`\u0000`],
  ['a proto key as plain data', '{"__proto__":1}', JSON.parse('{"__proto__":1}')],
])('reads %s', (_, text, value) => {
  expect(parseJsonText(text)).toEqual(value)
})

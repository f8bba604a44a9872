import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { seed } from './fault.ts'
import { FAULTS as SERVER } from './server.ts'
import { FAULTS as STORAGE } from './storage.ts'

test.each([...STORAGE, ...SERVER].map((fault): [string, typeof fault] => [fault.is, fault]))(
  '%s: can be seeded, and the test that catches it exists',
  (_, fault) => {
    const source = readFileSync(fault.file, 'utf8')
    expect(seed(source, fault)).not.toBe(source)
    // The title as it is written; a table's rows are filled in.
    const tests = readFileSync(fault.caughtBy.file, 'utf8')
    const title = fault.caughtBy.test.replace(/^uses the index for .*/, 'uses the index for %s')
    expect(tests).toContain(title)
  },
)

test("the storage's docs name each of its faults with the test that catches it", () => {
  const docs = readFileSync('docs/storage.md', 'utf8')
  for (const { is, caughtBy } of STORAGE) expect(docs).toContain(`| ${is} | ${caughtBy.test} (`)
})

test('what has moved is not seeded in silence', () => {
  const fault = {
    is: 'x',
    file: 'f',
    edits: [{ from: 'a', to: 'b' }],
    caughtBy: { file: 't', test: 't' },
  }
  expect(() => seed('c', fault)).toThrow('finds 0 places')
  expect(() => seed('a a', fault)).toThrow('finds 2 places')
  expect(seed('a', fault)).toBe('b')
})

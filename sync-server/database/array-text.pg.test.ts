import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { binaryArray, listArray, plainArray } from './array-text.ts'

let database: TestDatabase
let client: pg.Client
beforeAll(async () => {
  database = await createTestDatabase()
  client = new pg.Client({ connectionString: database.ownerUrl })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await database.drop()
})

async function read(type: string, array: string | Buffer): Promise<unknown> {
  const { rows } = await client.query<{ value: unknown }>(
    `SELECT to_json($1::${type}[]) AS value`,
    [array],
  )
  return rows[0]?.value
}

/** All that PostgreSQL can keep, with what arrays mean something by. */
const anyText = fc
  .string({ unit: 'binary' })
  .map((text) => text.replaceAll('\0', ''))
  .chain((text) => fc.constantFrom(text, `${text}"`, `\\${text}\n`, `{${text},`, 'NULL', ''))

test('PostgreSQL reads whatever text as it was', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyText), async (texts) => {
      expect(await read('text', binaryArray('TEXT', texts))).toEqual(texts)
    }),
  )
})

test('lists that differ in length are cast one by one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(anyText)), async (lists) => {
      const { rows } = await client.query<{ list: string[] }>(
        'SELECT r.list::text[] AS list FROM unnest($1::text[]) AS r (list)',
        [listArray(lists)],
      )
      expect(rows.map(({ list }) => list)).toEqual(lists)
    }),
  )
})

test('JSON comes to the letter, and what is not there as NULL', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(anyText)), async (values) => {
      const documents = values.map((value) => (value === null ? null : { value }))
      const texts = documents.map((each) => (each === null ? null : JSON.stringify(each)))
      const { rows } = await client.query<{ texts: (string | null)[] }>(
        'SELECT ARRAY(SELECT each::text FROM unnest($1::json[]) AS each) AS texts',
        [binaryArray('JSON', texts)],
      )
      expect(rows[0]?.texts).toEqual(texts)
      expect(await read('text', binaryArray('TEXT', texts))).toEqual(texts)
      expect(await read('jsonb', binaryArray('JSONB', texts))).toEqual(documents)
    }),
  )
})

test('numbers, ids and NULL need no quotes', async () => {
  expect(await read('bigint', plainArray([1, null, -3]))).toEqual([1, null, -3])
  expect(await read('text', plainArray(['ACCEPTED', null]))).toEqual(['ACCEPTED', null])
})

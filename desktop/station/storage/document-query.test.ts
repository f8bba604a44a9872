import fc from 'fast-check'
import {
  getQueryMatcher,
  getSortComparator,
  normalizeMangoQuery,
  now,
  prepareQuery,
  type MangoQuery,
  type RxJsonSchema,
  type RxStorageInstance,
} from 'rxdb'
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory'
import { expect, onTestFinished, test } from 'vitest'

import { openCollectionTable } from './collection-table.ts'
import { openConnection } from './connection.ts'
import { planQuery } from './document-query.ts'
import type { Store } from './store.ts'
import type { Fields, StoredDocument } from './stored-document.ts'
import {
  instanceParams,
  KEY,
  openInstance,
  PLAIN_VISITS,
  temporaryFile,
  testStore,
  visit,
} from './test-store.ts'

const SCHEMA: RxJsonSchema<Fields> = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: {
    id: { type: 'string', maxLength: 10 },
    name: { type: 'string', maxLength: 12 },
    age: { type: 'number', minimum: -100, maximum: 100, multipleOf: 0.01 },
    paid: { type: 'boolean' },
    at: { type: 'object', properties: { day: { type: 'string', maxLength: 12 } } },
    free: {},
    extra: {},
  },
  required: ['id', 'name', 'age', 'paid', 'at'],
  indexes: ['name', ['paid', 'age'], ['at.day', 'name'], 'age'],
}

const words = [
  '',
  'a',
  'ab',
  'b',
  'أحمد',
  'احمد',
  'ﷺ',
  '😀',
  'محمد علي',
  '2026-11-24',
  '2026-11-24T21:05:00.000Z',
  '٢٠٢٦-١١-٢٤',
]
const text = fc.constantFrom(...words)
const number = fc.constantFrom(-2, -1.5, 0, 1, 1.25, 2, 99)
// The memory storage reads its indexes by the schema, so what it is compared on keeps to it.
const lawful = { name: text, age: number, paid: fc.boolean(), 'at.day': text }
const scalar = fc.oneof(text, number, fc.boolean(), fc.constant(null))
const anything = fc.oneof(
  { weight: 4, arbitrary: scalar },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      undefined,
      [],
      ['a', 1],
      [null],
      {},
      { x: 1 },
      [['ab']],
      [{ day: 'a' }],
    ),
  },
)
const unlawful = { name: anything, age: anything, paid: anything, 'at.day': anything }

type FieldValues = Readonly<Record<keyof typeof lawful, fc.Arbitrary<unknown>>>

function documentsOf(
  values: FieldValues,
  at: fc.Arbitrary<unknown>,
): fc.Arbitrary<StoredDocument[]> {
  return fc
    .uniqueArray(
      fc.tuple(
        fc.integer({ min: 0, max: 99 }),
        values.name,
        values.age,
        values.paid,
        at,
        anything,
        scalar,
        fc.integer({ min: 0, max: 9 }),
      ),
      {
        selector: ([id]) => id,
        maxLength: 40,
      },
    )
    .map((rows) =>
      rows.map(([id, name, age, paid, at, free, extra, deleted]) => ({
        id: `v${id}`,
        name,
        age,
        paid,
        at,
        free,
        extra,
        _deleted: deleted === 0,
        _rev: '1-x',
        _meta: { lwt: now() },
        _attachments: {},
      })),
    )
}

function operatorsOf(value: fc.Arbitrary<unknown>): fc.Arbitrary<Fields> {
  const list = fc.array(value, { maxLength: 4 })
  return fc.oneof(
    ...['$eq', '$ne', '$gt', '$gte', '$lt', '$lte'].map((operator) =>
      value.map((operand) => ({ [operator]: operand })),
    ),
    ...['$in', '$nin'].map((operator) => list.map((operand) => ({ [operator]: operand }))),
    fc.tuple(value, value).map(([low, high]) => ({ $gte: low, $lt: high })),
    fc.boolean().map(($exists) => ({ $exists })),
    fc.constantFrom<Fields>(
      { $regex: 'a' },
      { $type: 'string' },
      { $not: { $eq: 'a' } },
      { $size: 2 },
    ),
  )
}

function queriesOf(
  values: FieldValues,
  sortable: readonly string[],
): fc.Arbitrary<MangoQuery<Fields>> {
  const entry = fc.oneof(
    ...Object.entries(values).map(([field, value]) =>
      operatorsOf(value).map((matcher): Fields => ({ [field]: matcher })),
    ),
    operatorsOf(anything).map((matcher): Fields => ({ free: matcher })),
    operatorsOf(scalar).map((matcher): Fields => ({ 'free.x': matcher })),
    operatorsOf(scalar).map((matcher): Fields => ({ 'free.day': matcher })),
    operatorsOf(scalar).map((operand): Fields => ({ free: { $elemMatch: operand } })),
    text.map((id): Fields => ({ id: { $gt: `v${id}` } })),
  )
  const simple = fc
    .array(entry, { maxLength: 3 })
    .map((entries): Fields => Object.assign({}, ...entries) as Fields)
  const branches = fc.array(simple, { minLength: 1, maxLength: 3 })
  const selector = fc.oneof(
    { weight: 4, arbitrary: simple },
    fc.tuple(simple, branches).map(([rest, $or]): Fields => ({ ...rest, $or })),
    fc.tuple(simple, branches).map(([rest, $and]): Fields => ({ ...rest, $and })),
  )
  const direction = fc.constantFrom('asc', 'desc')
  const sort = fc
    .uniqueArray(fc.tuple(fc.constantFrom(...sortable), direction), {
      selector: ([field]) => field,
      minLength: 1,
      maxLength: 3,
    })
    .map((parts) => parts.map(([field, order]) => ({ [field]: order })))
  return fc
    .record({
      selector: fc
        .tuple(selector, fc.boolean())
        .map(([rest, live]) => (live ? { ...rest, _deleted: { $eq: false } } : rest)),
      // A query without a sort is given an index's fields, name first.
      sort: sortable.includes('name') ? fc.option(sort, { nil: undefined }) : sort,
      skip: fc.constantFrom(undefined, 0, 3),
      limit: fc.constantFrom(undefined, 0, 1, 5),
    })
    .map(({ sort, skip, limit, selector }) => ({
      selector,
      ...(sort === undefined ? {} : { sort }),
      ...(skip === undefined ? {} : { skip }),
      ...(limit === undefined ? {} : { limit }),
    }))
}

type Instance = Pick<
  RxStorageInstance<Fields, unknown, unknown>,
  'query' | 'count' | 'bulkWrite' | 'remove' | 'schema'
>

async function ask(instance: Instance, query: MangoQuery<Fields>): Promise<unknown[]> {
  const prepared = prepareQuery(instance.schema, normalizeMangoQuery(instance.schema, query))
  const { documents } = await instance.query(prepared)
  return documents.map((document) => document['id'])
}

const SORTABLE = ['name', 'age', 'paid', 'at.day', 'id', 'extra']
/** Thousands of small collections: waiting for the disk would be nearly all the time. */
function storeThatNeedNotLast(): Store {
  const store = testStore()
  store.db.pragma('synchronous = OFF')
  return store
}

/** Of each kind; for more, `STORAGE_QUERIES` in the environment (docs/storage.md). */
const QUERIES = Number(process.env['STORAGE_QUERIES'] ?? 3_000)
const ROUNDS = { numRuns: Math.ceil(QUERIES / 15) }
const TIMEOUT = { timeout: 20_000 + QUERIES * 20 }
const fifteen = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.array(one, { minLength: 15, maxLength: 15 })

let opened = 0
const atOf = (day: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  day.map((value) => ({ day: value }))

test('answers as the memory storage does, order included', TIMEOUT, async () => {
  const store = storeThatNeedNotLast()
  const memory = getRxStorageMemory()
  const queries = fifteen(queriesOf(lawful, SORTABLE))
  await fc.assert(
    fc.asyncProperty(documentsOf(lawful, atOf(text)), queries, async (documents, asked) => {
      const params = instanceParams(`c${opened++}`, SCHEMA)
      const theirs = await memory.createStorageInstance(params)
      const ours = await store.storage.createStorageInstance(params)
      for (const instance of [theirs, ours]) {
        if (documents.length > 0)
          await instance.bulkWrite(
            documents.map((document) => ({ document })),
            'test',
          )
      }
      for (const query of asked) {
        const expected = await ask(theirs, query)
        expect(await ask(ours, query)).toEqual(expected)
        const prepared = prepareQuery(ours.schema, normalizeMangoQuery(ours.schema, query))
        expect((await ours.count(prepared)).count).toBe(expected.length)
      }
      await Promise.all([theirs.remove(), ours.remove()])
    }),
    ROUNDS,
  )
})

test(
  "answers as RxDB's matcher and comparator do, whatever the documents hold",
  TIMEOUT,
  async () => {
    const store = storeThatNeedNotLast()
    const mixed = { name: scalar, age: scalar, paid: scalar, 'at.day': scalar }
    const mixedAt = fc.oneof(atOf(scalar), fc.constantFrom({}, null, undefined))
    // RxDB's comparator calls two equal arrays a tie and forgets the primary key: such fields have no defined order.
    const cases = fc.oneof(
      fc.tuple(documentsOf(mixed, mixedAt), fifteen(queriesOf(unlawful, SORTABLE))),
      fc.tuple(
        documentsOf(unlawful, fc.oneof(atOf(anything), anything)),
        fifteen(queriesOf(unlawful, ['id', 'extra'])),
      ),
    )
    await fc.assert(
      fc.asyncProperty(cases, async ([documents, asked]) => {
        const instance = await store.storage.createStorageInstance(
          instanceParams(`c${opened++}`, SCHEMA),
        )
        if (documents.length > 0)
          await instance.bulkWrite(
            documents.map((document) => ({ document })),
            'test',
          )
        const kept = JSON.parse(JSON.stringify(documents)) as StoredDocument[]
        for (const query of asked) {
          const full = normalizeMangoQuery(instance.schema, query)
          const expected = kept
            .filter(getQueryMatcher(instance.schema, full))
            .toSorted(getSortComparator(instance.schema, full))
            .slice(full.skip, full.skip + (full.limit ?? Number.POSITIVE_INFINITY))
          expect(await ask(instance, query)).toEqual(expected.map((document) => document['id']))
        }
        await instance.remove()
      }),
      ROUNDS,
    )
  },
)

test('each operator compares each type with each as RxDB does, and each sorts in its place', async () => {
  const instance = await openInstance(testStore(), 'types', SCHEMA)
  const values = [undefined, null, -1, 0, 1.5, '', 'a', 'ﷺ', '😀', false, true]
  const rest = { age: 0, paid: true, at: {} }
  const internals = { _deleted: false, _rev: '1-x', _meta: { lwt: 1 }, _attachments: {} }
  const documents = values.map((name, index): StoredDocument => {
    const named = name === undefined ? {} : { name }
    return { id: `v${index}`, ...named, ...rest, ...internals }
  })
  await instance.bulkWrite(
    documents.map((document) => ({ document })),
    'test',
  )
  const operators = ['$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$in', '$nin']
  for (const operator of operators) {
    for (const value of values.slice(1)) {
      const operand = operator.endsWith('in') ? [value] : value
      for (const direction of ['asc', 'desc'] as const) {
        const query = { selector: { name: { [operator]: operand } }, sort: [{ name: direction }] }
        const full = normalizeMangoQuery(instance.schema, query)
        const expected = documents
          .filter(getQueryMatcher(instance.schema, full))
          .toSorted(getSortComparator(instance.schema, full))
        const found = await ask(instance, query)
        expect([operator, value, ...found]).toEqual([
          operator,
          value,
          ...expected.map(({ id }) => id),
        ])
      }
    }
  }
})

test.each<[string, MangoQuery<Fields>, RegExp]>([
  [
    'an equality and an order',
    { selector: { status: 'WAITING' }, sort: [{ status: 'asc' }, { order: 'asc' }] },
    /SEARCH .* USING INDEX clinic\/visits\/0#_deleted,status,order,id \(\.status=\?\)/,
  ],
  [
    'descending',
    { selector: { status: 'WAITING' }, sort: [{ order: 'desc' }, { id: 'desc' }] },
    /USING INDEX .*status,order,id/,
  ],
  [
    'a range',
    { selector: { status: 'WAITING', order: { $gte: 5, $lt: 9 } } },
    /\(\.status=\? AND \.order>\? AND \.order<\?\)/,
  ],
  [
    'a list',
    { selector: { status: { $in: ['WAITING', 'CALLED'] } } },
    /USING INDEX .*\(\.status=\?\)/,
  ],
  [
    'a part the matcher must finish',
    { selector: { status: 'WAITING', note: 'x' } },
    /USING INDEX .*\(\.status=\?\)/,
  ],
  [
    'the primary key',
    { selector: { id: { $in: ['a', 'b'] } }, sort: [{ id: 'asc' }] },
    /SEARCH .* \(id=\?\)/,
  ],
])('uses the index for %s', (_, query, expected) => {
  const db = openConnection(temporaryFile(), KEY)
  onTestFinished(() => void db.close())
  const { schema } = instanceParams('visits', PLAIN_VISITS)
  const table = openCollectionTable(db, 'clinic/visits/0', schema)
  const selector = { _deleted: false, ...query.selector }
  const plan = planQuery(table, normalizeMangoQuery(schema, { ...query, selector }))
  const steps = db
    .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${plan.sql}`)
    .all(...plan.params)
  const details = steps.map(({ detail }) => detail).join('\n')
  expect(details).toMatch(expected)
  expect(details).not.toMatch(/TEMP B-TREE/)
})

test('a query that no index bounds is answered, and told of once', async () => {
  const scans: string[] = []
  const store = testStore({ onScan: (sql) => scans.push(sql) })
  const instance = await openInstance(store)
  store.transaction((tx) => tx.put('visits', [visit('a', { note: 'x' }), visit('b')]))
  const live = { _deleted: { $eq: false } }
  for (const selector of [{}, { status: 'WAITING', note: 'x' }, { id: { $gt: 'a' } }]) {
    await ask(instance, { selector: { ...live, ...selector } })
  }
  expect(scans).toEqual([])
  for (const note of ['x', 'y', 'x']) await ask(instance, { selector: { ...live, note } })
  expect(await ask(instance, { selector: { ...live, note: 'x' } })).toEqual(['a'])
  expect(scans).toEqual([expect.stringMatching(/WHERE deleted = 0 /)])
  await ask(instance, { selector: { ...live, $or: [{ status: 'DONE' }, { note: 'x' }] } })
  expect(scans).toHaveLength(1)
  await ask(instance, { selector: { ...live, order: { $gt: 3 } } })
  expect(scans).toHaveLength(2)
})

test('a count walks the narrowest of the indexes that serve it', () => {
  const db = openConnection(temporaryFile(), KEY)
  onTestFinished(() => void db.close())
  const both = { ...PLAIN_VISITS, indexes: ['status', ['status', 'order']] }
  openCollectionTable(db, 'clinic/visits/0', instanceParams('visits', both).schema)
  const [step] = db
    .prepare<[string], { detail: string }>(
      'EXPLAIN QUERY PLAN SELECT count(*) FROM "clinic/visits/0" WHERE deleted = 0 AND ".status" = ?',
    )
    .all('WAITING')
  expect(step?.detail).toContain('COVERING INDEX clinic/visits/0#_deleted,status,id ')
})

test('counts fast where SQL alone can tell, and says so', async () => {
  const store = testStore()
  const instance = await openInstance(store)
  store.transaction((tx) =>
    tx.put('visits', [
      visit('a', { note: 'x' }),
      visit('b'),
      visit('c', { status: 'DONE' }),
      { ...visit('d'), _deleted: true },
    ]),
  )
  const count = (selector: Fields): Promise<unknown> => {
    const query = normalizeMangoQuery(instance.schema, {
      selector: { _deleted: { $eq: false }, ...selector },
    })
    return instance.count(prepareQuery(instance.schema, query))
  }
  expect(await count({})).toEqual({ count: 3, mode: 'fast' })
  expect(await count({ status: { $in: ['WAITING', 'CALLED'] } })).toEqual({
    count: 2,
    mode: 'fast',
  })
  expect(await count({ status: { $gt: 'E' }, order: { $lte: 0 } })).toEqual({
    count: 2,
    mode: 'fast',
  })
  expect(await count({ status: 'WAITING', note: 'x' })).toEqual({ count: 1, mode: 'slow' })
})

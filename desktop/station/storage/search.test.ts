import { expect, test } from 'vitest'

import { prefixQuery, type SearchQuery } from './search-query.ts'
import { openStore, type Store } from './store.ts'
import { KEY, openInstance, temporaryFile, testStore, visit } from './test-store.ts'

const byNote = {
  visits: {
    version: 1,
    text: ({ note }: Record<string, unknown>) => (typeof note === 'string' ? note : ''),
  },
}

function query(...words: string[]): SearchQuery {
  const made = prefixQuery(words)
  if (made === undefined) throw new Error('no word')
  return made
}

function find(store: Store, ...words: string[]): string[] {
  return store.search('visits', query(...words), 10).toSorted()
}

/** Throws when the index says other words than the table it stands on (sqlite.org/fts5.html#the_integrity_check_command). */
function checkIndex({ db }: Store): void {
  const index = '"clinic/visits/0#search"'
  db.exec(`INSERT INTO ${index} (${index}, rank) VALUES ('integrity-check', 1)`)
}

test('finds by the beginnings of all words, as soon as the transaction has ended', async () => {
  const store = testStore({ search: byNote })
  await openInstance(store)
  store.transaction((tx) =>
    tx.put('visits', [
      visit('a', { note: 'احمد محمد علي 01012345678' }),
      visit('b', { note: 'محمد حسن' }),
      visit('c', { note: 'muhammad hassan' }),
    ]),
  )
  expect(find(store, 'محمد')).toEqual(['a', 'b'])
  expect(find(store, 'مح', 'اح')).toEqual(['a'])
  expect(find(store, '010123')).toEqual(['a'])
  expect(find(store, 'حمد')).toEqual([])
  expect(store.search('visits', query('محمد'), 1)).toEqual(['b'])

  store.transaction((tx) =>
    tx.put('visits', [
      visit('a', { note: 'سعاد' }),
      { ...visit('b', { note: 'محمد' }), _deleted: true },
    ]),
  )
  expect(find(store, 'محمد')).toEqual([])
  expect(find(store, 'سع')).toEqual(['a'])
  expect(() =>
    store.transaction((tx) => {
      tx.put('visits', [visit('d', { note: 'محمد' })])
      throw new Error('no')
    }),
  ).toThrow('no')
  expect(find(store, 'محمد')).toEqual([])
  checkIndex(store)
})

test('new, changed, removed and returning documents of one transaction are each indexed once', async () => {
  const store = testStore({ search: byNote })
  await openInstance(store)
  const removed = (id: string) => ({ ...visit(id, { note: 'gone' }), _deleted: true })
  store.transaction((tx) => {
    tx.put('visits', [visit('a', { note: 'one' }), visit('b', { note: 'one' })])
    tx.put('visits', [visit('last', { note: 'one' }), removed('back')])
  })
  store.transaction((tx) =>
    tx.put('visits', [
      visit('c', { note: 'two' }),
      removed('last'),
      visit('a', { note: 'two' }),
      visit('d', { note: 'two' }),
      visit('back', { note: 'two' }),
      removed('never'),
      visit('e', { note: 'two' }),
    ]),
  )
  expect([find(store, 'one'), find(store, 'two')]).toEqual([['b'], ['a', 'back', 'c', 'd', 'e']])
  checkIndex(store)
  // The last number is free again, and given again.
  store.transaction((tx) => tx.put('visits', [removed('e'), visit('f', { note: 'three' })]))
  expect([find(store, 'two'), find(store, 'three')]).toEqual([['a', 'back', 'c', 'd'], ['f']])
  checkIndex(store)
})

test('RxDB writes are found too', async () => {
  const store = testStore({ search: byNote })
  const instance = await openInstance(store)
  const internals = { _deleted: false, _rev: '1-x', _meta: { lwt: 1 }, _attachments: {} }
  await instance.bulkWrite(
    [{ document: { ...visit('a', { note: 'مريم' }), ...internals } }],
    'test',
  )
  expect(find(store, 'مر')).toEqual(['a'])
})

test('is made anew when its version changes, and only then', async () => {
  const path = temporaryFile()
  const versions = [
    { version: 1, text: () => 'one', found: { one: ['a'], two: [] } },
    { version: 1, text: () => 'two', found: { one: ['a'], two: [] } },
    { version: 2, text: () => 'two', found: { one: [], two: ['a'] } },
  ]
  for (const { version, text, found } of versions) {
    const store = openStore({ path, key: KEY, search: { visits: { version, text } } })
    await openInstance(store)
    store.transaction((tx) => {
      if (tx.get('visits', 'a') === undefined)
        tx.put('visits', [visit('a'), { ...visit('gone'), _deleted: true }])
    })
    while (store.tidySearch());
    expect({ one: find(store, 'one'), two: find(store, 'two') }).toEqual(found)
    checkIndex(store)
    await store.close()
  }
})

test('is made anew while it is used, and the process after one that died in the middle goes on', async () => {
  const path = temporaryFile()
  const DOCUMENTS = 400
  let read = 0
  const open = async (version: number): Promise<Store> => {
    const text = ({ note }: Record<string, unknown>): string => {
      read += 1
      return `v${version} ${String(note)}`
    }
    const opened = openStore({ path, key: KEY, search: { visits: { version, text } } })
    await openInstance(opened)
    return opened
  }
  const count = (store: Store, word: string): number =>
    store.search('visits', query(word), 1_000).length
  const before = await open(1)
  before.transaction((tx) =>
    tx.put(
      'visits',
      Array.from({ length: DOCUMENTS }, (_, n) => visit(`d${n}`, { note: `note${n}` })),
    ),
  )
  await before.close()

  read = 0
  const during = await open(2)
  // Opening waits for nothing: all is found by the words it had.
  expect([read, count(during, 'v1'), count(during, 'v2')]).toEqual([0, DOCUMENTS, 0])
  expect(during.isSearchWhole('visits')).toBe(false)
  while (count(during, 'v2') < 50) during.tidySearch()
  during.transaction((tx) =>
    tx.put('visits', [
      visit('new', { note: 'added' }),
      visit('d399', { note: 'changed' }),
      { ...visit('d398'), _deleted: true },
    ]),
  )
  expect([find(during, 'v2', 'added'), find(during, 'v2', 'changed')]).toEqual([['new'], ['d399']])
  expect([find(during, 'note398'), find(during, 'note399')]).toEqual([[], []])
  expect(count(during, 'v1')).toBeGreaterThan(50)
  // Killed between two of its transactions, which is whenever it is killed (kill.test.ts).
  await during.close()

  read = 0
  const after = await open(2)
  const left = count(after, 'v1')
  expect(after.isSearchWhole('visits')).toBe(false)
  while (after.tidySearch());
  expect(after.isSearchWhole('visits')).toBe(true)
  // It went on: what was done was not done again.
  expect(read).toBeLessThan(left + 20)
  expect([count(after, 'v1'), count(after, 'v2')]).toEqual([0, DOCUMENTS])
  checkIndex(after)
  const words = after.db
    .prepare('SELECT text FROM "clinic/visits/0#words" ORDER BY id')
    .pluck()
    .all()
  const rebuilt = after.db
    .prepare(
      `SELECT 'v2 ' || json_extract(json, '$.note') FROM "clinic/visits/0" WHERE deleted = 0 ORDER BY id`,
    )
    .pluck()
    .all()
  expect(words).toEqual(rebuilt)
  await after.close()

  // Another version yet begins again, also where one was cut off.
  const third = await open(3)
  third.tidySearch()
  await third.close()
  const fourth = await open(4)
  while (fourth.tidySearch());
  expect([count(fourth, 'v2'), count(fourth, 'v3'), count(fourth, 'v4')]).toEqual([0, 0, DOCUMENTS])
  await fourth.close()
})

test('nothing typed is syntax', async () => {
  const store = testStore({ search: byNote })
  await openInstance(store)
  store.transaction((tx) => tx.put('visits', [visit('a', { note: 'x AND y' })]))
  for (const typed of [
    '"',
    'x" OR "',
    '*',
    'note:x',
    'NEAR(',
    '-x',
    '^x',
    "'",
    'x\0y',
    '\\',
    'x+y',
    '(',
  ]) {
    const made = prefixQuery([typed])
    if (made !== undefined) store.search('visits', made, 5)
  }
  expect(find(store, 'AND')).toEqual(['a'])
  expect(prefixQuery(['', '  ', '-', '"'])).toBeUndefined()
})

test('an undeclared collection has no search', async () => {
  const store = testStore()
  await openInstance(store)
  expect(() => find(store, 'x')).toThrow(/NO_SEARCH/)
})

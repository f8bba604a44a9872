import { describe, expect, test } from 'vitest'

import { TRANSACTION_CONTEXT } from './store.ts'
import type { ChangeBulk } from './change-events.ts'
import { openClinic, openInstance, testStore, until, visit } from './test-store.ts'

describe('transaction', () => {
  test('reaches live queries, documents and later writes of RxDB', async () => {
    const store = testStore()
    const { visits } = await openClinic(store)
    const boards: string[][] = []
    const board = visits.find({
      selector: { status: 'WAITING' },
      sort: [{ status: 'asc' }, { order: 'asc' }],
    })
    const subscription = board.$.subscribe((found) => boards.push(found.map(({ id }) => id)))
    await until(() => boards.length === 1)

    store.transaction((tx) =>
      tx.put('visits', [visit('a', { order: 2 }), visit('b', { order: 1 })]),
    )
    await until(() => boards.length === 2)
    const a = await visits.findOne('a').exec(true)
    await a.incrementalPatch({ order: 0 })
    await until(() => boards.length === 3)
    store.transaction((tx) => tx.put('visits', [{ ...tx.get('visits', 'a'), note: 'x' }]))
    await until(() => a.getLatest().note === 'x')
    await a.getLatest().incrementalPatch({ status: 'DONE' })
    await until(() => boards.at(-1)?.length === 1)
    store.transaction((tx) => tx.put('visits', [{ ...tx.get('visits', 'b'), _deleted: true }]))
    await until(() => boards.at(-1)?.length === 0)

    expect(boards.slice(0, 3)).toEqual([[], ['b', 'a'], ['a', 'b']])
    expect(a.getLatest().toJSON()).toMatchObject({ note: 'x', order: 0, status: 'DONE' })
    subscription.unsubscribe()
  })

  test('sees its own writes, and earlier tombstones', async () => {
    const store = testStore()
    await openClinic(store)
    store.transaction((tx) => {
      expect(tx.get('visits', 'a')).toBeUndefined()
      tx.put('visits', [visit('a'), visit('b')])
      tx.put('visits', [visit('b', { _deleted: true } as object)])
      expect(tx.get('visits', 'a')).toMatchObject({ id: 'a', _deleted: false, _attachments: {} })
      expect([...tx.getMany('visits', ['a', 'b', 'c']).keys()]).toEqual(['a', 'b'])
    })
    store.transaction((tx) => expect(tx.get('visits', 'b')).toMatchObject({ _deleted: true }))
  })

  test('tells once per collection, after the commit, one change per document', async () => {
    const store = testStore()
    const bulks: Array<[string, ChangeBulk, number]> = []
    for (const name of ['visits', 'invoices']) {
      const instance = await openInstance(store, name)
      instance.changeStream().subscribe((bulk) => {
        const rows = store.db
          .prepare<[], number>('SELECT count(*) FROM "clinic/visits/0"')
          .pluck()
          .get()
        bulks.push([name, bulk, store.db.inTransaction ? -1 : (rows ?? -1)])
      })
    }
    store.transaction((tx) => tx.put('visits', [visit('a'), visit('b')]))
    store.transaction((tx) => {
      tx.put('visits', [visit('a', { order: 1 }), visit('c')])
      tx.put('invoices', [visit('i')])
      tx.put('visits', [visit('a', { order: 2 }), { ...visit('b'), _deleted: true }])
      expect(bulks).toHaveLength(1)
    })
    const told = bulks.map(([name, { events, checkpoint, context }, rows]) => ({
      name,
      rows,
      checkpoint,
      context,
      events: events.map(
        (event) =>
          `${event.operation} ${event.documentId} ${event.previousDocumentData?._rev.split('-')[0] ?? ''}>${event.documentData._rev.split('-')[0]}`,
      ),
    }))
    expect(told).toEqual([
      {
        name: 'visits',
        rows: 2,
        checkpoint: { seq: 2 },
        context: TRANSACTION_CONTEXT,
        events: ['INSERT a >1', 'INSERT b >1'],
      },
      {
        name: 'visits',
        rows: 3,
        checkpoint: { seq: 7 },
        context: TRANSACTION_CONTEXT,
        events: ['UPDATE a 1>3', 'INSERT c >1', 'DELETE b 1>2'],
      },
      {
        name: 'invoices',
        rows: 3,
        checkpoint: { seq: 5 },
        context: TRANSACTION_CONTEXT,
        events: ['INSERT i >1'],
      },
    ])
  })

  test('that throws leaves no document, no row of the caller and no event', async () => {
    const store = testStore()
    const instance = await openInstance(store)
    const bulks: unknown[] = []
    instance.changeStream().subscribe((bulk) => bulks.push(bulk))
    store.db.exec('CREATE TABLE outbox (seq INTEGER PRIMARY KEY, name TEXT UNIQUE)')
    const addCommand = store.db.prepare("INSERT INTO outbox (name) VALUES ('checkIn')")
    store.transaction(() => addCommand.run())
    expect(() =>
      store.transaction((tx) => {
        tx.put('visits', [visit('a', { status: ['odd'] } as object)])
        addCommand.run()
      }),
    ).toThrow(/UNIQUE/)
    expect(() => store.transaction(() => Promise.resolve())).toThrow(TypeError)
    expect(bulks).toEqual([])
    expect(store.db.prepare('SELECT count(*) FROM outbox').pluck().get()).toBe(1)
    expect(await instance.getChangedDocumentsSince?.(10)).toEqual({
      documents: [],
      checkpoint: { seq: 0 },
    })
    store.transaction((tx) => tx.put('visits', [visit('b')]))
    expect((await instance.getChangedDocumentsSince?.(10))?.checkpoint).toEqual({ seq: 1 })
  })

  test('that meets a full disk leaves nothing, and the next one works', async () => {
    const store = testStore()
    await openInstance(store)
    const pages = Number(store.db.pragma('page_count', { simple: true }))
    store.db.pragma(`max_page_count = ${pages + 20}`)
    const many = Array.from({ length: 2_000 }, (_, index) =>
      visit(`v${index}`, { note: 'x'.repeat(200) }),
    )
    expect(() => store.transaction((tx) => tx.put('visits', many))).toThrow(/^DISK_FULL/)
    store.transaction((tx) => {
      expect(
        tx.getMany(
          'visits',
          many.map((_, index) => `v${index}`),
        ).size,
      ).toBe(0)
      tx.put('visits', [visit('a')])
    })
  })

  test('refuses what cannot be right', async () => {
    const store = testStore()
    expect(() => store.transaction((tx) => tx.put('visits', []))).toThrow(/NOT_OPEN/)
    const instance = await openInstance(store)
    const kept = store.transaction((tx) => tx)
    expect(() => kept.get('visits', 'a')).toThrow(/NOT_OPEN/)
    expect(() => store.transaction(() => store.transaction(() => 1))).toThrow(/IN_TRANSACTION/)
    expect(() => store.transaction((tx) => tx.put('visits', [{ order: 1 }]))).toThrow(
      /INVALID_DOCUMENT/,
    )
    await store.close()
    await expect(instance.findDocumentsById(['a'], true)).rejects.toThrow(/NOT_OPEN/)
    expect(() => store.transaction(() => 1)).toThrow(/NOT_OPEN/)
    await store.close()
  })

  test('a listener may start the next one', async () => {
    const store = testStore()
    const instance = await openInstance(store)
    const seen: string[] = []
    instance.changeStream().subscribe(({ events }) => {
      seen.push(...events.map(({ documentId }) => documentId))
      if (seen.length === 1) store.transaction((tx) => tx.put('visits', [visit('second')]))
    })
    store.transaction((tx) => tx.put('visits', [visit('first')]))
    expect(seen).toEqual(['first', 'second'])
  })
})

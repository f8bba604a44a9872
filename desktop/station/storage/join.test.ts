import { now } from 'rxdb'
import { expect, onTestFinished, test, vi } from 'vitest'

import type { ChangeBulk } from './change-events.ts'
import type { Store } from './store.ts'
import type { StoredDocument } from './stored-document.ts'
import { openInstance, testStore, visit } from './test-store.ts'

/** Writes that were asked for in one turn of the event loop. */

function row(id: string, fields: Record<string, unknown> = {}): { document: StoredDocument } {
  const internals = { _deleted: false, _rev: '1-x', _meta: { lwt: now() }, _attachments: {} }
  return { document: { ...visit(id), ...internals, ...fields } }
}

/** How often the disk is waited for from now on. */
function countCommits(store: Store): () => number {
  const prototype: unknown = Object.getPrototypeOf(store.db.prepare('SELECT 1'))
  const run = vi.spyOn(prototype as { run: () => unknown }, 'run')
  onTestFinished(() => run.mockRestore())
  return () =>
    run.mock.contexts.filter((statement) => (statement as { source: string }).source === 'COMMIT')
      .length
}

test('share one commit, and each has its own conflicts, context and events', async () => {
  const store = testStore()
  const visits = await openInstance(store, 'visits')
  const invoices = await openInstance(store, 'invoices')
  const told: string[] = []
  for (const [name, instance] of Object.entries({ visits, invoices })) {
    instance
      .changeStream()
      .subscribe(({ context, events, checkpoint }) =>
        told.push(
          `${name} ${context} ${events.map(({ documentId }) => documentId).join()} ${checkpoint.seq}`,
        ),
      )
  }
  const commits = countCommits(store)
  const results = await Promise.all([
    visits.bulkWrite([row('a'), row('b')], 'first'),
    invoices.bulkWrite([row('i')], 'second'),
    visits.bulkWrite([row('b', { order: 2 }), row('c')], 'third'),
    visits.bulkWrite([row('a')], 'fourth'),
  ])
  expect(commits()).toBe(1)
  expect(
    results.map(({ error }) => error.map(({ documentId, status }) => [documentId, status])),
  ).toEqual([[], [], [['b', 409]], [['a', 409]]])
  expect(results[2]?.error[0]).toMatchObject({ documentInDb: { id: 'b', order: 0 } })
  expect(told).toEqual(['visits first a,b 2', 'invoices second i 3', 'visits third c 4'])
})

test('of them one that fails takes no other with it', async () => {
  const store = testStore()
  const instance = await openInstance(store)
  const bulks: ChangeBulk[] = []
  instance.changeStream().subscribe((bulk) => bulks.push(bulk))
  const results = await Promise.allSettled([
    instance.bulkWrite([row('a')], 'test'),
    // No JSON says a bigint.
    instance.bulkWrite([row('b'), row('c', { order: 1n })], 'test'),
    instance.bulkWrite([row('d')], 'test'),
  ])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(
    bulks.flatMap(({ events, checkpoint }) => [events[0]?.documentId, checkpoint.seq]),
  ).toEqual(['a', 1, 'd', 2])
  const page = await instance.getChangedDocumentsSince?.(10)
  expect(page?.documents.map(({ id }) => id)).toEqual(['a', 'd'])
})

test('are found by whoever reads next, transactions too', async () => {
  const store = testStore()
  const instance = await openInstance(store)
  const writes = [instance.bulkWrite([row('a')], 'test')]
  expect(await instance.findDocumentsById(['a'], false)).toHaveLength(1)
  writes.push(instance.bulkWrite([row('b')], 'test'))
  store.transaction((tx) => {
    expect(tx.get('visits', 'b')).toMatchObject({ _rev: '1-x' })
    writes.push(instance.bulkWrite([row('c')], 'test'))
  })
  const settled = await Promise.allSettled(writes)
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
})

test('are on disk when the store closes', async () => {
  const store = testStore()
  const instance = await openInstance(store)
  const write = instance.bulkWrite([row('a')], 'test')
  await store.close()
  expect((await write).error).toEqual([])
})

test('a repeatable transaction spares only itself the wait for the disk', async () => {
  const store = testStore()
  const instance = await openInstance(store)
  const waits = (): unknown => store.db.pragma('synchronous', { simple: true })
  const [NORMAL, FULL] = [1, 2]
  const heard: Array<[string, unknown]> = []
  instance.changeStream().subscribe(({ events }) => {
    heard.push([events[0]?.documentId ?? '', waits()])
  })
  const write = instance.bulkWrite([row('joined')], 'test')
  store.transaction((tx) => {
    expect([heard.length, waits()]).toEqual([1, NORMAL])
    tx.put('visits', [visit('repeatable')])
  }, 'REPEATABLE')
  await write
  expect(heard).toEqual([
    ['joined', FULL],
    ['repeatable', FULL],
  ])
  const refuse = (): never => store.transaction(() => expect.fail('no'), 'REPEATABLE')
  expect(refuse).toThrow('no')
  expect(waits()).toBe(FULL)
})

test('what a listener writes is told after the rest of what it heard of', async () => {
  const store = testStore()
  const visits = await openInstance(store, 'visits')
  const invoices = await openInstance(store, 'invoices')
  const told: string[] = []
  const note = ({ events }: ChangeBulk): void => {
    for (const { documentId, documentData } of events)
      told.push(documentId + String(documentData['order']))
  }
  visits.changeStream().subscribe((bulk) => {
    note(bulk)
    if (told.length > 1) return
    store.transaction((tx) => tx.put('invoices', [visit('i', { order: 2 })]))
    expect(told).toEqual(['a0'])
  })
  invoices.changeStream().subscribe(note)
  store.transaction((tx) => {
    tx.put('visits', [visit('a')])
    tx.put('invoices', [visit('i', { order: 1 })])
  })
  expect(told).toEqual(['a0', 'i1', 'i2'])
})

test('two instances of one collection hear of each other, and one may close', async () => {
  const store = testStore()
  const [one, other] = [await openInstance(store), await openInstance(store)]
  const heard: string[] = []
  other.changeStream().subscribe(({ events }) => heard.push(events[0]?.documentId ?? ''))
  await one.bulkWrite([row('a')], 'test')
  await one.close()
  await other.bulkWrite([row('b')], 'test')
  expect(heard).toEqual(['a', 'b'])
  await expect(one.bulkWrite([row('c')], 'test')).rejects.toThrow(/NOT_OPEN/)
})

import { addRxPlugin, createBlob, createRxDatabase, now, type RxCollection } from 'rxdb'
import { RxDBAttachmentsPlugin } from 'rxdb/plugins/attachments'
import { RxDBMigrationSchemaPlugin } from 'rxdb/plugins/migration-schema'
import { replicateRxCollection } from 'rxdb/plugins/replication'
import { expect, onTestFinished, test } from 'vitest'

import type { StoredDocument } from './stored-document.ts'
import { openStore } from './store.ts'
import {
  KEY,
  openClinic,
  openInstance,
  temporaryFile,
  testStore,
  until,
  VISITS,
  type Visit,
  visit,
} from './test-store.ts'

function stored(id: string, rev: string, fields: Record<string, unknown> = {}): StoredDocument {
  return {
    ...visit(id),
    _deleted: false,
    _rev: rev,
    _meta: { lwt: now() },
    _attachments: {},
    ...fields,
  }
}

test('a write over another revision is a conflict, and the rest of the bulk is written', async () => {
  const instance = await openInstance(testStore())
  const first = stored('a', '1-x')
  await instance.bulkWrite([{ document: first }], 'test')
  const row = { previous: stored('a', '1-other'), document: stored('a', '2-x') }
  const { error } = await instance.bulkWrite([row, { document: stored('b', '1-x') }], 'test')
  const again = await instance.bulkWrite([{ document: stored('a', '1-y') }], 'test')
  expect([...error, ...again.error].map(({ status, documentId }) => [status, documentId])).toEqual([
    [409, 'a'],
    [409, 'a'],
  ])
  expect(error[0]).toMatchObject({ writeRow: row, documentInDb: first })
  expect(
    (await instance.findDocumentsById(['b', 'a', 'none'], false)).map(({ _rev }) => _rev),
  ).toEqual(['1-x', '1-x'])
  expect(
    (
      await instance.bulkWrite(
        [{ previous: first, document: stored('a', '2-x', { _deleted: true }) }],
        'test',
      )
    ).error,
  ).toEqual([])
  expect(await instance.findDocumentsById(['a'], false)).toEqual([])
  expect(await instance.findDocumentsById(['a'], true)).toHaveLength(1)
})

test('one id twice in a bulk is one document, the last', async () => {
  const instance = await openInstance(testStore())
  const rows = [{ document: stored('a', '1-x') }, { document: stored('a', '1-y') }]
  expect((await instance.bulkWrite(rows, 'test')).error).toEqual([])
  expect((await instance.findDocumentsById(['a'], true)).map(({ _rev }) => _rev)).toEqual(['1-y'])
})

test('changes are paged by a sequence that survives restart and forgotten tombstones', async () => {
  const path = temporaryFile()
  const store = openStore({ path, key: KEY })
  const instance = await openInstance(store)
  store.transaction((tx) =>
    tx.put(
      'visits',
      ['a', 'b', 'c'].map((id) => visit(id)),
    ),
  )
  store.transaction((tx) =>
    tx.put('visits', [visit('a', { order: 1 }), { ...visit('c'), _deleted: true }]),
  )
  const first = await instance.getChangedDocumentsSince?.(2)
  expect(first?.documents.map((document) => document['id'])).toEqual(['b', 'a'])
  const second = await instance.getChangedDocumentsSince?.(2, first?.checkpoint)
  expect(second?.documents.map((document) => document['id'])).toEqual(['c'])
  expect(second?.checkpoint).toEqual({ seq: 5 })
  expect(await instance.cleanup(60_000)).toBe(true)
  expect(await instance.findDocumentsById(['c'], true)).toHaveLength(1)
  expect(await instance.cleanup(-1)).toBe(true)
  const left = await instance.findDocumentsById(['a', 'b', 'c'], true)
  expect(left.map(({ id }) => id)).toEqual(['a', 'b'])
  await store.close()

  const again = openStore({ path, key: KEY })
  onTestFinished(() => again.close())
  const reopened = await openInstance(again)
  again.transaction((tx) => tx.put('visits', [visit('d')]))
  const third = await reopened.getChangedDocumentsSince?.(10, second?.checkpoint)
  expect(third?.documents.map((document) => document['id'])).toEqual(['d'])
})

test('clean-up goes in steps', async () => {
  const store = testStore()
  const instance = await openInstance(store)
  store.transaction((tx) =>
    tx.put(
      'visits',
      Array.from({ length: 250 }, (_, index) => ({ ...visit(`v${index}`), _deleted: true })),
    ),
  )
  const steps: boolean[] = []
  while (steps.at(-1) !== true) steps.push(await instance.cleanup(-1))
  expect(steps.length).toBeGreaterThan(1)
})

test('RxDB replication pushes what transactions wrote, though the clock went back', async () => {
  const store = testStore()
  const { visits } = await openClinic(store)
  const pushed: string[] = []
  const replication = replicateRxCollection<Visit, unknown>({
    collection: visits,
    replicationIdentifier: 'test',
    push: {
      handler(rows) {
        pushed.push(
          ...rows.map(({ newDocumentState }) => `${newDocumentState.id}${newDocumentState.order}`),
        )
        return Promise.resolve([])
      },
    },
  })
  store.transaction((tx) => tx.put('visits', [visit('a'), visit('b')]))
  await until(() => pushed.length === 2)
  store.db.exec('UPDATE "clinic/visits/0" SET lwt = lwt + 1e9')
  store.transaction((tx) => tx.put('visits', [visit('c')]))
  await until(() => pushed.length === 3)
  await replication.cancel()
  expect(pushed.toSorted()).toEqual(['a0', 'b0', 'c0'])
})

test('attachments are kept, replaced and removed with their documents', async () => {
  addRxPlugin(RxDBAttachmentsPlugin)
  const store = testStore()
  const database = await createRxDatabase<{ visits: RxCollection<Visit> }>({
    name: 'clinic',
    storage: store.storage,
    multiInstance: false,
  })
  await database.addCollections({ visits: { schema: { ...VISITS, attachments: {} } } })
  const { visits } = database.collections
  const document = await visits.insert({ id: 'a', status: 'WAITING', order: 0 })
  const attachment = await document.putAttachment({
    id: 'scan',
    type: 'text/plain',
    data: createBlob('حرارة', 'text/plain'),
  })
  expect(await attachment.getStringData()).toBe('حرارة')
  store.transaction((tx) => tx.put('visits', [visit('a', { order: 3 })]))
  await until(() => document.getLatest().order === 3)
  expect(await document.getLatest().getAttachment('scan')?.getStringData()).toBe('حرارة')
  await document.getLatest().remove()
  expect(store.db.prepare('SELECT count(*) FROM "clinic/visits/0#attachments"').pluck().get()).toBe(
    0,
  )
  await database.close()
})

test('a removed collection leaves nothing, and its data is there again after a mere close', async () => {
  const store = testStore()
  const clinic = await openClinic(store)
  await clinic.visits.insert({ id: 'a', status: 'WAITING', order: 1 })
  await clinic.close()
  const again = await openClinic(store)
  expect(await again.visits.count().exec()).toBe(1)
  await again.visits.remove()
  const tables = store.db
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE name LIKE 'clinic/visits/%'")
    .pluck()
  expect(tables.all()).toEqual([])
  expect(() => store.transaction((tx) => tx.get('visits', 'a'))).toThrow(/NOT_OPEN/)
})

test('a collection of an older schema is migrated, and its table is gone', async () => {
  addRxPlugin(RxDBMigrationSchemaPlugin)
  const store = testStore()
  const clinic = await openClinic(store)
  await clinic.visits.bulkInsert([
    { id: 'a', status: 'WAITING', order: 1 },
    { id: 'b', status: 'DONE', order: 2 },
  ])
  await clinic.visits.findOne('b').remove()
  await clinic.close()
  const database = await createRxDatabase<{ visits: RxCollection<Visit> }>({
    name: 'clinic',
    storage: store.storage,
    multiInstance: false,
  })
  const indexes = ['order']
  await database.addCollections({
    visits: {
      schema: { ...VISITS, version: 1, indexes },
      migrationStrategies: { 1: (visit: Visit) => ({ ...visit, order: visit.order + 10 }) },
    },
  })
  const found = await database.visits.find({ selector: { order: { $gt: 5 } } }).exec()
  expect(found.map(({ id, order }) => [id, order])).toEqual([['a', 11]])
  store.transaction((tx) => {
    // Deleted stays deleted, and the newer of two versions is meant.
    expect(tx.get('visits', 'b')).toMatchObject({ _deleted: true })
    tx.put('visits', [visit('c', { order: 20 })])
  })
  expect(await database.visits.count({ selector: { order: { $gt: 5 } } }).exec()).toBe(2)
  const old = store.db
    .prepare("SELECT name FROM sqlite_schema WHERE name LIKE 'clinic/visits/0%'")
    .all()
  expect(old).toEqual([])
  await database.close()
})

import { writeSync } from 'node:fs'
import { fillWithDefaultSettings } from 'rxdb'

import type { Fields } from './stored-document.ts'
import { openStore } from './store.ts'

/**
 * The victim of crash.test.ts: writes transactions until it is killed and says the number of each one that returned.
 * Usage: node crash-writer.ts <file>
 */
const store = openStore({ path: process.argv[2] ?? '', key: new Uint8Array(32).fill(7) })
const schema = fillWithDefaultSettings<Fields>({
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: { id: { type: 'string', maxLength: 40 }, status: { type: 'string', maxLength: 20 } },
  required: ['id'],
  indexes: ['status'],
})
for (const collectionName of ['visits', 'invoices']) {
  await store.storage.createStorageInstance({
    databaseInstanceToken: 'token',
    databaseName: 'clinic',
    collectionName,
    schema,
    options: {},
    multiInstance: false,
    devMode: false,
  })
}
store.db.exec('CREATE TABLE IF NOT EXISTS outbox (n INTEGER PRIMARY KEY)')
const addCommand = store.db.prepare<[number]>('INSERT INTO outbox (n) VALUES (?)')
const last =
  store.db.prepare<[], number>('SELECT coalesce(max(n), 0) FROM outbox').pluck().get() ?? 0

for (let n = last + 1; ; n++) {
  store.transaction((tx) => {
    tx.put('visits', [
      { id: `v${n}`, status: 'x'.repeat(n % 17) },
      { id: 'latest', status: String(n) },
    ])
    addCommand.run(n)
    // Some transactions are larger than a page cache's worth of patience: the kill may find them half written.
    const size = n % 10 === 0 ? 300 : 2
    tx.put(
      'invoices',
      Array.from({ length: size }, (_, index) => ({ id: `i${n}-${index}`, status: 'ISSUED' })),
    )
  })
  writeSync(1, `${n}\n`)
}

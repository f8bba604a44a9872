import { writeSync } from 'node:fs'

import { openWork, workOf } from './random-work.ts'

/**
 * The victim of kill.test.ts and power-cut.test.ts: makes random transactions until it is killed, or LIMIT of them, and
 * says the number of each that returned, with `durable` if it waited for the disk.
 * Usage: node random-writer.ts FILE SEED [LIMIT]
 */
const [path = '', seed = '1', limit = String(Number.MAX_SAFE_INTEGER)] = process.argv.slice(2)
const store = await openWork(path)
// Often, so that the kill meets the folding of the log into the file too.
store.db.pragma('wal_autocheckpoint = 60')
const note = store.db.prepare<[number]>('INSERT INTO works (n) VALUES (?)')
const made = store.db.prepare<[], number>('SELECT coalesce(max(n), 0) FROM works').pluck().get()
writeSync(1, `${made ?? 0} durable\n`)

for (let n = (made ?? 0) + 1; n <= Number(limit); n++) {
  const { puts, isRepeatable } = workOf(Number(seed), n)
  store.db.pragma(`synchronous = ${isRepeatable ? 'NORMAL' : 'FULL'}`)
  store.transaction((tx) => {
    for (const { place, document } of puts) tx.put(place, [document])
    note.run(n)
  })
  writeSync(1, `${n} ${isRepeatable ? 'later' : 'durable'}\n`)
}

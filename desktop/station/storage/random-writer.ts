import { writeSync } from 'node:fs'

import { openWork, prepareNote, workOf } from './random-work.ts'

/**
 * The victim of kill.test.ts and power-cut.test.ts: makes random transactions until it is killed, or LIMIT of them, and
 * says the number of each that returned, with `durable` if it waited for the disk. Between them goes a step of making the
 * search index anew, while its version is another than the file's; in the middle of LIMIT the file is opened again under
 * the next. Every few of them it forgets tombstones.
 * Usage: node random-writer.ts FILE SEED VERSION [LIMIT]
 */
const [path = '', seed = '1', version = '1', limit = String(Number.MAX_SAFE_INTEGER)] =
  process.argv.slice(2)

/** Works between two steps of forgetting tombstones. */
const FORGETS_EVERY = 3

async function open(under: number) {
  const store = await openWork(path, under)
  // Often, so that the kill meets the folding of the log into the file too.
  store.db.pragma('wal_autocheckpoint = 60')
  return { store, note: prepareNote(store) }
}

let { store, note } = await open(Number(version))
const made = store.db.prepare<[], number>('SELECT coalesce(max(n), 0) FROM works').pluck().get()
writeSync(1, `${made ?? 0} durable\n`)

for (let n = (made ?? 0) + 1; n <= Number(limit); n++) {
  if (n === Math.floor(Number(limit) / 2)) {
    await store.close()
    ;({ store, note } = await open(Number(version) + 1))
  }
  const { puts, isRepeatable } = workOf(Number(seed), n)
  store.db.pragma(`synchronous = ${isRepeatable ? 'NORMAL' : 'FULL'}`)
  store.transaction((tx) => {
    for (const { place, document } of puts) tx.put(place, [document])
    note(n)
  })
  store.tidySearch()
  // The newest of all are among them: what they were numbered may not be given again.
  if (n % FORGETS_EVERY === 0) store.forgetDeleted(-1)
  writeSync(1, `${n} ${isRepeatable ? 'later' : 'durable'}\n`)
}

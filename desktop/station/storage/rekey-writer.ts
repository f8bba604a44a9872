import { writeSync } from 'node:fs'

import { keyOf, openWork, prepareNote, workOf } from './random-work.ts'

/**
 * The victim of rekey.test.ts: makes random transactions and, after every few of them, gives the file another key, until
 * it is killed, or LIMIT of them. Says `N done` of each transaction that returned, `KEY begun` before the file is given a
 * key and `KEY had` when it has it.
 * Usage: node rekey-writer.ts FILE SEED KEY [LIMIT]
 */
const [path = '', seed = '1', key = '', limit = String(Number.MAX_SAFE_INTEGER)] =
  process.argv.slice(2)

/** So few that most of its life is re-keying. */
const WORKS_UNDER_A_KEY = 3

let number = Number(key)
const store = await openWork(path, 1, number)
// Far fewer pages than the file has: what is re-keyed spills into the log long before its commit.
store.db.pragma('cache_size = 20')
const note = prepareNote(store)
const made = store.db.prepare<[], number>('SELECT coalesce(max(n), 0) FROM works').pluck().get()
const say = (line: string): void => void writeSync(1, `${line}\n`)
say(`${number} had`)
say(`${made ?? 0} done`)

for (let n = (made ?? 0) + 1; n <= Number(limit); n++) {
  const { puts } = workOf(Number(seed), n)
  store.transaction((tx) => {
    for (const { place, document } of puts) tx.put(place, [document])
    note(n)
  })
  say(`${n} done`)
  if (n % WORKS_UNDER_A_KEY !== 0) continue
  say(`${number + 1} begun`)
  store.rekey(keyOf(number + 1))
  number += 1
  say(`${number} had`)
}

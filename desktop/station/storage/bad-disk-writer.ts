import { existsSync, rmSync, writeFileSync, writeSync } from 'node:fs'

import { COLLECTIONS, FIRST_KEY, keyOf, openWork, prepareNote, workOf } from './random-work.ts'
import { StorageError } from './storage-error.ts'

/**
 * The victim of bad-disk.test.ts, under power-cut.c: makes LIMIT random transactions and what goes between them, each on
 * a full disk first, and some on one that fails to keep what it was told to. Says `N done` of each transaction that
 * returned, `WHAT DISK_FULL` and `WHAT DISK_FAILED` of each refusal; dies of anything else that is thrown.
 * Usage: FULL_FLAG=FILE BROKEN_FLAG=FILE node bad-disk-writer.ts FILE SEED LIMIT
 */
const [path = '', seed = '1', limit = '1'] = process.argv.slice(2)
const { FULL_FLAG = '', BROKEN_FLAG = '' } = process.env
/** Pages held: with so few a transaction is refused in its middle, and with each number in another place. */
const CACHES = [8, 12, 16, 20, 24, 32, 48]
/** Works between two of what goes between them. */
const EVERY = 4

const say = (line: string): void => void writeSync(1, `${line}\n`)

/** Of the search index: another at each opening, so that it is made anew between the transactions. */
let version = 1

async function open() {
  const opened = await openWork(path, version)
  opened.db.pragma('wal_autocheckpoint = 60')
  return { store: opened, note: prepareNote(opened) }
}

let { store, note } = await open()

/** Does it while the disk is as the flag says. @returns whether it was done all the same */
async function meet(flag: string, what: string, run: () => unknown): Promise<boolean> {
  writeFileSync(flag, '')
  try {
    await run()
    return true
  } catch (error) {
    const code = flag === FULL_FLAG ? 'DISK_FULL' : 'DISK_FAILED'
    if (!(error instanceof StorageError) || error.code !== code) throw error
    say(`${what} ${code}`)
    return false
  } finally {
    rmSync(flag)
  }
}

function work(n: number): void {
  const { puts } = workOf(Number(seed), n)
  store.transaction((tx) => {
    for (const { place, document } of puts) tx.put(place, [document])
    note(n)
  })
}

/** Throws when an index holds words of what was refused: the next commit would write them. */
function checkIndexes(): void {
  for (const place of COLLECTIONS) {
    const index = `"clinic/${place}/0#search"`
    store.db.exec(`INSERT INTO ${index} (${index}, rank) VALUES ('integrity-check', 1)`)
  }
}

/** As a station does after such a fault: what is in memory counts for nothing, the file is opened anew. */
async function openAnew(n: number): Promise<boolean> {
  await store.close()
  version += 1
  ;({ store, note } = await open())
  return store.db.prepare('SELECT 1 FROM works WHERE n = ?').get(n) !== undefined
}

for (let n = 1; n <= Number(limit); n++) {
  for (const pages of CACHES) {
    store.db.pragma(`cache_size = ${pages}`)
    await meet(FULL_FLAG, 'work', () => work(n))
    checkIndexes()
  }
  const isBroken = n % EVERY === 1
  const isThere = isBroken
    ? (await meet(BROKEN_FLAG, 'work', () => work(n))) || (await openAnew(n))
    : false
  if (!isThere) work(n)
  say(`${n} done`)
  if (n % EVERY !== 0) continue
  const between: Array<[what: string, run: () => unknown]> = [
    ['indexing', () => store.tidySearch()],
    ['clean-up', () => store.forgetDeleted(-1)],
    ['copy', () => store.backup(`${path}.copy`)],
    ['re-keying', () => store.rekey(keyOf(FIRST_KEY + 1))],
  ]
  for (const [what, run] of between) {
    // Nothing of the log is left to be refused: the copy itself is.
    if (what === 'copy') store.db.pragma('wal_checkpoint(TRUNCATE)')
    await meet(FULL_FLAG, what, run)
    checkIndexes()
    if (existsSync(`${path}.copy.new`)) throw new Error('half a copy is left')
    await run()
  }
  store.rekey(keyOf(FIRST_KEY))
}
process.kill(process.pid, 'SIGKILL')

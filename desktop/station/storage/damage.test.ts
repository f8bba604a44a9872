import { spawn } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'

import { checkIntegrity } from './integrity.ts'
import { openPatiently } from './patience.ts'
import { openSalvage } from './salvage.ts'
import { StorageError } from './storage-error.ts'
import { openStore, type Store } from './store.ts'
import { KEY, openInstance, temporaryFile, visit } from './test-store.ts'

const PAGE = 4096
const FRAME = 24 + PAGE
const VISITS = 400
const SEARCH = {
  visits: { version: 1, text: (document: Record<string, unknown>) => String(document['status']) },
}

function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof StorageError) return error.code
    throw error
  }
  return 'none'
}

async function fill(path: string): Promise<Store> {
  const store = openStore({ path, key: KEY, search: SEARCH })
  await openInstance(store)
  for (let from = 0; from < VISITS; from += 50)
    store.transaction((tx) =>
      tx.put(
        'visits',
        Array.from({ length: 50 }, (_, index) =>
          visit(`v${from + index}`, { status: `قبل ${index}`, note: 'x'.repeat(300) }),
        ),
      ),
    )
  return store
}

/** A filled file, closed: everything in the one file. */
async function closedFile(): Promise<string> {
  const path = temporaryFile()
  await (await fill(path)).close()
  return path
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes[at] = (bytes[at] ?? 0) ^ 0x10
  writeFileSync(path, bytes)
}

/** Opens and reads everything there is: every page is met. */
function readAll(path: string): unknown[] {
  const store = openStore({ path, key: KEY })
  try {
    const { db } = store
    const result: unknown = db.pragma('integrity_check', { simple: true })
    if (result !== 'ok') throw new StorageError('DAMAGED', 'integrity_check')
    return db.prepare('SELECT id, json FROM "clinic/visits/0" ORDER BY seq').all()
  } catch (error) {
    throw error instanceof StorageError ? error : new StorageError('DAMAGED', 'read', error)
  } finally {
    void store.close()
  }
}

test('a flipped byte is never read as data, wherever it is', async () => {
  const path = await closedFile()
  const whole = readAll(path)
  const intact = readFileSync(path)
  const pages = intact.length / PAGE
  expect(pages).toBeGreaterThan(40)
  for (let page = 0; page < pages; page += 1) {
    writeFileSync(path, intact)
    // Every page once, at another place each time: header, cells, free space, tag.
    flip(path, page * PAGE + ((page * 1_361 + 20) % PAGE))
    expect([page, codeOf(() => readAll(path))]).toEqual([page, 'DAMAGED'])
  }
  writeFileSync(path, intact)
  expect(readAll(path)).toEqual(whole)
})

test('a truncated file is found out, at whatever length', async () => {
  const path = await closedFile()
  const intact = readFileSync(path)
  for (const length of [
    1,
    15,
    16,
    100,
    PAGE - 1,
    PAGE,
    3 * PAGE,
    7 * PAGE + 9,
    intact.length - PAGE,
    intact.length - 1,
  ]) {
    writeFileSync(path, intact)
    truncateSync(path, length)
    expect([length, codeOf(() => readAll(path))]).toEqual([length, 'DAMAGED'])
  }
})

/** A file whose log still stands beside it, as after a kill. */
async function killedFile(): Promise<string> {
  const store = await fill(temporaryFile())
  onTestFinished(() => store.close())
  const path = join(dirname(temporaryFile()), 'copy.db')
  for (const suffix of ['', '-wal', '-key']) {
    const from = `${store.db.name}${suffix}`
    writeFileSync(`${path}${suffix}`, readFileSync(from))
  }
  return path
}

describe('a log that is not whole', () => {
  test('loses its end only, says how many commits that is, and is kept', async () => {
    const path = await killedFile()
    const frames = Math.floor((statSync(`${path}-wal`).size - 32) / FRAME)
    flip(`${path}-wal`, 32 + Math.floor(frames / 2) * FRAME + 700)
    const damaged = readFileSync(`${path}-wal`)
    const store = openStore({ path, key: KEY })
    onTestFinished(() => store.close())
    expect(store.db.pragma('integrity_check', { simple: true })).toBe('ok')
    const left = store.db.prepare('SELECT count(*) FROM "clinic/visits/0"').pluck().get()
    // Each commit made fifty; those that are gone are counted.
    expect(store.lostCommits).toBe((VISITS - Number(left)) / 50)
    expect(store.lostCommits).toBeGreaterThan(0)
    const kept = readdirSync(dirname(path)).filter((name) => name.includes('.kept-'))
    expect(kept.map((name) => readFileSync(join(dirname(path), name)).equals(damaged))).toEqual([
      true,
    ])
  })

  test('with a destroyed header is not taken for an empty one', async () => {
    const path = await killedFile()
    flip(`${path}-wal`, 9)
    const store = openStore({ path, key: KEY })
    onTestFinished(() => store.close())
    expect(store.lostCommits).toBeGreaterThan(VISITS / 50)
  })

  test('and a whole one loses nothing', async () => {
    const path = await killedFile()
    const store = openStore({ path, key: KEY })
    onTestFinished(() => store.close())
    expect(store.lostCommits).toBe(0)
    expect(store.db.prepare('SELECT count(*) FROM "clinic/visits/0"').pluck().get()).toBe(VISITS)
  })
})

test('of a damaged file all rows are read that stand on whole pages', async () => {
  const path = await closedFile()
  const rows = openSalvage(path, KEY)
  const before = rows.rows('clinic/visits/0', 'seq')
  rows.close()
  expect(before).toMatchObject({ whole: true, rows: { length: VISITS } })
  const bytes = readFileSync(path)
  let readable = 0
  for (let page = 9; page < bytes.length / PAGE; page += 10) {
    const broken = Buffer.from(bytes)
    broken[page * PAGE + 99] = (broken[page * PAGE + 99] ?? 0) ^ 1
    writeFileSync(path, broken)
    const salvage = openSalvage(path, KEY)
    const found = salvage.rows('clinic/visits/0', 'seq')
    salvage.close()
    // A page holds a dozen of these; an index's page none of them.
    expect(found.rows.length).toBeGreaterThan(VISITS - 20)
    expect(found.whole).toBe(found.rows.length === VISITS)
    for (const row of found.rows) expect(before.rows).toContainEqual(row)
    readable += found.rows.length
  }
  expect(readable % VISITS).not.toBe(0)
})

test('a read-only folder has a code, and nothing is changed', async () => {
  const path = await closedFile()
  const folder = dirname(path)
  const before = readFileSync(path)
  chmodSync(folder, 0o555)
  chmodSync(path, 0o444)
  const { seteuid } = process
  // Nothing is read-only to root.
  const isRoot = process.getuid?.() === 0 && seteuid !== undefined
  if (isRoot) process.seteuid?.(65_534)
  try {
    expect(codeOf(() => openStore({ path, key: KEY }))).toBe('CANNOT_OPEN')
    expect(codeOf(() => openStore({ path: join(folder, 'new.db'), key: KEY }))).toBe('CANNOT_OPEN')
  } finally {
    if (isRoot) process.seteuid?.(0)
    chmodSync(folder, 0o755)
  }
  expect(readFileSync(path).equals(before)).toBe(true)
})

/** Another program that has the file for a while, as an antivirus does. Resolves when it has it. */
async function holdFor(path: string, ms: number): Promise<void> {
  const script = `
    import Database from 'better-sqlite3'
    const db = new Database(process.argv[1])
    db.pragma("cipher = 'chacha20'")
    db.pragma("key = 'raw:${Buffer.from(KEY).toString('hex')}'")
    db.pragma('locking_mode = EXCLUSIVE')
    db.exec('BEGIN EXCLUSIVE')
    console.log('held')
    setTimeout(() => db.close(), ${ms})`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script, path], {
    cwd: import.meta.dirname,
  })
  onTestFinished(() => void child.kill())
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve)
    child.once('exit', reject)
  })
}

describe('a file that another program holds', () => {
  test('for a second is waited for', async () => {
    const path = await closedFile()
    await holdFor(path, 1_000)
    expect(codeOf(() => openStore({ path, key: KEY }))).toBe('LOCKED')
    await (await openPatiently({ path, key: KEY }, 10_000)).close()
  })

  test('for longer is LOCKED', async () => {
    const path = await closedFile()
    await holdFor(path, 30_000)
    await expect(openPatiently({ path, key: KEY }, 700)).rejects.toMatchObject({ code: 'LOCKED' })
  })

  test('under a name that cannot be opened yet is waited for too', async () => {
    const path = temporaryFile()
    const folder = join(dirname(path), 'later')
    setTimeout(() => mkdirSync(folder), 400)
    const store = await openPatiently({ path: join(folder, 'clinic.db'), key: KEY }, 5_000)
    expect(store.lostCommits).toBe(0)
    await store.close()
  })
})

test('a new key opens the file and the old one does not', async () => {
  const path = temporaryFile()
  const store = await fill(path)
  const next = new Uint8Array(32).fill(8)
  store.rekey(next)
  expect(store.db.prepare('SELECT count(*) FROM "clinic/visits/0"').pluck().get()).toBe(VISITS)
  await store.close()
  expect(codeOf(() => openStore({ path, key: KEY }))).toBe('WRONG_KEY')
  await openStore({ path, key: next }).close()
})

describe('a copy of a file in use', () => {
  test('is whole, under the same key, and of one moment', async () => {
    const path = temporaryFile()
    const store = await fill(path)
    onTestFinished(() => store.close())
    const to = join(dirname(path), 'copy.db')
    const instance = await openInstance(store)
    const copying = store.backup(to)
    // Work goes on, and more than SQLite would let stand in its log; and what is done between it.
    for (let n = 0; n < 30; n += 1) {
      store.transaction((tx) =>
        tx.put('visits', [
          ...Array.from({ length: 40 }, (_, index) => visit(`later-${n}-${index}`)),
          { ...visit('gone'), _deleted: true },
        ]),
      )
      await instance.cleanup(-1)
      await new Promise(setImmediate)
    }
    await copying
    expect(readAll(to)).toHaveLength(VISITS)
    expect(store.db.pragma('wal_autocheckpoint', { simple: true })).toBe(1_000)
    await store.backup(to)
    expect(readAll(to)).toHaveLength(VISITS + 30 * 40)
    expect(readFileSync(to).includes('later-')).toBe(false)
    // The lock is still this process's.
    await holdFor(path, 10).then(
      () => expect.fail('another process had the file'),
      () => undefined,
    )
  })

  test('of a file that is folded meanwhile is made again, or not at all', async () => {
    const path = temporaryFile()
    const store = await fill(path)
    onTestFinished(() => store.close())
    const to = join(dirname(path), 'copy.db')
    const state = { isCopying: true }
    const copying = store
      .backup(to)
      .catch((error: unknown) => error)
      .finally(() => (state.isCopying = false))
    for (let n = 0; state.isCopying; n += 1) {
      store.transaction((tx) => tx.put('visits', [visit(`v${n}`, { note: 'folded' })]))
      store.db.pragma('wal_checkpoint(PASSIVE)')
      await new Promise(setImmediate)
    }
    expect(await copying).toMatchObject({ code: 'LOCKED' })
    expect(readdirSync(dirname(path))).not.toContain('copy.db')
  })
})

test.each([
  ['of every table, and what is between them', undefined],
  ['of every table and index, of a file too big to be walked at once', 0],
])('the check reads every page %s, in small steps', async (_, pagesAtOnce) => {
  const path = await closedFile()
  const intact = readFileSync(path)
  const run = (): { steps: number; code: string } => {
    const store = openStore({ path, key: KEY })
    let steps = 0
    try {
      const code = codeOf(() => {
        for (const _ of checkIntegrity(store.db, pagesAtOnce)) steps += 1
      })
      return { steps, code }
    } finally {
      void store.close()
    }
  }
  const whole = run()
  expect(whole.code).toBe('none')
  expect(whole.steps).toBeGreaterThan(VISITS / 200)
  for (let page = 8; page < intact.length / PAGE; page += 6) {
    const broken = Buffer.from(intact)
    broken[page * PAGE + 1_000] = (broken[page * PAGE + 1_000] ?? 0) ^ 2
    writeFileSync(path, broken)
    expect([page, run().code]).toEqual([page, 'DAMAGED'])
  }
})

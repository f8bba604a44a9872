import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

import { StorageError } from './storage-error.ts'
import { openStore } from './store.ts'
import { KEY, openInstance, temporaryFile, testStore, visit } from './test-store.ts'

const PAGE = 4096

function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof StorageError) return error.code
    throw error
  }
  return 'none'
}

const MARKERS = ['SECRET-NOTE', 'أحمد']

async function writeSecrets(store: ReturnType<typeof openStore>): Promise<void> {
  await openInstance(store)
  store.transaction((tx) =>
    tx.put(
      'visits',
      Array.from({ length: 500 }, (_, index) =>
        visit(`v${index}`, { status: MARKERS[1] ?? '', note: MARKERS[0] ?? '' }),
      ),
    ),
  )
}

function markersIn(path: string): string[] {
  const bytes = Buffer.concat([readFileSync(path), readFileSync(`${path}-wal`)])
  return MARKERS.filter((marker) => bytes.includes(marker))
}

test('nothing of a document is readable in the file or its WAL', async () => {
  const path = temporaryFile()
  const search = {
    visits: { version: 1, text: (document: Record<string, unknown>) => String(document['status']) },
  }
  const store = testStore({ path, search })
  await writeSecrets(store)
  expect(markersIn(path)).toEqual([])
  store.db.pragma('wal_checkpoint(TRUNCATE)')
  expect(markersIn(path)).toEqual([])

  const plain = temporaryFile()
  const open = openStore({ path: plain })
  onTestFinished(() => open.close())
  await writeSecrets(open)
  expect(markersIn(plain)).toEqual(MARKERS)
})

test('a wrong key, no key and a plain file under a key are refused', async () => {
  const path = temporaryFile()
  await openStore({ path, key: KEY }).close()
  expect(codeOf(() => openStore({ path, key: new Uint8Array(32).fill(8) }))).toBe('WRONG_KEY')
  expect(codeOf(() => openStore({ path }))).toBe('WRONG_KEY')
  expect(codeOf(() => openStore({ path, key: KEY.subarray(1) }))).toBe('WRONG_KEY')
  const plain = temporaryFile()
  await openStore({ path: plain }).close()
  expect(codeOf(() => openStore({ path: plain, key: KEY }))).toBe('WRONG_KEY')
  await openStore({ path, key: KEY }).close()
})

test('a flipped byte is found when its page is read', async () => {
  const path = temporaryFile()
  const store = openStore({ path, key: KEY })
  await writeSecrets(store)
  await store.close()
  const bytes = readFileSync(path)
  // Every page but the first: which of them a read meets is SQLite's business.
  for (let at = PAGE + 100; at < bytes.length; at += PAGE) bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
  const opened = codeOf(() => {
    const damaged = openStore({ path, key: KEY })
    onTestFinished(() => damaged.close())
  })
  expect(opened).toBe('DAMAGED')
})

test('one process has the file', () => {
  const path = temporaryFile()
  testStore({ path })
  expect(codeOf(() => openStore({ path, key: KEY }))).toBe('LOCKED')
  const script = `
    import { openStore } from ${JSON.stringify(join(import.meta.dirname, 'store.ts'))}
    try { openStore({ path: process.argv[1], key: new Uint8Array(32).fill(7) }); console.log('opened') }
    catch (error) { console.log(error.code) }`
  const other = spawnSync(process.execPath, ['--input-type=module', '--eval', script, path], {
    encoding: 'utf8',
  })
  expect(other.stdout.trim()).toBe('LOCKED')
})

test('a file of later code is refused', async () => {
  const path = temporaryFile()
  const store = openStore({ path })
  store.db.exec("UPDATE store_meta SET value = value + 1 WHERE key = 'layout'")
  await store.close()
  expect(codeOf(() => openStore({ path }))).toBe('NEWER')
})

test('a file of earlier code goes on where its sequence was, and is refused by that code', async () => {
  const path = temporaryFile()
  const before = openStore({ path, key: KEY })
  await openInstance(before)
  before.transaction((tx) => tx.put('visits', [visit('a')]))
  // It kept the number at each commit, and had given forty-nine more to what is forgotten by now.
  before.db.exec(`UPDATE store_meta SET value = 1 WHERE key = 'layout';
    UPDATE store_meta SET value = 50 WHERE key = 'sequence'`)
  await before.close()
  const store = testStore({ path })
  const instance = await openInstance(store)
  store.transaction((tx) => tx.put('visits', [visit('b')]))
  expect((await instance.getChangedDocumentsSince?.(9))?.checkpoint).toEqual({ seq: 51 })
  const layout = store.db.prepare("SELECT value FROM store_meta WHERE key = 'layout'").pluck()
  expect(layout.get()).toBe(2)
})

test('commits are synchronous, and sorts never spill to disk', () => {
  const { db } = testStore()
  expect(db.pragma('synchronous', { simple: true })).toBe(2)
  expect(db.pragma('journal_mode', { simple: true })).toBe('wal')
  expect(db.pragma('temp_store', { simple: true })).toBe(2)
})

test('a path that cannot be opened says so', () => {
  expect(codeOf(() => openStore({ path: join(temporaryFile(), 'none', 'clinic.db') }))).toBe(
    'CANNOT_OPEN',
  )
})

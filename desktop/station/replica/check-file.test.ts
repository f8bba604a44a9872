import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../storage/store.ts'
import { StorageError } from '../storage/storage-error.ts'
import { startFileCheck } from './check-file.ts'
import type { ReplicaFile } from './replica-file.ts'
import {
  DESK,
  draftCheckIn,
  FILE_KEY,
  fillClinic,
  openTestReplica,
  temporaryFolder,
} from './test-replica.ts'

async function openDesk() {
  const { folder, remove } = temporaryFolder()
  const opened = await openTestReplica({ folder })
  fillClinic(opened.core)
  for (let n = 0; n < 20; n += 1) opened.replica.commit(DESK, (tx) => draftCheckIn(tx, `مريض ${n}`))
  onTestFinished(async () => {
    await opened.close()
    remove()
  })
  const said: string[] = []
  const { core } = opened
  const begin = (file: ReplicaFile = core.file) => {
    const check = startFileCheck(
      {
        file,
        folder,
        clock: core.clock,
        log: ({ event }) => void said.push(event),
        fileFailed: (error) => void said.push(error instanceof StorageError ? error.code : ''),
      },
      5,
    )
    onTestFinished(() => check.stop())
  }
  return { folder, core, said, begin }
}

test('once a day the file is read and copied; the copy opens under its key', async () => {
  const { folder, core, said, begin } = await openDesk()
  begin()
  await expect.poll(() => said, { timeout: 10_000 }).toEqual(['checked'])
  const copy = openStore({ path: join(folder, 'clinic.backup.db'), key: FILE_KEY })
  expect(copy.db.prepare('SELECT count(*) FROM outbox').pluck().get()).toBe(20)
  await copy.close()
  expect(core.file.meta.get('lastChecked')).toBe(core.clock.now())
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(said).toEqual(['checked'])
})

test('a page that went bad meanwhile is found, and not copied', async () => {
  const { folder, core, said, begin } = await openDesk()
  const path = join(folder, 'clinic.db')
  core.file.db.pragma('wal_checkpoint(TRUNCATE)')
  // What SQLite holds in memory is not read again from a disk.
  core.file.db.pragma('cache_size = 1')
  core.file.db.pragma('shrink_memory')
  const bytes = readFileSync(path)
  for (let at = 20 * 4096 + 9; at < bytes.length; at += 4096) bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
  begin()
  await expect.poll(() => said, { timeout: 10_000 }).toEqual(['check-failed', 'DAMAGED'])
  expect(existsSync(join(folder, 'clinic.backup.db'))).toBe(false)
})

test('a file that does not even say when it was last read is told of like any other', async () => {
  const { core, said, begin } = await openDesk()
  const get = () => {
    throw new StorageError('DAMAGED', 'a page')
  }
  begin({ ...core.file, meta: { ...core.file.meta, get } })
  await expect.poll(() => said, { timeout: 10_000 }).toEqual(['check-failed', 'DAMAGED'])
})

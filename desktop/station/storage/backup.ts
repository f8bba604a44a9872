import type Database from 'better-sqlite3'
import { closeSync, fstatSync, openSync, read } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { promisify } from 'node:util'

import type { LogFolding } from './log-folding.ts'
import { StorageError, toStorageError } from './storage-error.ts'

/** Copies the file while it is used. */
export interface Backups {
  /** @throws StorageError DISK_FULL and the like; LOCKED when the log was folded into the file during each attempt */
  copy(to: string): Promise<void>
  /** After the database was closed. */
  close(): void
}

const SLICE_BYTES = 1024 * 1024
const ATTEMPTS = 3
const readSlice = promisify(read)

/**
 * SQLite's own backup needs a second connection under the same key, which better-sqlite3 cannot give it, and VACUUM INTO
 * holds the process for 25 ms a megabyte. But between two foldings of its log the file does not change: what stands in it
 * then, encrypted as it is, is a whole database.
 */
export function openBackups(db: Database.Database, path: string, folding: LogFolding): Backups {
  // Kept until the end: on POSIX, closing any descriptor of the file gives up the lock that SQLite has on it.
  let file: number | undefined

  async function copyOnce(from: number, to: string): Promise<boolean> {
    db.pragma('wal_checkpoint(TRUNCATE)')
    const before = fstatSync(from, { bigint: true })
    const copy = await open(`${to}.new`, 'w', 0o600)
    try {
      await copyBytes(from, copy, Number(before.size))
      await copy.sync()
    } finally {
      await copy.close()
    }
    const after = fstatSync(from, { bigint: true })
    return after.mtimeNs === before.mtimeNs && after.size === before.size
  }

  return {
    async copy(to) {
      file ??= openSync(path, 'r')
      const from = file
      try {
        for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
          if (await folding.withheld(() => copyOnce(from, to))) {
            await rename(`${to}.new`, to)
            return
          }
        }
        throw new StorageError('LOCKED', 'the file kept changing')
      } catch (error) {
        // What there is of it may be what has filled the disk.
        await rm(`${to}.new`, { force: true })
        throw toStorageError(error)
      }
    },
    close() {
      if (file !== undefined) closeSync(file)
      file = undefined
    },
  }
}

async function copyBytes(from: number, to: FileHandle, size: number): Promise<void> {
  const slice = Buffer.alloc(Math.min(SLICE_BYTES, Math.max(1, size)))
  for (let at = 0; at < size;) {
    const { bytesRead } = await readSlice(from, slice, 0, Math.min(slice.length, size - at), at)
    if (bytesRead === 0) throw new StorageError('DISK_FAILED', 'the file became shorter')
    // Unlike `write`, all of it, however little the disk takes at once.
    await to.writeFile(slice.subarray(0, bytesRead))
    at += bytesRead
  }
}

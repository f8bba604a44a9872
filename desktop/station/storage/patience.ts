import { setTimeout } from 'node:timers/promises'

import { StorageError, type StorageErrorCode } from './storage-error.ts'
import { openStore, type Store, type StoreOptions } from './store.ts'

/** An antivirus or a backup reads a fresh file for seconds; a predecessor may still be closing it. */
const PASSES: readonly StorageErrorCode[] = ['LOCKED', 'CANNOT_OPEN', 'DISK_FAILED']
const BETWEEN_MS = 250

/**
 * `openStore`, again and again while somebody else holds the file.
 * @param patienceMs how long to go on, milliseconds; what still stands in the way then is thrown
 * @throws StorageError as `openStore`
 */
export async function openPatiently(options: StoreOptions, patienceMs: number): Promise<Store> {
  const until = performance.now() + patienceMs
  for (;;) {
    try {
      return openStore(options)
    } catch (error) {
      const passes = error instanceof StorageError && PASSES.includes(error.code)
      if (!passes || performance.now() + BETWEEN_MS > until) throw error
      await setTimeout(BETWEEN_MS)
    }
  }
}

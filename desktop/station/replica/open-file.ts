import { join } from 'node:path'
import { AppError } from '#shared/errors.ts'
import type { TroubleCode } from '../contract/queries.ts'
import type { StationLog } from '../station-log.ts'
import { openPatiently } from '../storage/patience.ts'
import { StorageError, type StorageErrorCode, toStorageError } from '../storage/storage-error.ts'
import type { Store } from '../storage/store.ts'
import { openCounters } from './counters.ts'
import { beginReplacing, isBeingReplaced, REPLICA_NAME, replaceDamaged } from './replace-damaged.ts'
import { PATIENT_SEARCH } from './replica-file.ts'
import { openMeta } from './station-meta.ts'
import { prepareTables } from './station-tables.ts'

export interface ClinicFile {
  readonly folder: string
  readonly key: Uint8Array
  /** How long another program may hold the file, milliseconds. */
  readonly patienceMs: number
  /** Milliseconds. */
  readonly now: () => number
  readonly log: StationLog
}

/**
 * Opens the clinic's file with the station's tables in it. One that is not whole is set aside and
 * made anew first.
 *
 * @param use begins the work on it, closing it if that fails: some pages are first read by then
 * @throws StorageError LOCKED, WRONG_KEY, NEWER, DISK_FULL, DISK_FAILED, CANNOT_OPEN; DAMAGED when the
 *   new one was not whole either
 */
export async function openClinicFile<T>(
  file: ClinicFile,
  use: (store: Store) => Promise<T>,
): Promise<T> {
  if (isBeingReplaced(file.folder)) await replaceDamaged({ ...file, now: file.now() })
  try {
    return await use(await openWhole(file))
  } catch (error) {
    if (!isDamage(error)) throw error
    file.log({ event: 'damaged' })
    beginReplacing(file.folder, file.now())
    await replaceDamaged({ ...file, now: file.now() })
    return use(await openWhole(file))
  }
}

async function openWhole({ folder, key, patienceMs, now, log }: ClinicFile): Promise<Store> {
  const store = await openPatiently(
    {
      path: join(folder, REPLICA_NAME),
      key,
      search: { patients: PATIENT_SEARCH },
      onScan: (sql) => log({ event: 'scan', sql }),
    },
    patienceMs,
  )
  try {
    prepareTables(store.db)
    if (store.lostCommits > 0) skipNumbers(store, now())
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

/**
 * Each command is one commit and draws at most one number of each kind: this many further on, no
 * number is given out twice, with or without the server.
 */
function skipNumbers(store: Store, at: number): void {
  const counters = openCounters(store.db)
  const meta = openMeta(store.db)
  store.transaction(() => {
    for (const name of counters.names()) {
      if (name !== 'patients') counters.add(name, store.lostCommits)
    }
    meta.set('damage', { at, kind: 'LOG_CUT', kept: 0, listed: 0, whole: false })
  })
}

function isDamage(error: unknown): boolean {
  const known = toStorageError(error)
  return known instanceof StorageError && known.code === 'DAMAGED'
}

const TROUBLES: Partial<Record<StorageErrorCode, TroubleCode>> = {
  LOCKED: 'LOCKED',
  WRONG_KEY: 'WRONG_KEY',
  DAMAGED: 'DAMAGED',
  NEWER: 'NEWER',
  DISK_FULL: 'DISK_FULL',
  DISK_FAILED: 'DISK_FAILED',
  CANNOT_OPEN: 'CANNOT_OPEN',
}

/** What a person is told of a file that cannot be opened; null: a fault of ours. */
export function troubleOf(error: unknown): TroubleCode | null {
  if (error instanceof AppError && error.code === 'PROTOCOL_VERSION') return 'NEWER'
  const known = toStorageError(error)
  return known instanceof StorageError ? (TROUBLES[known.code] ?? null) : null
}

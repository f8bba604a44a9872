import { join } from 'node:path'
import { AppError } from '#shared/errors.ts'
import type { TroubleCode } from '../contract/session-view.ts'
import { formerKeys } from '../recovery/former-keys.ts'
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
  /** The one the file has, or is to have: of those before it, it leads to each (former-keys.ts). */
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
    return await use(await openUnderKey(file))
  } catch (error) {
    if (!isDamage(error)) throw error
    file.log({ event: 'damaged' })
    beginReplacing(file.folder, file.now())
    await replaceDamaged({ ...file, now: file.now() })
    return use(await openUnderKey(file))
  }
}

/** A file that still has a former key is encrypted anew; one that for now cannot be goes on as it is. */
async function openUnderKey(file: ClinicFile): Promise<Store> {
  const found = await openAsFound(file)
  if (found.key === file.key) return found.store
  try {
    found.store.rekey(file.key)
    // The daily copy is still under the former key: the next is made as soon as nobody minds.
    found.store.transaction(() => openMeta(found.store.db).remove('lastChecked'))
    file.log({ event: 'rekeyed' })
    return found.store
  } catch (error) {
    await found.store.close()
    if (isDamage(error)) throw error
    file.log({ event: 'not-rekeyed', code: troubleOf(error) })
    return (await openAsFound(file)).store
  }
}

/** Under the key it is to have, or the one it has had until now. */
async function openAsFound(file: ClinicFile): Promise<{ store: Store; key: Uint8Array }> {
  const { folder, key } = file
  try {
    return { store: await openWhole(file, key), key }
  } catch (error) {
    if (!isWrongKey(error)) throw error
    for (const each of formerKeys(folder, key)) {
      const store = await openWhole(file, each).catch((other: unknown) => {
        if (isWrongKey(other)) return null
        throw other
      })
      if (store !== null) return { store, key: each }
    }
    throw error
  }
}

async function openWhole(
  { folder, patienceMs, now, log }: ClinicFile,
  key: Uint8Array,
): Promise<Store> {
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
  return codeOf(error) === 'DAMAGED'
}

function isWrongKey(error: unknown): boolean {
  return codeOf(error) === 'WRONG_KEY'
}

function codeOf(error: unknown): StorageErrorCode | null {
  const known = toStorageError(error)
  return known instanceof StorageError ? known.code : null
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
  const code = codeOf(error)
  return code === null ? null : (TROUBLES[code] ?? null)
}

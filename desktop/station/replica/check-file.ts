import { join } from 'node:path'
import type { StationLog } from '../station-log.ts'
import { checkIntegrity } from '../storage/integrity.ts'
import { StorageError, toStorageError } from '../storage/storage-error.ts'
import { BACKUP_NAME } from './replace-damaged.ts'
import type { ReplicaFile } from './replica-file.ts'
import type { StationClock } from './station-clock.ts'

/** A desk's file is read through once a day, milliseconds. */
const EVERY_MS = 24 * 3_600_000
/** After opening, and between two looks whether it is time. */
const LOOK_MS = 5 * 60_000
/** Between two steps of some milliseconds each. */
const STEP_MS = 40

export interface FileCheckParts {
  readonly file: ReplicaFile
  readonly folder: string
  readonly clock: StationClock
  readonly log: StationLog
  readonly fileFailed: (error: unknown) => void
}

export interface FileCheck {
  stop(): Promise<void>
}

/**
 * Reads the clinic's file whole once a day, a little at a time, and keeps a copy of what was found
 * whole: a page that went bad is found while the work on it can still be read elsewhere.
 */
export function startFileCheck(parts: FileCheckParts, lookMs = LOOK_MS): FileCheck {
  const { file, folder, clock, log, fileFailed } = parts
  let isStopped = false
  let timer: NodeJS.Timeout | null = null
  let running: Promise<void> = Promise.resolve()

  function rest(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms))
  }

  async function checkIfDue(): Promise<void> {
    const last = file.meta.get('lastChecked') ?? 0
    if (Math.abs(clock.now() - last) < EVERY_MS) return
    for (const _ of checkIntegrity(file.db)) {
      await rest(STEP_MS)
      if (isStopped) return
    }
    await file.store.backup(join(folder, BACKUP_NAME))
    if (isStopped) return
    file.store.transaction(() => file.meta.set('lastChecked', clock.now()))
    log({ event: 'checked' })
  }

  function look(): void {
    running = checkIfDue()
      .catch((error: unknown) => {
        const known = toStorageError(error)
        const code = known instanceof StorageError ? known.code : 'DISK_FAILED'
        log({ event: 'check-failed', code })
        // A copy that cannot be written is no reason to stop the work.
        if (code !== 'DAMAGED' || isStopped) return
        isStopped = true
        fileFailed(error)
      })
      .finally(() => {
        if (!isStopped) timer = setTimeout(look, lookMs)
      })
  }

  timer = setTimeout(look, lookMs)
  return {
    async stop() {
      isStopped = true
      if (timer !== null) clearTimeout(timer)
      await running
    },
  }
}

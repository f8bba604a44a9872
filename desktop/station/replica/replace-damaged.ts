import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { formerKeys } from '../recovery/former-keys.ts'
import type { StationLog } from '../station-log.ts'
import { openSalvage, type Salvage } from '../storage/salvage.ts'
import { StorageError } from '../storage/storage-error.ts'
import { openStore } from '../storage/store.ts'
import { writeDurably } from '../storage/write-durably.ts'
import { openDatabase } from './open-database.ts'
import { openReplicaFile, PATIENT_SEARCH } from './replica-file.ts'
import { salvageReplica } from './salvage-replica.ts'
import { openMeta } from './station-meta.ts'
import { prepareTables } from './station-tables.ts'

/** The clinic's file and what lies beside it, by name. */
export const REPLICA_NAME = 'clinic.db'
/** Its latest copy, made while it was whole. */
export const BACKUP_NAME = 'clinic.backup.db'
const BESIDE = ['', '-wal', '-key']
/** While a damaged file is being replaced: so that a kill at any moment only means going on. */
const UNDER_WAY = 'replacing.json'

const UnderWay = z.strictObject({ setAside: z.string(), at: z.number() })
type UnderWay = z.infer<typeof UnderWay>

export interface DamagedFile {
  /** The profile's. */
  readonly folder: string
  readonly key: Uint8Array
  /** Milliseconds. */
  readonly now: number
  readonly log: StationLog
}

/** Whether a replacement was begun and not finished. */
export function isBeingReplaced(folder: string): boolean {
  return existsSync(join(folder, UNDER_WAY))
}

/**
 * Sets a damaged file aside, for ever, and makes a new one of all that can be read of it: who this
 * station is, its numbers, its unsynced commands, its documents, with which the desk goes on until
 * the server has said them all again.
 *
 * @throws StorageError DISK_FULL and the like; then it goes on where it was at the next attempt
 */
export async function replaceDamaged({ folder, key, now, log }: DamagedFile): Promise<void> {
  const { setAside } = readUnderWay(folder) ?? beginReplacing(folder, now)
  const kept = join(folder, setAside)
  // Killed just before the end: what has the file's name by now is the new one, and must not go over the old.
  const isMade = [kept, folder].every((place) => existsSync(join(place, REPLICA_NAME)))
  if (!isMade) await setAsideAndMake({ folder, kept, key, now, log })
  rmSync(join(folder, UNDER_WAY))
}

async function setAsideAndMake({
  folder,
  kept,
  ...parts
}: DamagedFile & { kept: string }): Promise<void> {
  mkdirSync(kept, { recursive: true })
  for (const suffix of BESIDE) {
    const from = join(folder, `${REPLICA_NAME}${suffix}`)
    if (existsSync(from)) renameSync(from, join(kept, `${REPLICA_NAME}${suffix}`))
  }
  const fresh = join(folder, `${REPLICA_NAME}.new`)
  for (const suffix of BESIDE) rmSync(`${fresh}${suffix}`, { force: true })
  const sources = [join(kept, REPLICA_NAME), join(folder, BACKUP_NAME)]
  // What is damaged, or its copy, may not have come to its present key yet.
  const formerly = formerKeys(folder, parts.key)
  await makeAnew({ fresh, sources, formerly, ...parts })
  for (const suffix of ['-key', '']) {
    const from = `${fresh}${suffix}`
    if (existsSync(from)) renameSync(from, join(folder, `${REPLICA_NAME}${suffix}`))
  }
}

interface Remake {
  readonly fresh: string
  /** The damaged file, then its last copy: the first that opens at all. */
  readonly sources: readonly string[]
  readonly key: Uint8Array
  readonly formerly: readonly Uint8Array[]
  readonly now: number
  readonly log: StationLog
}

async function makeAnew({ fresh, sources, key, formerly, now, log }: Remake): Promise<void> {
  const store = openStore({ path: fresh, key, search: { patients: PATIENT_SEARCH } })
  try {
    prepareTables(store.db)
    const database = await openDatabase(store)
    const [damaged = '', copy = ''] = sources
    const keys = [key, ...formerly]
    const own = salvageOf(damaged, keys)
    const salvage = own ?? salvageOf(copy, keys)
    try {
      const damage = salvageReplica(openReplicaFile(store, openMeta(store.db)), {
        salvage,
        isCopy: own === null,
        now,
      })
      log({ event: 'replaced', kept: damage.kept, listed: damage.listed, whole: damage.whole })
    } finally {
      salvage?.close()
      await database.close()
    }
  } finally {
    await store.close()
  }
}

/** Null: not even its first page can be read. */
function salvageOf(path: string, keys: readonly Uint8Array[]): Salvage | null {
  if (!existsSync(path)) return null
  for (const key of keys) {
    try {
      return openSalvage(path, key)
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
    }
  }
  return null
}

function readUnderWay(folder: string): UnderWay | null {
  const path = join(folder, UNDER_WAY)
  return existsSync(path) ? UnderWay.parse(JSON.parse(readFileSync(path, 'utf8'))) : null
}

/** From now on the file counts as damaged, also after a restart. @param now milliseconds */
export function beginReplacing(folder: string, now: number): UnderWay {
  const underWay = {
    setAside: `set-aside-${new Date(now).toISOString().replaceAll(':', '-')}`,
    at: now,
  }
  writeDurably(join(folder, UNDER_WAY), JSON.stringify(underWay))
  return underWay
}

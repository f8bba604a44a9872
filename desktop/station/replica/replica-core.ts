import type { KeyObject } from 'node:crypto'
import type { CollectionName } from '#shared/collections.ts'
import { type Entitlement, type EntitlementState, entitlementState } from '#shared/entitlement.ts'
import { formatStamp, MAX_AHEAD_MS, nodeOfStation, type Stamp } from '#shared/stamp.ts'
import type { DeskTime } from './desk-time.ts'
import type { ReplicaFile } from './replica-file.ts'
import type { ReplicaReader, Touched } from './replica.ts'
import type { StationClock } from './station-clock.ts'
import type { Identity } from './station-meta.ts'

/** What commands and sync share of one open replica. Its file has no other writer in this process. */
export interface ReplicaCore {
  readonly file: ReplicaFile
  readonly read: ReplicaReader
  readonly identity: Identity
  readonly signingKey: KeyObject
  readonly clock: StationClock
  /** Before its numbers; another than at enrolment once numbers were lost or found taken. */
  letter: string
  /** The last 8 hex digits of the station's id, as its stamps carry them. */
  readonly node: string
  entitlement: Entitlement | null
  /** What time it is at the desk, for stamps and views alike (`deskNow`). */
  desk: DeskTime
  /** The latest stamp given or seen, of `desk`; written with each command and page. */
  lastStamp: Stamp | null
  /**
   * The latest time ever seen, milliseconds. It runs on by the monotonic clock: set back every
   * evening, a clock wins only what the desk was switched off.
   */
  latestTime: number
  /** The highest feed number under which something is known to be gone. */
  removedAt: number
  /** When the last command was committed, by the monotonic clock, milliseconds; before any, `-Infinity`. */
  committedAt: number
  tell(touched: Touched): void
}

/** The latest time ever seen, now counted in: what the entitlement is judged by. */
export function latestTime(core: ReplicaCore): number {
  return Math.max(core.latestTime, core.clock.now())
}

export function subscriptionState(core: ReplicaCore, at: number): EntitlementState | null {
  if (core.entitlement === null || !core.file.directory.isOpen()) return null
  const now = Math.max(at, latestTime(core))
  return entitlementState(core.entitlement, now, core.file.directory.settings())
}

/**
 * Once the end of the right to write was seen it stays seen, though nothing else be written: else a
 * clock set back and a restart would undo it. Outside a transaction; writes once.
 */
export function rememberEnd(core: ReplicaCore): void {
  const { store, meta, directory } = core.file
  if (core.entitlement === null) return
  const written = meta.get('latestTime') ?? 0
  if (!entitlementState(core.entitlement, written, directory.settings()).canWrite) return
  store.transaction(() => rememberTime(core))
}

/** From now on; inside the running transaction. */
export function takeLetter(core: ReplicaCore, letter: string): void {
  const identity = core.file.meta.get('identity')
  if (identity !== null) core.file.meta.set('identity', { ...identity, letter })
  core.letter = letter
}

/**
 * A file that has not counted as far as the server has heard is an old copy of what this station was: the
 * numbers that it would give next may be on paper already. Its commands go on past all that is known.
 *
 * @param lastCommand the highest outbox number that the server ever heard from this station
 * @returns how far behind it was; 0: it is no old copy
 */
export function noteLastCommand({ file }: ReplicaCore, lastCommand: number): number {
  const behind = lastCommand - file.counters.value('outbox')
  if (behind <= 0) return 0
  file.store.transaction(() => {
    file.counters.raise('outbox', lastCommand)
    file.meta.set('needsLetter', true)
  })
  return behind
}

/** Remembers a stamp of another station, so that what is made here afterwards sorts after it. */
export function receiveStamp(core: ReplicaCore, stamp: Stamp): void {
  if (core.lastStamp === null || stamp > core.lastStamp) core.lastStamp = stamp
}

/**
 * Once the server has judged all that was made here, no stamp of this station is out there but clamped:
 * its own may come back too. At once, or whoever is checked in after the clock was put right is still a
 * patient of tomorrow; what the server holds may be held for days, and must not put that off.
 */
export function lowerStamp(core: ReplicaCore): void {
  if (core.lastStamp === null || core.file.outbox.count().unheard > 0) return
  const ceiling = formatStamp(core.clock.now() + MAX_AHEAD_MS, 0xffff, core.node)
  if (core.lastStamp > ceiling) core.lastStamp = ceiling
}

export function nodeOf(identity: Identity): string {
  return nodeOfStation(identity.stationId)
}

/** Writes down how far time has come; inside the running transaction. */
export function rememberTime(core: ReplicaCore): void {
  core.latestTime = latestTime(core)
  core.file.meta.set('latestTime', core.latestTime)
  if (core.lastStamp !== null) core.file.meta.set('lastStamp', core.lastStamp)
}

export function touching(collections: Iterable<CollectionName>, outbox: boolean): Touched {
  return { collections: new Set(collections), outbox }
}

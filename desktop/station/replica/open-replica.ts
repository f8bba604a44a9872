import type { RxDatabase } from 'rxdb'
import type { Command } from '#shared/commands.ts'
import type { Entitlement } from '#shared/entitlement.ts'
import { ftsMatch } from '#shared/patient-search.ts'
import { PatientId } from '#shared/ids.ts'
import type { SearchQuery } from '../storage/search-query.ts'
import { commitCommand } from './commit-command.ts'
import { deskNow, startDeskTime, withLastStamp } from './desk-time.ts'
import { readReplica } from './replica-reader.ts'
import type { ReplicaFile } from './replica-file.ts'
import type { Replica, ReplicaCollections, Touched } from './replica.ts'
import {
  latestTime,
  nodeOf,
  rememberEnd,
  type ReplicaCore,
  subscriptionState,
  touching,
} from './replica-core.ts'
import type { StationClock } from './station-clock.ts'
import { privateKeyObject } from './station-key.ts'
import type { Identity } from './station-meta.ts'

export interface ReplicaParts {
  readonly file: ReplicaFile
  readonly database: RxDatabase<ReplicaCollections>
  readonly identity: Identity
  readonly clock: StationClock
  /** As verified when the file was opened; null until the server's first. */
  readonly entitlement: Entitlement | null
}

/** @returns the replica for commands and views, and its core for sync */
export function openReplica(parts: ReplicaParts): { replica: Replica; core: ReplicaCore } {
  const { file, identity, database, clock } = parts
  const listeners = new Set<(touched: Touched) => void>()
  const read = readReplica(file)
  let known = { time: file.meta.get('latestTime') ?? 0, at: clock.monotonic() }
  const core: ReplicaCore = {
    file,
    read,
    identity,
    signingKey: privateKeyObject(identity.key),
    clock,
    letter: identity.letter,
    node: nodeOf(identity),
    entitlement: parts.entitlement,
    desk: startDeskTime(file.meta.get('lastStamp'), clock),
    get lastStamp() {
      return core.desk.lastStamp
    },
    set lastStamp(stamp) {
      core.desk = withLastStamp(core.desk, stamp, clock)
    },
    get latestTime() {
      return known.time + clock.monotonic() - known.at
    },
    set latestTime(time) {
      known = { time, at: clock.monotonic() }
    },
    committedAt: -Infinity,
    removedAt: 0,
    tell(touched) {
      for (const listener of listeners) listener(touched)
    },
  }
  file.directory.renew()
  const replica: Replica = {
    clinicId: identity.clinicId,
    stationId: identity.stationId,
    stationName: identity.stationName,
    get letter() {
      return core.letter
    },
    database,
    read,
    isOpen: file.directory.isOpen,
    commit: (by, make) => commitCommand(core, by, make),
    onCommitted(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    pending: file.outbox.pending,
    pendingOf: file.outbox.pendingOf,
    outbox: file.outbox.rows,
    latestUnsynced: file.outbox.latest,
    held: file.outbox.held,
    countOutbox: file.outbox.count,
    // Of a damaged file that could not say whose it was, some may be another clinic's.
    rejected: () => file.outbox.rejected().filter(({ command }) => isOf(command, identity)),
    dismissRejected(commandId) {
      const dismissed = file.store.transaction(() => file.outbox.dismissRejected(commandId))
      if (dismissed) core.tell(touching([], true))
      return dismissed
    },
    givenAnew: file.givenAnew.unseen,
    seeGivenAnew(commandId) {
      const seen = file.store.transaction(() => file.givenAnew.see(commandId))
      if (seen) core.tell(touching([], true))
      return seen
    },
    searchPatients(readings, limit) {
      const found = new Set<string>()
      for (const reading of readings) {
        if (found.size >= limit) break
        // Cast: `ftsMatch` quotes each word; typed text is never syntax
        const query = ftsMatch(reading) as SearchQuery
        for (const id of file.store.search('patients', query, limit)) found.add(id)
      }
      return [...found].slice(0, limit).map((id) => PatientId.parse(id))
    },
    isSearchWhole: () => file.store.isSearchWhole('patients'),
    countPatients: () => file.counters.value('patients'),
    contested: file.contested.ids,
    entitlement() {
      const state = subscriptionState(core, latestTime(core))
      if (state === null || core.entitlement === null) return null
      if (!state.canWrite) rememberEnd(core)
      return { ...state, endsAt: core.entitlement.subscription.endsAt }
    },
    now: () => deskNow(core.desk, clock),
  }
  return { replica, core }
}

function isOf({ writes }: Command, { clinicId }: Identity): boolean {
  return writes.every(({ next }) => next.clinicId === clinicId)
}

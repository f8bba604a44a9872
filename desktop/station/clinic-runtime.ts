import type { RxDatabase } from 'rxdb'
import type { StationContact } from '#shared/protocol.ts'
import { verifyEntitlement } from './replica/entitlement-proof.ts'
import { openReplica } from './replica/open-replica.ts'
import type { ReplicaFile } from './replica/replica-file.ts'
import type { Replica, ReplicaCollections } from './replica/replica.ts'
import type { StationClock } from './replica/station-clock.ts'
import { privateKeyObject, publicPart } from './replica/station-key.ts'
import type { Identity } from './replica/station-meta.ts'
import type { People } from './session/people.ts'
import { openSession, type StationSession } from './session/station-session.ts'
import type { StationLog } from './station-log.ts'
import { openCredential } from './sync/station-credential.ts'
import { serverLine } from './sync/server-line.ts'
import { stationDoor } from './sync/station-door.ts'
import { startSync, type SyncEngine } from './sync/sync-engine.ts'
import { startTidying } from './tidying.ts'
import type { Change, ClinicDeps } from './views/view.ts'

export interface RuntimeParts {
  readonly file: ReplicaFile
  readonly database: RxDatabase<ReplicaCollections>
  readonly people: People
  readonly clock: StationClock
  readonly log: StationLog
  readonly tell: (change: Partial<Change>) => void
  /** Something failed, perhaps for a fault of the clinic's file. */
  readonly fileFailed: (error: unknown) => void
}

/** All that runs while the station belongs to a clinic. */
export interface ClinicRuntime {
  readonly replica: Replica
  readonly session: StationSession
  readonly sync: SyncEngine
  /** What commands and views of the clinic work with. */
  readonly deps: ClinicDeps
  stop(): Promise<void>
}

export async function startClinic(parts: RuntimeParts, identity: Identity): Promise<ClinicRuntime> {
  const { file, database, people, clock, log, tell, fileFailed } = parts
  const jws = file.meta.get('entitlement')
  const { replica, core } = openReplica({
    file,
    database,
    identity,
    clock,
    entitlement: jws === null ? null : await verifyEntitlement(jws, identity).catch(() => null),
  })
  const line = serverLine(identity.serverUrl)
  const stopping = new AbortController()
  const credential = openCredential({
    line,
    clock,
    key: privateKeyObject(identity.key),
    publicKey: publicPart(identity.key),
    refreshToken: () => file.meta.get('refreshToken'),
    keepRefreshToken: (token) => file.store.transaction(() => file.meta.set('refreshToken', token)),
    stopped: stopping.signal,
  })
  const session = openSession({
    people,
    read: replica.read,
    isOpen: replica.isOpen,
    door: stationDoor(line, credential, stopping.signal),
    now: () => replica.now(),
    monotonic: () => clock.monotonic(),
    onChange: () => tell({ session: true }),
  })
  const unlisten = replica.onCommitted((touched) => {
    // Whoever is put out is out at once, also if nobody looks before they are taken in again.
    if (touched.collections.has('clinic')) session.person()
    tell(touched)
  })
  const stopTidying = startTidying(file, replica, { fileFailed, log })
  const sync = startSync({
    core,
    replica,
    line,
    credential,
    onChange: () => tell({ sync: true }),
    log,
    fileFailed,
    random: Math.random,
  })
  const deps: ClinicDeps = {
    replica,
    session,
    contacts: () => othersOf(sync.contacts(), identity),
    tellImport: () => tell({ import: true }),
  }
  return {
    replica,
    session,
    sync,
    deps,
    async stop() {
      unlisten()
      stopTidying()
      stopping.abort()
      session.lock()
      await sync.stop()
    },
  }
}

function othersOf(contacts: readonly StationContact[], { stationId }: Identity): StationContact[] {
  return contacts.filter((contact) => contact.stationId !== stationId)
}

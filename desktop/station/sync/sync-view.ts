import { mayView } from '#shared/roles.ts'
import { MAX_AHEAD_MS, stampTime } from '#shared/stamp.ts'
import type { SyncView } from '../contract/sync-view.ts'
import type { Replica } from '../replica/replica.ts'
import type { Damage } from '../replica/station-meta.ts'
import type { StationClock } from '../replica/station-clock.ts'
import type { CurrentSession } from '../session/current-session.ts'
import type { SyncEngine } from './sync-engine.ts'
import { mayRejoin } from './sync-state.ts'

const SHOWN_AT_MOST = 50

export interface SyncViewDeps {
  readonly replica: Replica
  readonly session: CurrentSession
  readonly sync: Pick<SyncEngine, 'state' | 'contacts' | 'history'>
  readonly clock: StationClock
  /** Milliseconds, or null if never. */
  readonly lastContact: () => number | null
  readonly damage: () => Damage | null
}

export function viewSync({
  replica,
  session,
  sync,
  clock,
  lastContact,
  damage,
}: SyncViewDeps): SyncView {
  const state = sync.state()
  const { queued, held, oldest } = replica.countOutbox()
  const contact = lastContact()
  return {
    state: state.name,
    code: 'code' in state ? state.code : null,
    since: instant(state.since),
    progress:
      state.name === 'CATCHING_UP' ? { done: state.done, total: state.total } : sync.history(),
    unsynced: queued + held,
    held,
    oldestUnsynced: oldest === null ? null : instant(stampTime(oldest)),
    lastContact: contact === null ? null : instant(contact),
    waiting: viewWaiting(replica, session),
    stations: sync.contacts().map(({ stationId, name, live, lastContact: heard }) => ({
      stationId,
      name,
      isThis: stationId === replica.stationId,
      live,
      lastContact: heard,
    })),
    clockAheadMinutes: minutesAhead(clock),
    mayRejoin: mayRejoin(state),
    damage: viewDamage(damage()),
  }
}

function viewWaiting(replica: Replica, session: CurrentSession): SyncView['waiting'] {
  if (!replica.isOpen()) return []
  const names = new Map(replica.read.staff().map(({ userId, name }) => [userId, name]))
  // Whoever walks up to a locked desk may see that something waits, not whose it is.
  const seesNames = mayView(session.person()?.roles ?? [], 'IDENTITY')
  return replica.latestUnsynced(SHOWN_AT_MOST).map((row) => ({
    commandId: row.commandId,
    command: row.name,
    at: instant(stampTime(row.at)),
    byName: names.get(row.by) ?? '',
    patientName:
      seesNames && row.patientId !== null
        ? (replica.read.patient(row.patientId)?.name ?? null)
        : null,
    held: row.state === 'HELD',
  }))
}

function viewDamage(damage: Damage | null): SyncView['damage'] {
  return damage === null ? null : { ...damage, at: instant(damage.at) }
}

function minutesAhead(clock: StationClock): number | null {
  const ahead = clock.aheadBy()
  return ahead === null || ahead <= MAX_AHEAD_MS ? null : Math.round(ahead / 60_000)
}

function instant(time: number): string {
  return new Date(time).toISOString()
}

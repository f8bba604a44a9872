import type { ErrorCode } from '#shared/errors.ts'

/** Where the line to the server is. `since` and all times are milliseconds; states never change. */
export type SyncState =
  | {
      readonly name: 'OFFLINE'
      readonly since: number
      readonly code: ErrorCode | null
      /** Failures in a row: how long to wait before the next attempt. */
      readonly failures: number
    }
  | { readonly name: 'CONNECTING'; readonly since: number; readonly failures: number }
  | {
      readonly name: 'CATCHING_UP'
      readonly since: number
      readonly failures: number
      /** Feed numbers gone through and to go through. */
      readonly done: number
      readonly total: number
    }
  | {
      readonly name: 'LIVE'
      readonly since: number
      /** False: the stream is silent or gone, and the server is asked every few seconds. */
      readonly streaming: boolean
    }
  | { readonly name: 'NEEDS_ATTENTION'; readonly since: number; readonly code: ErrorCode }

export type SyncEvent =
  /** The time to try has come, or a person asked. */
  | { readonly type: 'TRY' }
  /** A page was applied, or the server said how far its feed has come. */
  | {
      readonly type: 'PULLED'
      readonly done: number
      readonly total: number
      readonly upToDate: boolean
    }
  | { readonly type: 'STREAM_OPENED' }
  | { readonly type: 'STREAM_LOST' }
  /** A request failed: no network, no answer, or the server cannot serve. */
  | { readonly type: 'FAILED'; readonly code: ErrorCode }
  /** The server refuses this station until a person does something. */
  | { readonly type: 'REFUSED'; readonly code: ErrorCode }

export type SyncStateName = SyncState['name']
export type SyncEventType = SyncEvent['type']
type StateOf<S extends SyncStateName> = Extract<SyncState, { name: S }>
type EventOf<E extends SyncEventType> = Extract<SyncEvent, { type: E }>

/** Every event in every state: a missing case does not compile. */
type Table = {
  [S in SyncStateName]: {
    [E in SyncEventType]: (state: StateOf<S>, event: EventOf<E>, now: number) => SyncState
  }
}

export function startSyncState(now: number): SyncState {
  return { name: 'OFFLINE', since: now, code: null, failures: 0 }
}

const stay = <S extends SyncState>(state: S): S => state

const failed = (
  state: { readonly failures: number },
  { code }: EventOf<'FAILED'>,
  now: number,
): SyncState => ({ name: 'OFFLINE', since: now, code, failures: state.failures + 1 })

const refused = (_state: SyncState, { code }: EventOf<'REFUSED'>, now: number): SyncState => ({
  name: 'NEEDS_ATTENTION',
  since: now,
  code,
})

const pulled = (
  state: { readonly failures: number },
  { done, total, upToDate }: EventOf<'PULLED'>,
  now: number,
): SyncState =>
  upToDate
    ? { name: 'LIVE', since: now, streaming: false }
    : { name: 'CATCHING_UP', since: now, failures: state.failures, done, total }

const TABLE: Table = {
  OFFLINE: {
    TRY: ({ failures }, _event, now) => ({ name: 'CONNECTING', since: now, failures }),
    // The line was given up while its answer was on the way: what came was applied, no more.
    PULLED: stay,
    STREAM_OPENED: stay,
    STREAM_LOST: stay,
    // Since when the line has been gone is what a person asks; how often it was tried is not.
    FAILED: (state, { code }) => ({ ...state, code, failures: state.failures + 1 }),
    REFUSED: refused,
  },
  CONNECTING: {
    TRY: stay,
    PULLED: pulled,
    STREAM_OPENED: stay,
    STREAM_LOST: stay,
    FAILED: failed,
    REFUSED: refused,
  },
  CATCHING_UP: {
    TRY: stay,
    PULLED: (state, event, now) => {
      const next = pulled(state, event, now)
      return next.name === 'CATCHING_UP' ? { ...next, since: state.since } : next
    },
    STREAM_OPENED: stay,
    STREAM_LOST: stay,
    FAILED: failed,
    REFUSED: refused,
  },
  LIVE: {
    TRY: stay,
    // A burst of others' work is not a new catching up: live means that hints are followed.
    PULLED: stay,
    STREAM_OPENED: (state) => (state.streaming ? state : { ...state, streaming: true }),
    STREAM_LOST: (state) => (state.streaming ? { ...state, streaming: false } : state),
    FAILED: (_state, event, now) => failed({ failures: 0 }, event, now),
    REFUSED: refused,
  },
  NEEDS_ATTENTION: {
    TRY: (_state, _event, now) => ({ name: 'CONNECTING', since: now, failures: 0 }),
    PULLED: stay,
    STREAM_OPENED: stay,
    STREAM_LOST: stay,
    FAILED: stay,
    REFUSED: (state, { code }) => (state.code === code ? state : { ...state, code }),
  },
}

/** The next state; the same object when nothing changed. Pure: `now` is passed in. */
export function nextSyncState(state: SyncState, event: SyncEvent, now: number): SyncState {
  const row = TABLE[state.name]
  // Cast: the table ties each cell to its state and event; TypeScript cannot follow two indexes at once
  const cell = row[event.type] as (state: SyncState, event: SyncEvent, now: number) => SyncState
  return cell(state, event, now)
}

/** The server knows the clinic, and not this installation as the station that it says it is. */
const REFUSED_AS_STATION: readonly ErrorCode[] = [
  'STATION_REVOKED',
  'REFRESH_REUSED',
  'UNAUTHENTICATED',
]

/** Whether an ADMIN may let it go on as a new one (`session/enrolment.ts`). */
export function mayRejoin(state: SyncState): boolean {
  return state.name === 'NEEDS_ATTENTION' && REFUSED_AS_STATION.includes(state.code)
}

/** Codes that no retry heals: a person must update, enrol again or speak to the clinic's admin. */
export const NEEDS_A_PERSON: readonly ErrorCode[] = [
  'STATION_REVOKED',
  'REFRESH_REUSED',
  'PROTOCOL_VERSION',
  'UNAUTHENTICATED',
  'NOT_ENROLLED',
  'BAD_SIGNATURE',
  'NOT_FOUND',
  'FORBIDDEN',
  // Expired: the server serves no more until someone pays.
  'SUBSCRIPTION',
]

import type { ErrorCode } from '#shared/errors.ts'
import { ACCEPTED_KEPT_MS, PROTOCOL_VERSION, type StationContact } from '#shared/protocol.ts'
import type { Replica } from '../replica/replica.ts'
import type { ReplicaCore } from '../replica/replica-core.ts'
import { beginMend } from '../replica/reseed.ts'
import type { StationLog } from '../station-log.ts'
import { backoffDelay } from './backoff.ts'
import { openFeedPlace } from './feed-place.ts'
import { type HistoryProgress, openHistory } from './history.ts'
import { openPull } from './pull.ts'
import { openPush } from './push.ts'
import { openRest } from './rest.ts'
import { checkReplica } from './self-check.ts'
import type { ServerLine } from './server-line.ts'
import { openSlices } from './slices.ts'
import type { StationCredential } from './station-credential.ts'
import { stationDoor } from './station-door.ts'
import { openStationLetter } from './station-letter.ts'
import { keepStream } from './stream.ts'
import { askedToWait, codeOf, nameOf } from './sync-failure.ts'
import {
  NEEDS_A_PERSON,
  nextSyncState,
  startSyncState,
  type SyncEvent,
  type SyncState,
} from './sync-state.ts'

/** While the stream is silent the server is asked this often, milliseconds. */
const POLL_MS = 5_000
/** News that is only this station's own, come back, may wait this long, milliseconds. */
const OWN_NEWS_MS = 1_000
const OWN_NEWS_AT_MOST = 1_000
/** Pages that came unasked are acknowledged within this time, milliseconds, many at once. */
const ACKNOWLEDGE_MS = 5_000
/** What is held is asked about this often while live, and a refused station asks again. */
const HELD_RETRY_MS = 5 * 60_000
const REFUSED_RETRY_MS = 10 * 60_000
/** A replica that has caught up is held against the server's so often; and soon again if it could not be. */
const CHECK_MS = 60 * 60_000
const CHECK_AGAIN_MS = 5 * 60_000

export interface SyncEngine {
  state(): SyncState
  contacts(): readonly StationContact[]
  /** How much of a new desk's history has come; null: all is here. */
  history(): HistoryProgress | null
  /** Tries now, whatever was waited for. */
  syncNow(): void
  stop(): Promise<void>
}

export interface SyncParts {
  readonly core: ReplicaCore
  readonly replica: Replica
  readonly line: ServerLine
  readonly credential: StationCredential
  /** State, progress or contacts are others than before. */
  readonly onChange: () => void
  readonly log: StationLog
  readonly fileFailed: (error: unknown) => void
  /** 0 to 1. */
  readonly random: () => number
}

/**
 * Keeps the replica and the server equal: what was made here goes first and in order, then what
 * others made comes, page by page. One request of the two at a time, so that an older page never
 * lands on a newer answer. Nothing here can fail a command: it only carries them.
 */
export function startSync(parts: SyncParts): SyncEngine {
  const { core, replica, onChange, log, random } = parts
  // Before anything is read of how far the last version came.
  noteVersion(core)
  const stopping = new AbortController()
  const door = stationDoor(parts.line, parts.credential, stopping.signal)
  const push = openPush(core, door)
  const applySlices = openSlices(core.clock)
  const pull = openPull(core, door, applySlices)
  const history = openHistory(core, door, applySlices)
  let state = startSyncState(core.clock.now())
  let contacts: readonly StationContact[] = core.file.meta.get('contacts') ?? []
  let connection: AbortController | null = null
  let streamIsOpen = false
  /** Ends the stream's wait for its next attempt. */
  let retryStream: () => void = () => undefined
  let pushWanted = false
  let pullWanted = false
  let tryAt = 0
  let heldRetryAt = 0
  // Not all stations of a clinic at once, nor at a start, when there is enough to do.
  let checkAt = core.clock.monotonic() + CHECK_MS * (0.5 + random())
  let firstSeq = 0
  const letter = openStationLetter({ ...parts, door })
  const place = openFeedPlace(core.file.meta.get('checkpoint')?.seq ?? 0)
  /** What is only this station's own, come back, has waited long enough. */
  let isOwnNewsDue = false
  /** When the server is asked all the same after such pages, so that it knows what was seen. */
  let acknowledgeAt: number | null = null
  const rest = openRest(stopping.signal)

  function dispatch(event: SyncEvent): void {
    const next = nextSyncState(state, event, core.clock.now())
    if (next === state) return
    if (next.name !== state.name) {
      const code = 'code' in next ? next.code : null
      log({ event: 'sync', from: state.name, to: next.name, code })
    }
    state = next
    onChange()
  }

  function connect(): void {
    dispatch({ type: 'TRY' })
    pushWanted = true
    pullWanted = true
    firstSeq = place.seq()
    retryHeld()
    connection = new AbortController()
    void keepStream(
      door,
      {
        opened() {
          streamIsOpen = true
          dispatch({ type: 'STREAM_OPENED' })
        },
        lost() {
          streamIsOpen = false
          dispatch({ type: 'STREAM_LOST' })
          // Asking tells at once whether the server is gone or only the stream.
          pullWanted = true
          rest.wake()
        },
        head(seq, page) {
          place.heard(seq, page)
          rest.wake()
        },
        contacts(heard) {
          contacts = heard
          onChange()
        },
        waiting(retry) {
          retryStream = retry
        },
        refused: (code) => refuse(code),
      },
      {
        signal: AbortSignal.any([connection.signal, stopping.signal]),
        random,
        isRefusal: (code) => NEEDS_A_PERSON.includes(code),
      },
    )
  }

  function disconnect(): void {
    connection?.abort()
    connection = null
    pull.forget()
    history.forget()
    place.forgetOffers()
    streamIsOpen = false
  }

  function refuse(code: ErrorCode): void {
    disconnect()
    tryAt = core.clock.monotonic() + REFUSED_RETRY_MS
    dispatch({ type: 'REFUSED', code })
    rest.wake()
  }

  function fail(error: unknown): void {
    parts.fileFailed(error)
    const code = codeOf(error)
    if (code === 'INTERNAL') log({ event: 'sync-fault', error: nameOf(error) })
    if (NEEDS_A_PERSON.includes(code)) {
      refuse(code)
      return
    }
    disconnect()
    dispatch({ type: 'FAILED', code })
    const failures = state.name === 'OFFLINE' ? state.failures : 1
    tryAt =
      core.clock.monotonic() +
      Math.max(backoffDelay(failures, random()), askedToWait(error) * (1 + random()))
  }

  function retryHeld(): void {
    heldRetryAt = core.clock.monotonic() + HELD_RETRY_MS
    // The answer that holds something for what is over by now may be on its way.
    if (core.file.outbox.count().held === 0 && !push.isSending()) return
    push.retryHeld()
    pushWanted = true
  }

  /**
   * Applies what came with the news of it, all in one.
   * @returns whether it did
   */
  async function acceptOffers(): Promise<boolean> {
    const offered = place.takeOffer()
    if (offered === null || pullWanted || state.name !== 'LIVE') return false
    if (!(await pull.accept(offered))) return false
    place.advanceTo(offered.head)
    acknowledgeAt ??= core.clock.monotonic() + ACKNOWLEDGE_MS
    return true
  }

  async function pullNext(): Promise<void> {
    pullWanted = false
    acknowledgeAt = null
    // What is heard meanwhile counts again.
    place.forgetHead()
    const pulled = await pull.next()
    place.advanceTo(pulled.seq)
    place.heard(pulled.head, null)
    contacts = core.file.meta.get('contacts') ?? []
    if (!pulled.upToDate) pullWanted = true
    dispatch({
      type: 'PULLED',
      done: Math.max(0, pulled.seq - firstSeq),
      total: Math.max(0, pulled.head - firstSeq),
      upToDate: pulled.upToDate,
    })
    if (streamIsOpen) dispatch({ type: 'STREAM_OPENED' })
    // The server answers again: the stream, which alone brings news at once, need wait no longer.
    else retryStream()
    if (pulled.subscriptionChanged) {
      retryHeld()
      onChange()
    }
  }

  async function check(): Promise<void> {
    // A check that fails ends the connection, as any request does; the next is due in its time.
    checkAt = core.clock.monotonic() + CHECK_AGAIN_MS
    const outcome = await checkReplica(core, door)
    if (outcome === 'BUSY') return
    checkAt = core.clock.monotonic() + CHECK_MS * (0.5 + random())
    if (outcome === 'EQUAL') return
    log({ event: 'replica-differs' })
    beginAnew()
  }

  function beginAnew(): void {
    place.beginAnew()
    firstSeq = 0
    pullWanted = true
  }

  async function workOrWait(): Promise<void> {
    if (pushWanted) await letter.lookForCopy()
    if (core.file.meta.get('needsLetter') !== null) await letter.takeNew()
    if (pushWanted) {
      pushWanted = false
      // What is committed while this is on its way asks for a push of its own.
      pull.forget()
      const seqs = await push.sendNext()
      if (seqs === null) return
      pushWanted = true
      if (seqs === 'RESEED') {
        beginAnew()
        return
      }
      place.broughtHome(seqs)
      if (place.ownAhead() > OWN_NEWS_AT_MOST) pullWanted = true
      return
    }
    const isNews = isOwnNewsDue || place.hasNews()
    isOwnNewsDue = false
    if (isNews && (await acceptOffers())) return
    if (pullWanted || isNews) {
      await pullNext()
      return
    }
    if (state.name === 'LIVE') {
      const came = await history.apply()
      if (came === 'STALE') pullWanted = true
      if (came === 'APPLIED') onChange()
      if (came !== 'NOTHING') return
      history.ask(rest.wake)
    }
    const now = core.clock.monotonic()
    if (now >= checkAt && state.name === 'LIVE') {
      await check()
      return
    }
    if (now >= heldRetryAt) retryHeld()
    const streaming = state.name === 'LIVE' && state.streaming
    const isBehind = place.isBehind()
    const usual = isBehind ? OWN_NEWS_MS : streaming ? HELD_RETRY_MS : POLL_MS
    const pullWithin = Math.min(usual, Math.max(0, (acknowledgeAt ?? Infinity) - now))
    const pullAt = now + pullWithin
    await rest.sleep(Math.min(pullWithin, Math.max(0, heldRetryAt - now)))
    if (core.clock.monotonic() < pullAt) return
    // What a burst of one's own has brought comes in at once, and not after each command.
    if (isBehind && acknowledgeAt === null) isOwnNewsDue = true
    else if (!streaming || isBehind || acknowledgeAt !== null) pullWanted = true
  }

  async function step(): Promise<void> {
    switch (state.name) {
      case 'OFFLINE':
      case 'NEEDS_ATTENTION': {
        const wait = tryAt - core.clock.monotonic()
        if (wait > 0) await rest.sleep(wait)
        if (core.clock.monotonic() >= tryAt && !stopping.signal.aborted) connect()
        return
      }
      case 'CONNECTING':
      case 'CATCHING_UP':
      case 'LIVE':
        await workOrWait()
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await step()
        letter.note()
      } catch (error) {
        if (!stopping.signal.aborted) fail(error)
      }
    }
    disconnect()
  }

  const unlisten = replica.onCommitted(({ outbox, collections }) => {
    // A decision about a quarantined command, or a person's return, may free what is held.
    if (collections.has('clinic')) retryHeld()
    if (outbox) pushWanted = true
    if (pushWanted) rest.wake()
  })
  core.file.store.transaction(() => {
    core.file.outbox.pruneAccepted(core.clock.now() - ACCEPTED_KEPT_MS)
    core.file.givenAnew.prune(core.clock.now() - ACCEPTED_KEPT_MS)
  })
  const running = run()

  return {
    state: () => state,
    history: () => history.progress(),
    // Cut off or refused, this station knows of nobody's presence, whatever it heard last.
    contacts: () =>
      state.name === 'LIVE' || state.name === 'CATCHING_UP'
        ? contacts
        : contacts.map((each) => ({ ...each, live: false })),
    syncNow() {
      tryAt = 0
      pullWanted = true
      retryHeld()
      rest.wake()
    },
    async stop() {
      unlisten()
      stopping.abort()
      rest.wake()
      await running
    },
  }
}

/** After an update there may be documents that the server did not send, since this app could not read them. */
function noteVersion(core: ReplicaCore): void {
  const { meta } = core.file
  if (meta.get('protocol') === PROTOCOL_VERSION) return
  if (meta.get('checkpoint') !== null) beginMend(core)
  meta.set('protocol', PROTOCOL_VERSION)
}

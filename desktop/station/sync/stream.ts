import { AppError, type ErrorCode } from '#shared/errors.ts'
import {
  HEARTBEAT_MS,
  type OfferedPage,
  type StationContact,
  type StreamEvent,
} from '#shared/protocol.ts'
import { backoffDelay } from './backoff.ts'
import { readEvents } from './event-stream.ts'
import type { StationDoor } from './station-door.ts'

const OPEN_TIMEOUT_MS = 15_000
/** Silence that long means the line is dead, whatever the socket says. */
const SILENCE_MS = HEARTBEAT_MS * 2.5

export interface StreamListener {
  opened(): void
  lost(): void
  /** The feed has come this far; `page`: what lies between, if it came along. */
  head(seq: number, page: OfferedPage | null): void
  contacts(contacts: readonly StationContact[]): void
  /** Waits before the next attempt; `retry` ends the wait, when the server is seen to answer. */
  waiting(retry: () => void): void
  /** The server refuses this station. */
  refused(code: ErrorCode): void
}

/**
 * Keeps the event stream open until `signal`: heartbeats watched, opened again after each loss.
 * Events are hints; whoever listens asks the feed itself.
 */
export async function keepStream(
  door: StationDoor,
  listener: StreamListener,
  {
    signal,
    random,
    isRefusal,
  }: { signal: AbortSignal; random: () => number; isRefusal: (code: ErrorCode) => boolean },
): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    const ending = await streamOnce(door, listener, signal)
    if (signal.aborted) return
    if (ending.wasOpen) {
      failures = 0
      listener.lost()
    }
    if (ending.code !== null && isRefusal(ending.code)) {
      listener.refused(ending.code)
      return
    }
    failures += 1
    const waited = new AbortController()
    listener.waiting(() => waited.abort())
    await delay(backoffDelay(failures, random()), AbortSignal.any([signal, waited.signal]))
  }
}

async function streamOnce(
  door: StationDoor,
  listener: StreamListener,
  signal: AbortSignal,
): Promise<{ wasOpen: boolean; code: ErrorCode | null }> {
  const silence = new AbortController()
  let watch: NodeJS.Timeout | undefined
  let wasOpen = false
  const heard = (): void => {
    clearTimeout(watch)
    watch = setTimeout(() => silence.abort(), SILENCE_MS)
  }
  try {
    const body = await door.open({
      path: '/v1/stream',
      timeoutMs: OPEN_TIMEOUT_MS,
      signal: AbortSignal.any([signal, silence.signal]),
    })
    wasOpen = true
    heard()
    listener.opened()
    for await (const event of readEvents(body, heard)) {
      if (event.type === 'bye') return { wasOpen, code: codeOfBye(event) }
      hear(event, listener)
    }
    return { wasOpen, code: null }
  } catch (error) {
    return { wasOpen, code: error instanceof AppError ? error.code : null }
  } finally {
    clearTimeout(watch)
    silence.abort()
  }
}

/** A token that ended is no refusal: the next opening renews it, or is told so itself. */
function codeOfBye({ code }: Extract<StreamEvent, { type: 'bye' }>): ErrorCode | null {
  return code === 'UNAUTHENTICATED' ? null : code
}

function hear(event: Exclude<StreamEvent, { type: 'bye' }>, listener: StreamListener): void {
  switch (event.type) {
    case 'hello':
      listener.head(event.head, null)
      return
    case 'changed':
      listener.head(event.head, event.page ?? null)
      return
    case 'stations':
      listener.contacts(event.stations)
      return
    case 'beat':
  }
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}

import { AppError } from '#shared/errors.ts'
import type { ClinicId, StationId } from '#shared/ids.ts'
import { MAX_PULL_DOCUMENTS, type PullRequest } from '#shared/protocol.ts'
import { createTurns } from './turns.ts'

/** As many pages take a few seconds to make, less than a station waits for an answer. */
const MAX_WAITING = 50
const RETRY_AFTER_SECONDS = 5
const MAX_REMEMBERED = 50_000
/** How long after a push the instance counts as at work. */
const AT_WORK_MS = 1_000
/** The longest page beside work: what a check-in may have to wait behind. */
const PAGE_BESIDE_WORK = 250
/** Beside work: how much longer than each took nothing is begun behind it. */
const REST = 3

/**
 * The way of what is long: pages of stations that have much to pull, and long pushes. Of all of them
 * one is worked on at a time, from the first byte to the compressed answer. While desks are at work
 * pages are short, and a pause is behind each: first syncs and imports take a quarter of what there
 * is, and check-ins go between them. Clinics take turns, however many desks of one ask. Live traffic
 * does not come this way.
 */
export interface BulkLane {
  /**
   * Whether a station has much to pull: the history of a new desk, a page from the beginning, or one
   * after a page that was not the last. What a new desk needs for today is live.
   */
  has: (stationId: StationId, request: Pick<PullRequest, 'checkpoint' | 'part'>) => boolean
  /** What a page said of what is behind it. */
  note: (stationId: StationId, upToDate: boolean) => void
  /** Somebody is at work. */
  notePush: () => void
  /** Documents. */
  longestPage: () => number
  /** @throws AppError UNAVAILABLE: too many wait already, or who asked is gone */
  run: <T>(asked: Asked, make: () => Promise<T>) => Promise<T>
}

interface Asked {
  readonly clinicId: ClinicId
  /** Aborted: nobody waits for it any more. */
  readonly signal: AbortSignal
}

/** @param now milliseconds, of a clock that is never set */
export function createBulkLane(now: () => number): BulkLane {
  const behind = new Set<StationId>()
  const turns = createTurns<ClinicId>(MAX_WAITING)
  let workedAt = -Infinity
  const isAtWork = (): boolean => now() - workedAt < AT_WORK_MS
  return {
    has(stationId, { checkpoint, part }) {
      if (part !== undefined) return part.is === 'HISTORY'
      return checkpoint === null || behind.has(stationId)
    },
    note(stationId, upToDate) {
      if (behind.size >= MAX_REMEMBERED) behind.clear()
      if (upToDate) behind.delete(stationId)
      else behind.add(stationId)
    },
    notePush() {
      workedAt = now()
    },
    longestPage: () => (isAtWork() ? PAGE_BESIDE_WORK : MAX_PULL_DOCUMENTS),
    async run({ clinicId, signal }, make) {
      const unavailable = (): AppError =>
        new AppError('UNAVAILABLE', { retryAfterSeconds: RETRY_AFTER_SECONDS })
      if ((await turns.wait(clinicId)) === 'TURNED_AWAY') throw unavailable()
      const start = now()
      let rest = 0
      try {
        if (signal.aborted) throw unavailable()
        const made = await make()
        if (isAtWork()) rest = REST * (now() - start)
        return made
      } finally {
        if (rest === 0) turns.end(clinicId)
        else setTimeout(turns.end, rest, clinicId)
      }
    },
  }
}

import { MAX_AHEAD_MS } from '#shared/stamp.ts'

/** Both in milliseconds. `wall` may be set by anyone; `monotonic` runs on, but may stop in sleep. */
export interface ClockSource {
  wall(): number
  monotonic(): number
}

export const SYSTEM_CLOCK: ClockSource = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
}

/** A difference between the two clocks that is no longer drift, milliseconds: someone set the clock. */
const SET_MS = 60_000

/**
 * The station's time. A desk's clock is often wrong by hours (a dead battery on the board): once the
 * server has been heard, a clock more than five minutes off is corrected by what it was off then.
 */
export interface StationClock {
  now(): number
  monotonic(): number
  /** @param sent `monotonic()` when the request was sent, for half the round trip */
  heard(serverTime: number, sent: number): void
  /** `now()` and `monotonic()` when the server was last heard; null before. */
  lastHeard(): { readonly time: number; readonly monotonic: number } | null
  /** How far the wall clock was ahead of the server's (negative: behind); null while not known. */
  aheadBy(): number | null
}

export function startClock(source: ClockSource): StationClock {
  let heard: { offset: number; wall: number; monotonic: number } | null = null
  let lastHeard: { time: number; monotonic: number } | null = null

  /** A clock that jumped towards the server's has been put right; away from it is a machine that slept. */
  const offset = (): number | null => {
    if (heard === null) return null
    const jumped = source.wall() - heard.wall - (source.monotonic() - heard.monotonic)
    if (
      heard.offset > MAX_AHEAD_MS
        ? jumped < -SET_MS
        : heard.offset < -MAX_AHEAD_MS && jumped > SET_MS
    ) {
      heard = null
    }
    return heard?.offset ?? null
  }

  const now = (): number => {
    const off = offset()
    return off !== null && Math.abs(off) > MAX_AHEAD_MS ? source.wall() - off : source.wall()
  }

  return {
    now,
    monotonic: () => source.monotonic(),
    heard(serverTime, sent) {
      const wall = source.wall()
      const monotonic = source.monotonic()
      heard = { offset: wall - serverTime - (monotonic - sent) / 2, wall, monotonic }
      lastHeard = { time: now(), monotonic }
    },
    lastHeard: () => lastHeard,
    aheadBy: offset,
  }
}

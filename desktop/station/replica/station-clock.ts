import { MAX_AHEAD_MS } from '#shared/stamp.ts'

/** Both in milliseconds. `wall` may be set by anyone; `monotonic` only runs on. */
export interface ClockSource {
  wall(): number
  monotonic(): number
}

export const SYSTEM_CLOCK: ClockSource = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
}

/**
 * The station's time. A desk's clock is often wrong by hours (a dead battery on the board): once the
 * server has been heard, and while the two differ by more than five minutes, the server's time counts.
 */
export interface StationClock {
  now(): number
  monotonic(): number
  /** @param sent `monotonic()` when the request was sent, for half the round trip */
  heard(serverTime: number, sent: number): void
  /** How far the wall clock is ahead of the server's (negative: behind); null before the first answer. */
  aheadBy(): number | null
}

export function startClock(source: ClockSource): StationClock {
  let anchor: { serverTime: number; monotonic: number } | null = null
  const serverNow = (): number | null =>
    anchor === null ? null : anchor.serverTime + source.monotonic() - anchor.monotonic
  const aheadBy = (): number | null => {
    const server = serverNow()
    return server === null ? null : source.wall() - server
  }
  return {
    now() {
      const wall = source.wall()
      const server = serverNow()
      return server !== null && Math.abs(wall - server) > MAX_AHEAD_MS ? server : wall
    },
    monotonic: () => source.monotonic(),
    heard(serverTime, sent) {
      const monotonic = source.monotonic()
      anchor = { serverTime: serverTime + (monotonic - sent) / 2, monotonic }
    },
    aheadBy,
  }
}

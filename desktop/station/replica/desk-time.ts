import { type Stamp, stampTime } from '#shared/stamp.ts'
import type { StationClock } from './station-clock.ts'

/**
 * The desk's one idea of what time it is: commands and views take it from here, or a wrong clock
 * would check people into a day that the board does not show. It is never before a stamp given, and
 * runs on by the monotonic clock: while the wall clock is behind, two minutes are still two minutes.
 * Immutable.
 */
export interface DeskTime {
  /** The latest stamp given or seen. */
  readonly lastStamp: Stamp | null
  /** How far time had come (milliseconds) when the monotonic clock showed this. */
  readonly since: { readonly time: number; readonly monotonic: number }
}

export function startDeskTime(lastStamp: Stamp | null, clock: StationClock): DeskTime {
  const time = lastStamp === null ? 0 : stampTime(lastStamp)
  return { lastStamp, since: { time, monotonic: clock.monotonic() } }
}

/** Since the server was heard time runs on from its word, not from what a wrong clock had said before. */
function runOn({ since }: DeskTime, clock: StationClock): number {
  const heard = clock.lastHeard()
  const from = heard !== null && heard.monotonic > since.monotonic ? heard : since
  return from.time + Math.max(0, clock.monotonic() - from.monotonic)
}

/** Whole milliseconds since the Unix epoch. */
export function deskNow(desk: DeskTime, clock: StationClock): number {
  const atLeast = desk.lastStamp === null ? 0 : stampTime(desk.lastStamp)
  return Math.floor(Math.max(clock.now(), runOn(desk, clock), atLeast))
}

/**
 * With another last stamp. A later one never takes back time that has run past it. An earlier one
 * says that the clock is right again (the server has corrected it): time runs on from the clock, and
 * stands at the stamp, at most MAX_AHEAD_MS, until the clock is there.
 */
export function withLastStamp(desk: DeskTime, stamp: Stamp | null, clock: StationClock): DeskTime {
  if (stamp === desk.lastStamp) return desk
  const monotonic = clock.monotonic()
  if (stamp === null || (desk.lastStamp !== null && stamp < desk.lastStamp)) {
    return { lastStamp: stamp, since: { time: clock.now(), monotonic } }
  }
  const at = stampTime(stamp)
  const isAhead = at > deskNow(desk, clock)
  const time = isAhead ? at : Math.max(runOn(desk, clock), Math.min(clock.now(), at))
  return { lastStamp: stamp, since: { time, monotonic } }
}

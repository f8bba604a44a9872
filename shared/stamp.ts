import { z } from 'zod'
import type { StationId } from './ids.ts'

/**
 * A hybrid logical clock stamp (Kulkarni et al., "Logical Physical Clocks", 2014) as fixed-width
 * text that sorts by time: 13 digits of Unix milliseconds, 4 hex digits of a counter, 8 hex digits
 * of the station. Two stamps of one station are never equal.
 */
export const Stamp = z
  .string()
  .max(27)
  .regex(/^\d{13}-[0-9a-f]{4}-[0-9a-f]{8}$/)
  .brand<'Stamp'>()
export type Stamp = z.infer<typeof Stamp>

/** In place of a station's part, in stamps that the server gives: no station has this one. */
export const SERVER_NODE = '00000000'

export const MAX_AHEAD_MS = 5 * 60_000
const MAX_COUNTER = 0xffff

export function stampTime(stamp: Stamp): number {
  return Number(stamp.slice(0, 13))
}

/** What every stamp of this time (milliseconds) or later sorts at or after, and every earlier one before. */
export function stampsFrom(time: number): string {
  return String(Math.ceil(time)).padStart(13, '0')
}

function stampCounter(stamp: Stamp): number {
  return Number.parseInt(stamp.slice(14, 18), 16)
}

export function stampNode(stamp: Stamp): string {
  return stamp.slice(19)
}

/** The part of a station's id that its stamps carry: the last 8 hex digits, random in a UUIDv7. */
export function nodeOfStation(stationId: StationId): string {
  return stationId.slice(-8)
}

export function formatStamp(time: number, counter: number, node: string): Stamp {
  const text = `${String(Math.floor(time)).padStart(13, '0')}-${counter.toString(16).padStart(4, '0')}-${node}`
  return Stamp.parse(text)
}

/**
 * The next stamp of a station: later than every stamp it gave or saw, whatever its clock says.
 *
 * @param last the latest stamp given or seen, or null on a new station
 * @param now milliseconds since the Unix epoch by the local clock; may have been set back
 */
export function nextStamp(last: Stamp | null, now: number, node: string): Stamp {
  if (last === null || Math.floor(now) > stampTime(last)) return formatStamp(now, 0, node)
  const counter = stampCounter(last) + 1
  return counter > MAX_COUNTER
    ? formatStamp(stampTime(last) + 1, 0, node)
    : formatStamp(stampTime(last), counter, node)
}

/**
 * Clamps the stamps of a station whose clock runs ahead to `now + MAX_AHEAD_MS`, keeping their
 * order among themselves and after `floor`, the last stamp it was clamped to.
 *
 * @returns original -> clamped, only for stamps that had to be changed
 */
export function clampStamps(
  stamps: readonly Stamp[],
  now: number,
  floor: Stamp | null,
): Map<Stamp, Stamp> {
  const limit = now + MAX_AHEAD_MS
  const ahead = [...new Set(stamps)].filter((stamp) => stampTime(stamp) > limit).toSorted()
  const clamped = new Map<Stamp, Stamp>()
  let last = floor
  for (const stamp of ahead) {
    last = nextStamp(last, limit, stampNode(stamp))
    clamped.set(stamp, last)
  }
  return clamped
}

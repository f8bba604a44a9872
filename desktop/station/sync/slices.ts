import { setImmediate } from 'node:timers/promises'
import type { StationClock } from '../replica/station-clock.ts'

/**
 * A slice is one transaction, and whoever checks a patient in waits for it: about so many milliseconds.
 * How many documents that is, the machine says: with each page of the file that more of them share, a
 * first sync writes less.
 */
const SLICE_MS = 40
const SLICE = { first: 500, least: 100, most: 2_000 }

/** Applies a page piece by piece; the desk's commands come between. */
export type ApplySlices = <T>(
  items: readonly T[],
  apply: (slice: readonly T[], isFirst: boolean, isLast: boolean) => void,
) => Promise<void>

/** An empty page is one slice too. */
export function openSlices(clock: Pick<StationClock, 'monotonic'>): ApplySlices {
  let size = SLICE.first
  return async (items, apply) => {
    for (let from = 0, isLast = false; !isLast;) {
      const slice = items.slice(from, from + size)
      const isFirst = from === 0
      from += size
      isLast = from >= items.length
      const start = clock.monotonic()
      apply(slice, isFirst, isLast)
      if (isLast) return
      size = nextSize(size, clock.monotonic() - start)
      // What the desk asked for meanwhile goes first.
      await setImmediate()
    }
  }
}

function nextSize(size: number, ms: number): number {
  return Math.round(Math.min(Math.max((size * SLICE_MS) / ms, SLICE.least), SLICE.most))
}

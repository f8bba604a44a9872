/** A range that a waiting patient is told, minutes from now: never one number, which would be a promise. */
export interface WaitRange {
  from: number
  to: number
}

/** Minutes a patient takes, where the day has not shown it yet. */
const USUAL = { quick: 5, slow: 12 }
/** Fewer say nothing of the next. */
const ENOUGH = 3
const STEP = 5

/**
 * When the turn of somebody comes, at the doctor's pace of this day: as quick as the quickest quarter
 * of patients was, to as slow as the slowest, and whoever is inside may have just gone in.
 *
 * @param before how many wait in front
 * @param paces minutes from one patient's going in to the next one's, of this doctor's latest
 */
export function waitRange(before: number, paces: readonly number[]): WaitRange {
  const sorted = paces.toSorted((a, b) => a - b)
  const at = (part: number): number => sorted[Math.round((sorted.length - 1) * part)] ?? 0
  const isKnown = sorted.length >= ENOUGH
  const quick = isKnown ? at(0.25) : USUAL.quick
  const slow = isKnown ? at(0.75) : USUAL.slow
  const from = Math.floor((before * quick) / STEP) * STEP
  const to = Math.ceil(((before + 1) * slow) / STEP) * STEP
  return { from, to: Math.max(to, from + 2 * STEP) }
}

import { hasSameItems } from './live-documents.ts'

/**
 * A function that is asked time after time, mostly of the same: it answers as the last time, by the same
 * object, while what it depends on is the same.
 *
 * @param keys all that it depends on, as values or as objects that do not change
 */
export function kept<A extends readonly unknown[], R>(
  compute: (...of: A) => R,
  keys: (...of: A) => readonly unknown[],
): (...of: A) => R {
  let last: { keys: readonly unknown[]; answer: R } | null = null
  return (...of) => {
    const now = keys(...of)
    if (last === null || !hasSameItems(last.keys, now)) {
      last = { keys: now, answer: compute(...of) }
    }
    return last.answer
  }
}

const FIRST_MS = 500
const LONGEST_MS = 30_000

/**
 * How long to wait before the next attempt, with full jitter: a clinic's stations, and all clinics
 * after a fault of the server, must not come back in step (AWS Architecture Blog, "Exponential
 * Backoff and Jitter", 2015).
 *
 * @param failures attempts that failed in a row, from 1
 * @param random 0 to 1
 * @returns milliseconds
 */
export function backoffDelay(failures: number, random: number): number {
  return random * Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 10))
}

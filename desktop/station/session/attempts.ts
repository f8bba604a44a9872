import { AppError } from '#shared/errors.ts'
import type { KnownPerson } from './people.ts'

/** Wrong passwords that cost nothing but themselves. */
const FREE = 5
const FIRST_WAIT_MS = 30_000
const LONGEST_WAIT_MS = 15 * 60_000
/** Wrong PINs before the password is asked for: 4 digits give in to patience. */
export const PIN_ATTEMPTS = 5

type Attempts = Pick<KnownPerson, 'failed' | 'lockedUntil' | 'pinFailed'>

export const NO_ATTEMPTS: Attempts = { failed: 0, lockedUntil: 0, pinFailed: 0 }

function waitAfter(failed: number): number {
  return failed < FREE ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (failed - FREE), LONGEST_WAIT_MS)
}

/**
 * @param now milliseconds; a clock set back lengthens no wait beyond what it was
 * @throws AppError TOO_MANY_ATTEMPTS
 */
export function refuseWhileLocked({ failed, lockedUntil }: Attempts, now: number): void {
  const left = Math.min(lockedUntil - now, waitAfter(failed))
  if (left > 0) {
    throw new AppError('TOO_MANY_ATTEMPTS', { retryAfterSeconds: Math.ceil(left / 1000) })
  }
}

export function afterWrongPassword(before: Attempts, now: number): Attempts {
  const failed = before.failed + 1
  return { ...before, failed, lockedUntil: now + waitAfter(failed) }
}

export function afterWrongPin(before: Attempts): Attempts {
  return { ...before, pinFailed: before.pinFailed + 1 }
}

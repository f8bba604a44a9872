import { AppError } from '#shared/errors.ts'
import type { UserId } from '#shared/ids.ts'
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

/** Both in milliseconds: the station's time, and a clock that nobody can set. */
export interface AttemptClock {
  now(): number
  monotonic(): number
}

/**
 * How long whoever guessed wrong must still wait. The file keeps the end of a wait by the station's
 * time; while the station runs, the wait goes by the monotonic clock from when it was first seen, so
 * that a clock pushed forward skips none of it and one set back lengthens none.
 */
export function openWaits(
  clock: AttemptClock,
  known: readonly KnownPerson[],
): (person: KnownPerson) => number {
  const seen = new Map<UserId, { lockedUntil: number; endsAt: number }>()
  const left = ({ userId, failed, lockedUntil }: KnownPerson): number => {
    let wait = seen.get(userId)
    if (wait?.lockedUntil !== lockedUntil) {
      const ms = Math.min(lockedUntil - clock.now(), waitAfter(failed))
      wait = { lockedUntil, endsAt: clock.monotonic() + ms }
      seen.set(userId, wait)
    }
    return wait.endsAt - clock.monotonic()
  }
  for (const person of known) left(person)
  return left
}

/**
 * @param left milliseconds
 * @throws AppError TOO_MANY_ATTEMPTS
 */
export function refuseWhileLocked(left: number): void {
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

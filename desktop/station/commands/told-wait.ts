import type { UserId } from '#shared/ids.ts'
import { stampTime } from '#shared/stamp.ts'
import type { Visit } from '#shared/visit.ts'
import { foldVisit } from '#shared/visit-fold.ts'
import { waitRange } from '#shared/wait-range.ts'

const MINUTE = 60_000
/** Of the clock: 19:14 would sound like a promise. */
const STEP = 5 * MINUTE
/** Longer between two patients was a break, and says nothing of the next. */
const BREAK_MINUTES = 45
/** The pace of an hour or two ago is that of another part of the session. */
const LATEST = 12

/** Instants, UTC ISO 8601. */
export interface ToldWait {
  from: string
  to: string
}

/**
 * Between when and when the turn of somebody comes, as they are told.
 *
 * @param today the visits of the queue day
 * @param now milliseconds since the Unix epoch
 */
export function toldWait(
  today: readonly Visit[],
  { doctorId, before }: { doctorId: UserId; before: number },
  now: number,
): ToldWait {
  const { from, to } = waitRange(before, pacesOf(today, doctorId))
  return {
    from: new Date(Math.floor((now + from * MINUTE) / STEP) * STEP).toISOString(),
    to: new Date(Math.ceil((now + to * MINUTE) / STEP) * STEP).toISOString(),
  }
}

function pacesOf(today: readonly Visit[], doctorId: UserId): number[] {
  const entered = today
    .filter((visit) => visit.doctorId === doctorId)
    .flatMap(({ transitions }) =>
      foldVisit(transitions).applied.flatMap(({ status, at }) =>
        status === 'WITH_DOCTOR' ? [stampTime(at)] : [],
      ),
    )
    .toSorted((a, b) => a - b)
  return entered
    .map((time, index) => (time - (entered[index - 1] ?? time)) / 60_000)
    .slice(1)
    .filter((minutes) => minutes <= BREAK_MINUTES)
    .slice(-LATEST)
}

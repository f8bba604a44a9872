import type { Settings } from './clinic.ts'
import type { CollectionName, Documents } from './collections.ts'
import type { Entry } from './entry.ts'
import type { ErrorCode, ErrorDetails } from './errors.ts'
import type { CalendarDate } from './fields.ts'
import type { VisitId } from './ids.ts'
import type { Invoice } from './invoice.ts'
import { addDays, queueDayOf } from './queue-day.ts'
import { type Action, can, type Role, type StatusKey, type VisitStatus } from './roles.ts'
import { type Stamp, stampTime } from './stamp.ts'

/** The author's membership, in the history the station had seen. */
export interface Author {
  roles: readonly Role[]
  /** Whether the station already knew that they were no longer a member. */
  knownInactive: boolean
  /** When they were deactivated, if the station did not know (milliseconds), or null. */
  inactiveSince: number | null
}

/** Collections whose rules name a set of steps. */
export type SteppedCollection = 'visits' | 'appointments'

/**
 * What the judge may ask. "As seen" means: from the transitions with a feed number up to `seen`,
 * and the station's own. On the station everything it holds is seen.
 */
export interface JudgeContext {
  settings: Settings
  /** Null: never a member of this clinic. */
  author: Author | null
  clinicClosed: { known: boolean; since: number } | null
  /** Whether new work was allowed at an instant (milliseconds), by the subscription of that time. */
  mayBeginWork: (at: number) => boolean
  find: <C extends CollectionName>(collection: C, id: string) => Documents[C] | null
  /** As seen, of what is judged by its steps. */
  findSeen: <C extends SteppedCollection>(collection: C, id: string) => Documents[C] | null
  /** Payments, refunds and all else that was appended to a visit. */
  entriesOf: (visitId: VisitId) => readonly Entry[]
  /** As seen. */
  invoicesOf: (visitId: VisitId) => readonly Invoice[]
  /** As seen. */
  statusesOfPatient: (patientId: string, queueDay: CalendarDate) => readonly VisitStatus[]
}

export interface Refused {
  code: ErrorCode
  details: ErrorDetails
}

export function refuse(code: ErrorCode, details: ErrorDetails = {}): Refused {
  return { code, details }
}

export function invalid(...issues: string[]): Refused {
  return refuse('INVALID', { issues })
}

export function firstOf<T>(
  items: readonly T[],
  check: (item: T) => Refused | null,
): Refused | null {
  for (const item of items) {
    const refused = check(item)
    if (refused !== null) return refused
  }
  return null
}

export function refuseAction(
  action: Action,
  status: StatusKey,
  context: JudgeContext,
): Refused | null {
  const roles = context.author?.roles ?? []
  return can(roles, status, action, context.settings.narrowing)
    ? null
    : refuse('FORBIDDEN', { action, status })
}

/** A day of leeway: the station may not yet have seen a change of the cut-over hour. */
export function isAboutToday(day: CalendarDate, at: Stamp, { settings }: JudgeContext): boolean {
  const today = queueDayOf(stampTime(at), settings)
  return [addDays(today, -1), today, addDays(today, 1)].includes(day)
}

import { z } from 'zod'
import { CalendarDate, Mark, merged, Superseded } from './fields.ts'
import { CallId, ClinicId, PatientId, StationId, TransitionId, UserId, VisitId } from './ids.ts'
import { Money } from './money.ts'
import { VisitStatus } from './roles.ts'
import { Stamp } from './stamp.ts'
import { Ticket } from './ticket.ts'

export const VisitType = z.enum(['EXAMINATION', 'FOLLOW_UP', 'PROCEDURE'])
export type VisitType = z.infer<typeof VisitType>

export const Priority = z.enum(['NORMAL', 'URGENT', 'COURTESY'])
export type Priority = z.infer<typeof Priority>

/** One step of a visit. `undoes` retracts an earlier step; `status` is then what that step had set. */
export const Transition = z.strictObject({
  id: TransitionId,
  status: VisitStatus,
  at: Stamp,
  by: UserId,
  stationId: StationId,
  undoes: TransitionId.nullable(),
  /** Why, where the rules ask for a reason: a cancellation, a merge. */
  reason: z.string().max(200).nullable(),
})
export type Transition = z.infer<typeof Transition>

/** A call is a fact of its own: the patient stays WAITING until they enter. */
export const Call = z.strictObject({
  id: CallId,
  at: Stamp,
  by: UserId,
  stationId: StationId,
  room: z.string().max(40),
})
export type Call = z.infer<typeof Call>

/** The fields of a visit that people change after check-in; each merges by itself. */
export const VisitField = z.enum([
  'doctorId',
  'type',
  'priority',
  'boosted',
  'orderKey',
  'orderReason',
  'mergedInto',
])
export type VisitField = z.infer<typeof VisitField>

export const Visit = z.strictObject({
  id: VisitId,
  clinicId: ClinicId,
  patientId: PatientId,
  /** The doctor whose line the visit stands in. */
  doctorId: UserId,
  queueDay: CalendarDate,
  ticket: Ticket,
  type: VisitType,
  priority: Priority,
  /** False once skipped past others or recalled: the priority then no longer lifts. */
  boosted: z.boolean(),
  /** Sorts within a priority: starts as the check-in stamp. */
  orderKey: z.string().max(120),
  /** Why the order was changed last, or null. */
  orderReason: z.string().max(200).nullable(),
  /** The visit that a duplicate was merged into by a person; its payments count there. */
  mergedInto: VisitId.nullable(),
  fee: Money,
  /** What the fold of `transitions` gives; kept for the index. */
  status: VisitStatus,
  transitions: z.array(Transition).min(1).max(200),
  calls: z.array(Call).max(200),
  ...merged,
  marks: z.partialRecord(VisitField, Mark),
  superseded: z.array(Superseded).max(200),
  /** Ids of overruled transitions, superseded values or duplicate visits a person has dealt with. */
  settled: merged.settled,
})
export type Visit = z.infer<typeof Visit>

/** The reason of a cancellation by a merge: a code, which a window translates. */
export const MERGED_REASON = 'MERGED'

/**
 * The visit that this one is merged into, while it is. Someone who had not seen the merge may have
 * taken the patient into care: then the visit stands by itself, whatever `mergedInto` says.
 */
export function standingMerge({
  status,
  mergedInto,
}: Pick<Visit, 'status' | 'mergedInto'>): VisitId | null {
  return status === 'CANCELED' ? mergedInto : null
}

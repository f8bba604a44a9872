import { z } from 'zod'
import { PatientId, StationId, UserId, VisitId } from '#shared/ids.ts'
import { Money } from '#shared/money.ts'
import { Action, VisitStatus } from '#shared/roles.ts'
import { Priority, VisitType } from '#shared/visit.ts'
import { Instant } from './instant.ts'

export const PaidState = z.enum(['PAID', 'PART', 'UNPAID', 'FREE'])

export const VisitRow = z.object({
  visitId: VisitId,
  patientId: PatientId,
  /** As shown: `A-12`, or `12` while one station issues tickets. In Latin digits; the window localises. */
  ticket: z.string(),
  name: z.string(),
  birthDate: z.string().nullable(),
  doctorId: UserId,
  type: VisitType,
  priority: Priority,
  boosted: z.boolean(),
  status: VisitStatus,
  /** Check-in, or the return to the line. */
  waitingSince: Instant,
  /** When the present status was reached. */
  since: Instant,
  calledAt: Instant.nullable(),
  calledRoom: z.string().nullable(),
  orderReason: z.string().nullable(),
  /** Null: this person does not see money. */
  paid: PaidState.nullable(),
  balance: Money.nullable(),
  /** Written here and not yet confirmed by the server. */
  unsynced: z.boolean(),
  held: z.boolean(),
  /** Has something in the inbox: a conflict, a duplicate. */
  flagged: z.boolean(),
  /** What the person signed in may do now. */
  actions: z.array(Action),
  /** The last step can be undone by this person now, until this instant. */
  undoUntil: Instant.nullable(),
})
export type VisitRow = z.infer<typeof VisitRow>

export const LineView = z.object({
  doctorId: UserId,
  doctorName: z.string(),
  room: z.string(),
  specialty: z.string(),
  withDoctor: z.array(VisitRow),
  withAssistant: z.array(VisitRow),
  /** In queue order; the first is next. */
  waiting: z.array(VisitRow),
  /** Done today, latest first. */
  done: z.array(VisitRow),
  /** Cancelled or no-show today. */
  aside: z.array(VisitRow),
})
export type LineView = z.infer<typeof LineView>

export const UnheardStation = z.object({
  stationId: StationId,
  name: z.string(),
  /** Null: never. */
  since: Instant.nullable(),
})

export const BoardView = z.object({
  queueDay: z.string(),
  /** Visits of earlier queue days that nobody has closed: settled by a person. The latest 100. */
  leftOpen: z.array(VisitRow),
  /** Of all. */
  leftOpenCount: z.number(),
  lines: z.array(LineView),
  /** Stations whose later work this board may lack. */
  notHeardFrom: z.array(UnheardStation),
})
export type BoardView = z.infer<typeof BoardView>

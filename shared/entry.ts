import { z } from 'zod'
import { CalendarDate } from './fields.ts'
import { ClinicId, EntryId, PatientId, StationId, UserId, VisitId } from './ids.ts'
import { Money } from './money.ts'
import { Stamp } from './stamp.ts'
import { Ticket } from './ticket.ts'

/** A receipt's number: the station's letter and its durable receipt counter, never reset. */
export const Receipt = z.strictObject({
  letter: Ticket.shape.letter,
  number: z.int().min(1).max(99_999_999),
})
export type Receipt = z.infer<typeof Receipt>

/** Only CASH enters the drawer. */
export const PaymentMethod = z.enum(['CASH', 'CARD', 'INSTAPAY', 'WALLET', 'INSURER', 'CREDIT'])
export type PaymentMethod = z.infer<typeof PaymentMethod>

export const Payment = z.strictObject({
  kind: z.literal('PAYMENT'),
  amount: Money,
  method: PaymentMethod,
  receipt: Receipt,
})
export type Payment = z.infer<typeof Payment>

export const Refund = z.strictObject({
  kind: z.literal('REFUND'),
  paymentId: EntryId,
  amount: Money,
  method: PaymentMethod,
  reason: z.string().min(1).max(200),
})
export type Refund = z.infer<typeof Refund>

/** Append-only facts of a visit: written once, never changed. More kinds come later. */
export const Entry = z.strictObject({
  id: EntryId,
  clinicId: ClinicId,
  visitId: VisitId,
  patientId: PatientId,
  queueDay: CalendarDate,
  at: Stamp,
  by: UserId,
  stationId: StationId,
  body: z.discriminatedUnion('kind', [Payment, Refund]),
})
export type Entry = z.infer<typeof Entry>

import { z } from 'zod'
import { Authored, CalendarDate } from './fields.ts'
import { ClinicId, InvoiceId, PatientId, UserId, VisitId } from './ids.ts'
import { Money } from './money.ts'
import { Ticket } from './ticket.ts'

/** An invoice's number: the station's letter and its durable invoice counter, never reset. */
export const InvoiceNumber = z.strictObject({
  letter: Ticket.shape.letter,
  number: z.int().min(1).max(99_999_999),
})
export type InvoiceNumber = z.infer<typeof InvoiceNumber>

export const InvoiceLine = z.strictObject({
  text: z.string().trim().min(1).max(200),
  quantity: z.int().min(1).max(10_000),
  /** Of the whole line. */
  amount: Money,
})
export type InvoiceLine = z.infer<typeof InvoiceLine>

/** Issued once, never changed: it is voided by an entry, and another issued. */
export const Invoice = z.strictObject({
  id: InvoiceId,
  clinicId: ClinicId,
  visitId: VisitId,
  patientId: PatientId,
  /** Whose visit it was. */
  doctorId: UserId,
  queueDay: CalendarDate,
  number: InvoiceNumber,
  lines: z.array(InvoiceLine).min(1).max(50),
  /** The sum of the lines. */
  total: Money,
  created: Authored,
})
export type Invoice = z.infer<typeof Invoice>

import { z } from 'zod'
import { Authored, CalendarDate } from './fields.ts'
import { ClinicId, EntryId, InvoiceId, PatientId, PrescriptionId, VisitId } from './ids.ts'
import { Money } from './money.ts'
import { AddendumRelation } from './prescription.ts'
import { StockMovement } from './stock.ts'
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

/** What a doctor asks less than the fee: the visit then owes so much less. */
export const Waiver = z.strictObject({
  kind: z.literal('WAIVER'),
  amount: Money,
  reason: z.string().trim().min(1).max(200),
})
export type Waiver = z.infer<typeof Waiver>

export const InvoiceVoid = z.strictObject({
  kind: z.literal('INVOICE_VOID'),
  invoiceId: InvoiceId,
  reason: z.string().trim().min(1).max(200),
})
export type InvoiceVoid = z.infer<typeof InvoiceVoid>

/** Said later about a finalized prescription, or (null) about the visit's notes. */
export const Addendum = z.strictObject({
  kind: z.literal('ADDENDUM'),
  relation: AddendumRelation,
  prescriptionId: PrescriptionId.nullable(),
  /** REPLACED_BY: the final prescription that holds instead; else null. */
  replacementId: PrescriptionId.nullable(),
  text: z.string().trim().min(1).max(5_000),
})
export type Addendum = z.infer<typeof Addendum>

/** The drawer's cash counted, when a shift begins (null) or ends (the entry that began it). */
export const DrawerShift = z.strictObject({
  kind: z.literal('DRAWER_SHIFT'),
  closes: EntryId.nullable(),
  counted: Money,
  note: z.string().trim().max(200).nullable(),
})
export type DrawerShift = z.infer<typeof DrawerShift>

/** What a patient allows; the latest word on each scope stands. */
export const Consent = z.strictObject({
  kind: z.literal('CONSENT'),
  scope: z.enum(['SHARED_HISTORY']),
  given: z.boolean(),
})
export type Consent = z.infer<typeof Consent>

/** That a doctor opened the record of another doctor's visit. */
export const RecordOpened = z.strictObject({ kind: z.literal('RECORD_OPENED') })
export type RecordOpened = z.infer<typeof RecordOpened>

export const EntryBody = z.discriminatedUnion('kind', [
  Payment,
  Refund,
  Waiver,
  InvoiceVoid,
  Addendum,
  StockMovement,
  DrawerShift,
  Consent,
  RecordOpened,
])
export type EntryBody = z.infer<typeof EntryBody>
export type EntryKind = EntryBody['kind']

/** Append-only facts of a visit, a patient or the clinic: written once, never changed. */
export const Entry = z.strictObject({
  id: EntryId,
  clinicId: ClinicId,
  /** Null: of no visit. */
  visitId: VisitId.nullable(),
  /** Null: of no patient. */
  patientId: PatientId.nullable(),
  queueDay: CalendarDate,
  ...Authored.shape,
  body: EntryBody,
})
export type Entry = z.infer<typeof Entry>
export type EntryOf<K extends EntryKind> = Entry & { body: Extract<EntryBody, { kind: K }> }

export function isEntryOf<K extends EntryKind>(
  entry: Entry,
  ...kinds: readonly K[]
): entry is EntryOf<K> {
  const any: readonly EntryKind[] = kinds
  return any.includes(entry.body.kind)
}

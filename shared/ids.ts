import { z } from 'zod'

/** RFC 9562, in lower case only: PostgreSQL and JavaScript must agree on which ids are equal. */
const uuid = z
  .string()
  .max(36)
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)

export const ClinicId = uuid.brand<'ClinicId'>()
export type ClinicId = z.infer<typeof ClinicId>
export const UserId = uuid.brand<'UserId'>()
export type UserId = z.infer<typeof UserId>
export const StationId = uuid.brand<'StationId'>()
export type StationId = z.infer<typeof StationId>
export const PatientId = uuid.brand<'PatientId'>()
export type PatientId = z.infer<typeof PatientId>
export const VisitId = uuid.brand<'VisitId'>()
export type VisitId = z.infer<typeof VisitId>
export const TransitionId = uuid.brand<'TransitionId'>()
export type TransitionId = z.infer<typeof TransitionId>
export const CallId = uuid.brand<'CallId'>()
export type CallId = z.infer<typeof CallId>
export const EntryId = uuid.brand<'EntryId'>()
export type EntryId = z.infer<typeof EntryId>
export const AppointmentId = uuid.brand<'AppointmentId'>()
export type AppointmentId = z.infer<typeof AppointmentId>
export const PrescriptionId = uuid.brand<'PrescriptionId'>()
export type PrescriptionId = z.infer<typeof PrescriptionId>
export const InvoiceId = uuid.brand<'InvoiceId'>()
export type InvoiceId = z.infer<typeof InvoiceId>
export const LabResultId = uuid.brand<'LabResultId'>()
export type LabResultId = z.infer<typeof LabResultId>
export const StockItemId = uuid.brand<'StockItemId'>()
export type StockItemId = z.infer<typeof StockItemId>
/** Of a fact inside a document that is neither a step nor a call: a reading, an allergy, a result. */
export const FactId = uuid.brand<'FactId'>()
export type FactId = z.infer<typeof FactId>
export const CommandId = uuid.brand<'CommandId'>()
export type CommandId = z.infer<typeof CommandId>

/** When a UUIDv7 was made, milliseconds since the Unix epoch, by the clock of who made it. */
export function uuidTime(id: string): number {
  return Number.parseInt(id.replace('-', '').slice(0, 12), 16)
}

/**
 * A UUID version 7 (RFC 9562, section 5.7) from a time and 10 random bytes.
 *
 * @param now milliseconds since the Unix epoch; the id sorts by it
 * @param random 10 random bytes; the version and variant bits are set over them
 */
export function makeUuidv7(now: number, random: Uint8Array): string {
  const time = Math.floor(now).toString(16).padStart(12, '0')
  const hex = Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const variant = (0x8 | (Number.parseInt(hex.charAt(3), 16) & 0x3)).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(7, 19)}`
}

import { z } from 'zod'
import { Authored, CalendarDate, Mark, merged, SupersededText } from './fields.ts'
import { ClinicId, FactId, PatientId, PrescriptionId, UserId, VisitId } from './ids.ts'

const words = (max: number): z.ZodNullable<z.ZodString> => z.string().trim().max(max).nullable()

export const PrescriptionLine = z.strictObject({
  drug: z.string().trim().min(1).max(200),
  dose: words(100),
  form: words(60),
  route: words(60),
  frequency: words(100),
  duration: words(100),
  instructions: words(500),
})
export type PrescriptionLine = z.infer<typeof PrescriptionLine>

export const PrescriptionField = z.enum(['lines', 'note'])
export type PrescriptionField = z.infer<typeof PrescriptionField>

export const PrescriptionDraft = z.strictObject({
  lines: z.array(PrescriptionLine).max(40),
  note: words(1_000),
})
export type PrescriptionDraft = z.infer<typeof PrescriptionDraft>

/** That a draft was finalized, and as which prescription. */
export const Finalization = z.strictObject({
  id: FactId,
  ...Authored.shape,
  prescriptionId: PrescriptionId,
})
export type Finalization = z.infer<typeof Finalization>

/**
 * A DRAFT merges like any record. Finalizing it makes another document, FINAL, written once: what was
 * printed and handed over is what stands, whatever someone who had not seen it writes into the draft.
 */
export const Prescription = z.strictObject({
  id: PrescriptionId,
  clinicId: ClinicId,
  visitId: VisitId,
  patientId: PatientId,
  /** Who prescribes. */
  doctorId: UserId,
  queueDay: CalendarDate,
  status: z.enum(['DRAFT', 'FINAL']),
  /** FINAL: the draft it was made of, or null. */
  draftId: PrescriptionId.nullable(),
  ...PrescriptionDraft.shape,
  /** DRAFT: what it became; more than one if two stations finalized it without meeting. */
  finals: z.array(Finalization).max(200),
  ...merged,
  marks: z.partialRecord(PrescriptionField, Mark),
  superseded: z.array(SupersededText).max(200),
})
export type Prescription = z.infer<typeof Prescription>

/** CANCELS: it shows struck through everywhere and prints VOID. */
export const AddendumRelation = z.enum(['NOTE', 'CORRECTS', 'CANCELS', 'REPLACED_BY'])
export type AddendumRelation = z.infer<typeof AddendumRelation>

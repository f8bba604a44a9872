import { z } from 'zod'
import { Authored, CalendarDate, Mark, merged, SupersededText } from './fields.ts'
import { ClinicId, FactId, PatientId, VisitId } from './ids.ts'

export const Diagnosis = z.strictObject({
  /** ICD-10, if the doctor coded it. */
  code: z.string().max(12).nullable(),
  text: z.string().trim().min(1).max(300),
})
export type Diagnosis = z.infer<typeof Diagnosis>

/** What was measured; null: not taken. */
export const VitalSigns = z.strictObject({
  /** Degrees Celsius. */
  temperature: z.number().min(25).max(45).nullable(),
  /** Beats a minute. */
  pulse: z.int().min(0).max(350).nullable(),
  /** Breaths a minute. */
  respiration: z.int().min(0).max(150).nullable(),
  /** mmHg. */
  systolic: z.int().min(0).max(350).nullable(),
  /** mmHg. */
  diastolic: z.int().min(0).max(250).nullable(),
  /** Per cent. */
  oxygen: z.int().min(0).max(100).nullable(),
  /** mg/dL. */
  glucose: z.int().min(0).max(2_000).nullable(),
  /** Kilograms. */
  weight: z.number().min(0).max(500).nullable(),
  /** Centimetres. */
  height: z.number().min(0).max(280).nullable(),
  note: z.string().trim().max(300).nullable(),
})
export type VitalSigns = z.infer<typeof VitalSigns>

/** One reading, a fact: a second one is another, and a wrong one is replaced by naming it. */
export const VitalsReading = z.strictObject({
  id: FactId,
  ...Authored.shape,
  signs: VitalSigns,
  replaces: FactId.nullable(),
})
export type VitalsReading = z.infer<typeof VitalsReading>

/** The fields that a doctor writes; each merges by itself. */
export const EncounterField = z.enum(['complaint', 'notes', 'diagnoses', 'plan', 'orders'])
export type EncounterField = z.infer<typeof EncounterField>

/** What a doctor enters about a visit. */
export const EncounterDraft = z.strictObject({
  complaint: z.string().trim().max(2_000).nullable(),
  notes: z.string().max(20_000).nullable(),
  diagnoses: z.array(Diagnosis).max(30),
  plan: z.string().max(10_000).nullable(),
  /** For the assistant to do: an ECG, an injection. Tests of a laboratory are results to come. */
  orders: z.array(z.string().trim().min(1).max(300)).max(30),
})
export type EncounterDraft = z.infer<typeof EncounterDraft>

/** A visit's clinical record, under the visit's own id, so that whoever begins it begins the same one. */
export const Encounter = z.strictObject({
  id: VisitId,
  clinicId: ClinicId,
  patientId: PatientId,
  queueDay: CalendarDate,
  ...EncounterDraft.shape,
  vitals: z.array(VitalsReading).max(200),
  ...merged,
  marks: z.partialRecord(EncounterField, Mark),
  superseded: z.array(SupersededText).max(200),
})
export type Encounter = z.infer<typeof Encounter>

/** An encounter before anybody has written into it. */
export const BLANK_ENCOUNTER = {
  complaint: null,
  notes: null,
  diagnoses: [],
  plan: null,
  orders: [],
  vitals: [],
} satisfies Partial<Encounter>

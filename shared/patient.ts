import { z } from 'zod'
import { Authored, Mark, merged, Superseded } from './fields.ts'
import { ClinicId, FactId, PatientId } from './ids.ts'

export const Sex = z.enum(['MALE', 'FEMALE'])
export type Sex = z.infer<typeof Sex>

/** As much of a birth date as is known: `YYYY`, `YYYY-MM` or `YYYY-MM-DD` (FHIR R4, `date`). */
export const BirthDate = z
  .string()
  .max(10)
  .regex(/^\d{4}(-\d{2}(-\d{2})?)?$/)
export type BirthDate = z.infer<typeof BirthDate>

/** The fields of a patient that people edit; each merges by itself. */
export const PatientField = z.enum([
  'name',
  'phones',
  'nationalId',
  'birthDate',
  'sex',
  'fileNumber',
  'address',
  'note',
])
export type PatientField = z.infer<typeof PatientField>

/** What a person enters about a patient. Phones are E.164 where understood, else the digits entered. */
export const PatientDraft = z.strictObject({
  name: z.string().trim().min(2).max(120),
  phones: z.array(z.string().min(3).max(20)).max(5),
  nationalId: z.string().max(20).nullable(),
  birthDate: BirthDate.nullable(),
  sex: Sex.nullable(),
  /** The number on the old paper file, as the clinic writes it. */
  fileNumber: z.string().max(30).nullable(),
  address: z.string().max(200).nullable(),
  /** A note of the desk, not a clinical one. */
  note: z.string().max(500).nullable(),
})
export type PatientDraft = z.infer<typeof PatientDraft>

/** One allergy that was told or seen. It is taken back by another that names it. */
export const Allergy = z.strictObject({
  id: FactId,
  ...Authored.shape,
  substance: z.string().trim().min(1).max(120),
  reaction: z.string().trim().max(200).nullable(),
  severity: z.enum(['MILD', 'SEVERE', 'UNKNOWN']),
  retracts: FactId.nullable(),
})
export type Allergy = z.infer<typeof Allergy>

/** A chronic condition; taken back likewise. */
export const Condition = z.strictObject({
  id: FactId,
  ...Authored.shape,
  name: z.string().trim().min(1).max(120),
  retracts: FactId.nullable(),
})
export type Condition = z.infer<typeof Condition>

/** The facts that stand: neither retractions nor what they name. */
export function standingFacts<T extends { id: FactId; retracts: FactId | null }>(
  facts: readonly T[],
): T[] {
  const retracted = new Set(facts.flatMap(({ retracts }) => retracts ?? []))
  return facts.filter(({ id, retracts }) => retracts === null && !retracted.has(id))
}

export const Patient = z.strictObject({
  id: PatientId,
  clinicId: ClinicId,
  ...PatientDraft.shape,
  /** Another patient with the same normalised name and phone, flagged at import or registration. */
  possibleDuplicateOf: PatientId.nullable(),
  /** Sets of facts: two people who had not met both say what they know. Not there in version 1. */
  allergies: z.array(Allergy).max(200).default([]),
  conditions: z.array(Condition).max(200).default([]),
  ...merged,
  marks: z.partialRecord(PatientField, Mark),
  superseded: z.array(Superseded).max(200),
})
export type Patient = z.infer<typeof Patient>

import { z } from 'zod'
import { Mark, Superseded } from './fields.ts'
import { ClinicId, PatientId, StationId, UserId } from './ids.ts'
import { Stamp } from './stamp.ts'

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

export const Patient = z.strictObject({
  id: PatientId,
  clinicId: ClinicId,
  ...PatientDraft.shape,
  /** Another patient with the same normalised name and phone, flagged at import or registration. */
  possibleDuplicateOf: PatientId.nullable(),
  created: z.strictObject({ at: Stamp, by: UserId, stationId: StationId }),
  marks: z.partialRecord(PatientField, Mark),
  superseded: z.array(Superseded).max(200),
  /** Ids of superseded values that a person has dealt with; grows only. */
  settled: z.array(z.string().max(64)).max(400),
})
export type Patient = z.infer<typeof Patient>

import { z } from 'zod'
import { CalendarDate, Mark, Superseded } from './fields.ts'
import { ClinicId, PatientId, StationId, UserId } from './ids.ts'
import { Stamp } from './stamp.ts'

export const Sex = z.enum(['MALE', 'FEMALE'])
export type Sex = z.infer<typeof Sex>

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
  birthDate: CalendarDate.nullable(),
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

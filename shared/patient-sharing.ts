import { z } from 'zod'
import { ClinicId, PatientId } from './ids.ts'
import { BirthDate } from './patient.ts'

/** Why two patients may be one. */
export const Likeness = z.enum(['NATIONAL_ID', 'NAME_AND_PHONE'])
export type Likeness = z.infer<typeof Likeness>

/** Enough of a patient of another clinic to tell them from their namesakes. */
const KnownThere = z.object({
  patientId: PatientId,
  name: z.string(),
  /** None and null also from a server that did not say. */
  phones: z.array(z.string()).default([]),
  birthDate: BirthDate.nullable().default(null),
})

/** Another clinic of the owner: who a patient is there, or who may be. */
export const SharingAt = z.object({
  clinicId: ClinicId,
  clinicName: z.string(),
  linked: z
    .object({
      ...KnownThere.shape,
      /** ISO 8601. */
      linkedAt: z.string(),
      /** Whether the patient agreed there that others are told; null: the server did not say. */
      agreed: z.boolean().nullable().default(null),
    })
    .nullable(),
  /** The surest first. None once they are linked. */
  suggestions: z.array(z.object({ ...KnownThere.shape, likeness: Likeness })),
})
export type SharingAt = z.infer<typeof SharingAt>
export type Suggestion = SharingAt['suggestions'][number]

/** Answer of `GET /v1/clinics/CLINIC/patients/PATIENT/sharing`. */
export const SharingResponse = z.object({ ok: z.literal(true), clinics: z.array(SharingAt) })

import { z } from 'zod'
import { CalendarDate } from './fields.ts'
import { Diagnosis } from './encounter.ts'
import { ClinicId, EntryId, PatientId, UserId } from './ids.ts'
import { PrescriptionLine } from './prescription.ts'
import { VisitType } from './visit.ts'

/**
 * A copy of what another clinic of the same owner knows of a patient, written by the server as the
 * receiving clinic's own row, with the patient's consent; its withdrawal makes it a tombstone
 * (ARCHITECTURE 20). Its id is `SOURCE_CLINIC:KIND:SOURCE_ID`.
 */
export const SharedRecord = z.strictObject({
  id: z.string().max(120),
  clinicId: ClinicId,
  /** The receiving clinic's patient. */
  patientId: PatientId,
  queueDay: CalendarDate,
  body: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('VISIT'),
      type: VisitType,
      diagnoses: z.array(Diagnosis).max(30),
    }),
    z.strictObject({
      kind: z.literal('PRESCRIPTION'),
      lines: z.array(PrescriptionLine).max(40),
      canceled: z.boolean(),
    }),
    z.strictObject({
      kind: z.literal('ALLERGY'),
      substance: z.string().max(120),
      reaction: z.string().max(200).nullable(),
    }),
    z.strictObject({ kind: z.literal('CONDITION'), name: z.string().max(120) }),
    z.strictObject({
      kind: z.literal('RESULT'),
      test: z.string().max(200),
      text: z.string().max(10_000),
    }),
  ]),
  source: z.strictObject({
    clinicId: ClinicId,
    clinicName: z.string().max(120),
    doctorName: z.string().max(120).nullable(),
    recordId: z.string().max(100),
  }),
  /** The owner of both clinics. */
  ownerId: UserId,
  /** The consent, in the source clinic's entries. */
  consentId: EntryId,
})
export type SharedRecord = z.infer<typeof SharedRecord>

import { z } from 'zod'
import { PaymentMethod } from '#shared/entry.ts'
import { EntryId, PatientId, VisitId } from '#shared/ids.ts'
import { Money } from '#shared/money.ts'
import { PatientDraft } from '#shared/patient.ts'
import { VisitStatus } from '#shared/roles.ts'
import { SharedRecord } from '#shared/shared-record.ts'
import { VisitType } from '#shared/visit.ts'
import { PaidState } from './board-view.ts'
import { Instant } from './instant.ts'

export const PatientVisit = z.object({
  visitId: VisitId,
  queueDay: z.string(),
  ticket: z.string(),
  doctorName: z.string(),
  type: VisitType,
  status: VisitStatus,
  arrivedAt: Instant,
  paid: PaidState.nullable(),
  payments: z.array(
    z.object({
      entryId: EntryId,
      kind: z.enum(['PAYMENT', 'REFUND']),
      amount: Money,
      method: PaymentMethod,
      at: Instant,
      byName: z.string(),
      receipt: z.string().nullable(),
    }),
  ),
})

/** `clinicName`: the clinic of the owner that knows of it; null: this one. */
export const PatientAllergy = z.object({
  substance: z.string(),
  reaction: z.string().nullable(),
  isSevere: z.boolean(),
  clinicName: z.string().nullable(),
})

/** What another clinic of the owner told, with the patient's consent. */
export const ToldRecord = z.object({
  recordId: z.string(),
  queueDay: z.string(),
  clinicName: z.string(),
  doctorName: z.string().nullable(),
  body: SharedRecord.shape.body,
})

export const PatientView = z.object({
  patientId: PatientId,
  draft: PatientDraft,
  registeredAt: Instant,
  possibleDuplicateOf: z.object({ patientId: PatientId, name: z.string() }).nullable(),
  unsynced: z.boolean(),
  mayEdit: z.boolean(),
  mayCheckIn: z.boolean(),
  visits: z.array(PatientVisit),
  /** Null: not theirs to see. */
  allergies: z.array(PatientAllergy).nullable(),
  /** Latest first; of allergies above. Empty too where it is not theirs to see. */
  told: z.array(ToldRecord),
  /** Whether the patient agreed that the owner's other clinics are told what this one knows. */
  sharing: z.object({
    agreed: z.boolean(),
    mayRecord: z.boolean(),
    /** An ADMIN, who may say who the patient is at those clinics. */
    mayLink: z.boolean(),
  }),
})
export type PatientView = z.infer<typeof PatientView>

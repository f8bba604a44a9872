import { z } from 'zod'
import { Encounter } from '#shared/encounter.ts'
import { Entry } from '#shared/entry.ts'
import { PrescriptionId } from '#shared/ids.ts'
import { LabResult } from '#shared/lab-result.ts'
import { Prescription } from '#shared/prescription.ts'

/**
 * The clinical record of a visit. Of each document the fields that this person may see are there, and
 * no document of which they may see nothing.
 */
export const RecordView = z.object({
  /** Whether the notes are theirs to read; else `openRecord` comes first. */
  isOpen: z.boolean(),
  encounter: Encounter.partial().nullable(),
  prescriptions: z.array(Prescription.partial()),
  /** Prescriptions that show struck through and print VOID. */
  canceled: z.array(PrescriptionId),
  addenda: z.array(Entry.partial()),
  results: z.array(LabResult.partial()),
})
export type RecordView = z.infer<typeof RecordView>

import { z } from 'zod'
import { ClinicDoc } from './clinic.ts'
import { Entry } from './entry.ts'
import { Patient } from './patient.ts'
import { Visit } from './visit.ts'

/** Every collection of a clinic's partition. At most 12 (RxDB's free limit is 13 per process). */
export const COLLECTIONS = {
  clinic: ClinicDoc,
  patients: Patient,
  visits: Visit,
  entries: Entry,
} as const

export const CollectionName = z.enum(['clinic', 'patients', 'visits', 'entries'])
export type CollectionName = z.infer<typeof CollectionName>

/** Collections that commands write; `clinic` is written by the server alone. */
export const WritableCollection = z.enum(['patients', 'visits', 'entries'])
export type WritableCollection = z.infer<typeof WritableCollection>

export interface Documents {
  clinic: ClinicDoc
  patients: Patient
  visits: Visit
  entries: Entry
}

import { z } from 'zod'
import { PatientId, VisitId } from '#shared/ids.ts'
import { Money } from '#shared/money.ts'
import { VisitStatus } from '#shared/roles.ts'

export const SearchHit = z.object({
  patientId: PatientId,
  name: z.string(),
  phones: z.array(z.string()),
  birthDate: z.string().nullable(),
  sex: z.enum(['MALE', 'FEMALE']).nullable(),
  fileNumber: z.string().nullable(),
  nationalId: z.string().nullable(),
  lastVisitDay: z.string().nullable(),
  openBalance: Money.nullable(),
  /** In a line today. */
  today: z.array(z.object({ visitId: VisitId, ticket: z.string(), status: VisitStatus })),
  possibleDuplicate: z.boolean(),
})
export type SearchHit = z.infer<typeof SearchHit>

export const SearchView = z.object({
  text: z.string(),
  hits: z.array(SearchHit),
  /** How many there are to search; so that an empty answer can say what it searched. */
  patients: z.number(),
  /** After an update of the app some are found as before it only, until all were prepared anew. */
  isPreparing: z.boolean(),
})
export type SearchView = z.infer<typeof SearchView>

import { z } from 'zod'
import { Authored, CalendarDate, merged, SupersededText } from './fields.ts'
import { ClinicId, FactId, LabResultId, PatientId, VisitId } from './ids.ts'

/** A file beside a result: by its digest alone; the bytes travel otherwise. */
export const Attachment = z.strictObject({
  name: z.string().trim().min(1).max(200),
  mime: z.string().max(100),
  bytes: z.int().min(1).max(100_000_000),
  /** SHA-256, hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
export type Attachment = z.infer<typeof Attachment>

export const FiledResult = z.strictObject({
  id: FactId,
  ...Authored.shape,
  text: z.string().trim().max(10_000),
  attachments: z.array(Attachment).max(20),
})
export type FiledResult = z.infer<typeof FiledResult>

/** That a doctor has looked at some of the results; a later one is to be looked at again. */
export const ResultReview = z.strictObject({
  id: FactId,
  ...Authored.shape,
  resultIds: z.array(FactId).min(1).max(200),
  note: z.string().trim().max(2_000).nullable(),
})
export type ResultReview = z.infer<typeof ResultReview>

/** A test that was ordered, or whose result a patient brought along: results and reviews only grow. */
export const LabResult = z.strictObject({
  id: LabResultId,
  clinicId: ClinicId,
  /** The visit it was ordered at; null: brought from elsewhere. */
  visitId: VisitId.nullable(),
  patientId: PatientId,
  queueDay: CalendarDate,
  test: z.string().trim().min(1).max(200),
  instructions: z.string().trim().max(1_000).nullable(),
  /** What results and reviews give; kept for the index. */
  status: z.enum(['ORDERED', 'FILED', 'REVIEWED']),
  results: z.array(FiledResult).max(200),
  reviews: z.array(ResultReview).max(200),
  ...merged,
  marks: z.strictObject({}),
  superseded: z.array(SupersededText).max(0),
})
export type LabResult = z.infer<typeof LabResult>

export function resultStatus({
  results,
  reviews,
}: Pick<LabResult, 'results' | 'reviews'>): LabResult['status'] {
  if (results.length === 0) return 'ORDERED'
  const reviewed = new Set(reviews.flatMap(({ resultIds }) => resultIds))
  return results.every(({ id }) => reviewed.has(id)) ? 'REVIEWED' : 'FILED'
}

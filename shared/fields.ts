import { z } from 'zod'
import { StationId, UserId } from './ids.ts'
import { Stamp } from './stamp.ts'

/** Who did something, when and at which station. */
export const Authored = z.strictObject({ at: Stamp, by: UserId, stationId: StationId })
export type Authored = z.infer<typeof Authored>

/** One member of a grow-only set inside a document: never changed, never taken out. */
export interface Fact extends Authored {
  id: string
}

/** When a field was last set, and by whom. A field without a mark carries the record's creation. */
export const Mark = z.strictObject({ at: Stamp, by: UserId })
export type Mark = z.infer<typeof Mark>

export const FieldValue = z.union([
  z.string().max(2_000),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.string().max(200)).max(20),
])
export type FieldValue = z.infer<typeof FieldValue>

const Cell = z.union([z.string().max(1_000), z.number(), z.boolean(), z.null()])
/** What a doctor writes into a field: a text, a list of texts, or a table such as a prescription's lines. */
export const ClinicalValue = z.union([
  z.string().max(20_000),
  z.null(),
  z.array(z.string().max(1_000)).max(60),
  z.array(z.record(z.string().max(32), Cell)).max(60),
])
export type ClinicalValue = z.infer<typeof ClinicalValue>

const supersededBy = {
  /** `field:stamp` of the value that lost: the same on every replica. */
  id: z.string().max(64),
  field: z.string().max(32),
  by: UserId,
  at: Stamp,
}

/**
 * A value that lost against a concurrent one. It stays with the record until a person settles it
 * (invariant I8: nothing a person entered is silently discarded).
 */
export const Superseded = z.strictObject({ ...supersededBy, value: FieldValue })
export type Superseded = z.infer<typeof Superseded>

/** The same of a clinical field: both texts are of the record, whoever has dealt with it. */
export const SupersededText = z.strictObject({ ...supersededBy, value: ClinicalValue })
export type SupersededText = z.infer<typeof SupersededText>

/** What every document has that people change field by field; `marks` are each collection's own. */
export const merged = {
  created: Authored,
  /** Ids of superseded values that a person has dealt with; grows only. */
  settled: z.array(z.string().max(64)).max(400),
}

export const DATE = /^\d{4}-\d{2}-\d{2}$/
/** A calendar date, `YYYY-MM-DD`. */
export const CalendarDate = z.string().max(10).regex(DATE)
export type CalendarDate = z.infer<typeof CalendarDate>

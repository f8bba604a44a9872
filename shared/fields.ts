import { z } from 'zod'
import { UserId } from './ids.ts'
import { Stamp } from './stamp.ts'

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

/**
 * A value that lost against a concurrent one. It stays with the record until a person settles it
 * (invariant I8: nothing a person entered is silently discarded).
 */
export const Superseded = z.strictObject({
  /** `field:stamp` of the value that lost: the same on every replica. */
  id: z.string().max(64),
  field: z.string().max(32),
  value: FieldValue,
  by: UserId,
  at: Stamp,
})
export type Superseded = z.infer<typeof Superseded>

export const DATE = /^\d{4}-\d{2}-\d{2}$/
/** A calendar date, `YYYY-MM-DD`. */
export const CalendarDate = z.string().max(10).regex(DATE)
export type CalendarDate = z.infer<typeof CalendarDate>

import { z } from 'zod'
import { Mark, merged, Superseded } from './fields.ts'
import { ClinicId, StockItemId } from './ids.ts'
import type { Stamp } from './stamp.ts'

export const StockItemField = z.enum(['name', 'unit', 'code', 'minimum', 'active'])
export type StockItemField = z.infer<typeof StockItemField>

export const StockItemDraft = z.strictObject({
  name: z.string().trim().min(1).max(120),
  /** What is counted: a box, an ampoule. */
  unit: z.string().trim().min(1).max(40),
  /** As printed on the package. */
  code: z.string().trim().max(60).nullable(),
  /** Below it the item is to be ordered; null: nobody asks. */
  minimum: z.int().min(0).max(1_000_000).nullable(),
  active: z.boolean(),
})
export type StockItemDraft = z.infer<typeof StockItemDraft>

/** What the clinic keeps. How much of it there is follows from its movements (`stockOf`). */
export const StockItem = z.strictObject({
  id: StockItemId,
  clinicId: ClinicId,
  ...StockItemDraft.shape,
  ...merged,
  marks: z.partialRecord(StockItemField, Mark),
  superseded: z.array(Superseded).max(200),
})
export type StockItem = z.infer<typeof StockItem>

/** COUNTED: `quantity` is what was found on the shelf. All others: what came, or (negative) went. */
export const StockMovement = z.strictObject({
  kind: z.literal('STOCK_MOVEMENT'),
  itemId: StockItemId,
  reason: z.enum(['RECEIVED', 'USED', 'SOLD', 'EXPIRED', 'RETURNED', 'COUNTED']),
  quantity: z.int().min(-1_000_000).max(1_000_000),
  note: z.string().trim().max(200).nullable(),
})
export type StockMovement = z.infer<typeof StockMovement>

/**
 * How much of an item there is: a fold of its movements by stamp, so that two stations that took from
 * the shelf without meeting both count. A count stands for all that was before it.
 */
export function stockOf(
  movements: readonly { id: string; at: Stamp; body: StockMovement }[],
): number {
  return movements
    .toSorted((a, b) => (a.at === b.at ? (a.id < b.id ? -1 : 1) : a.at < b.at ? -1 : 1))
    .reduce(
      (quantity, { body }) =>
        body.reason === 'COUNTED' ? body.quantity : quantity + body.quantity,
      0,
    )
}

import { z } from 'zod'
import { Checkpoint } from './protocol.ts'

/** How a station that has caught up proves that it holds what the server holds. */
export const ChecksumRequest = z.strictObject({ protocol: z.int(), checkpoint: Checkpoint })
export type ChecksumRequest = z.infer<typeof ChecksumRequest>

/**
 * The documents of one collection: how many, and the sum of the first 64 bits of the SHA-256 of each
 * (signed, decimal). A sum knows no order, so neither side has to sort.
 */
export const CollectionSum = z.object({
  collection: z.string(),
  count: z.number(),
  sum: z.string(),
})
export type CollectionSum = z.infer<typeof CollectionSum>

export const ChecksumResponse = z.object({
  ok: z.literal(true),
  /** The feed number that the sums are of. */
  head: z.number(),
  collections: z.array(CollectionSum),
})
export type ChecksumResponse = z.infer<typeof ChecksumResponse>

/**
 * A JSON value as PostgreSQL prints its `jsonb` (docs of PostgreSQL 18, 8.14): keys by their length in
 * UTF-8 and then byte by byte, a space behind each colon and comma. What is hashed, here and there.
 */
export function jsonbText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonbText).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const keys = Object.keys(value).toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1))
  const members = keys.map((key) => `${JSON.stringify(key)}: ${jsonbText(Reflect.get(value, key))}`)
  return `{${members.join(', ')}}`
}

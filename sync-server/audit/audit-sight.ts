import { z } from 'zod'
import type { CollectionName } from '#shared/collections.ts'
import type { Role } from '#shared/roles.ts'

/** What an ADMIN does not see of a collection, who sees it otherwise; the others are clinical as a whole. */
const CLINICAL_FIELDS: Partial<Record<CollectionName, readonly string[]>> = {
  clinic: [],
  patients: ['allergies', 'conditions'],
  visits: [],
  entries: [],
  appointments: [],
  invoices: [],
  inventory: [],
}
/** Of entries and of the clinic's own documents. */
const CLINICAL_KINDS = ['ADDENDUM', 'FAVOURITES']

const Side = z.record(z.string(), z.unknown())
const Content = z.object({ before: Side.nullable(), after: Side })
const Kind = z.object({ kind: z.string() })

/**
 * What the audit keeps of a document, as an ADMIN may see it (PRODUCT, "Who may see what"): clinical
 * only with DOCTOR. Null: erased, or not theirs to see.
 */
export function contentFor(
  roles: readonly Role[],
  collection: CollectionName,
  content: unknown,
): unknown {
  if (content === null || roles.includes('DOCTOR')) return content
  const hidden = CLINICAL_FIELDS[collection]
  if (hidden === undefined) return null
  const { before, after } = Content.parse(content)
  const isClinical = [before, after].some((side) => {
    const body = Kind.safeParse(side?.['body']).data
    return body !== undefined && CLINICAL_KINDS.includes(body.kind)
  })
  if (isClinical) return null
  const plain = (side: z.infer<typeof Side>) =>
    Object.fromEntries(Object.entries(side).filter(([field]) => !hidden.includes(field)))
  return { before: before === null ? null : plain(before), after: plain(after) }
}

import type { RxJsonSchema } from 'rxdb'
import { z } from 'zod'
import { type CollectionName, COLLECTIONS, type Documents } from '#shared/collections.ts'

/** What RxDB needs beyond the shape: which reads must be fast. */
const INDEXES: Record<CollectionName, (string | string[])[]> = {
  clinic: [],
  patients: [],
  visits: ['queueDay', ['patientId', 'queueDay'], 'status'],
  entries: ['queueDay', 'visitId', 'patientId'],
}

/**
 * RxDB's schemas, derived from the shared ones: their `maxLength` is zod's. Raise `version` and add a
 * migration when a shape changes in a way that stored documents do not fit.
 */
export function documentSchema<C extends CollectionName>(name: C): RxJsonSchema<Documents[C]> {
  const { type, properties = {}, required } = z.toJSONSchema(COLLECTIONS[name])
  const schema = {
    version: 0,
    primaryKey: 'id',
    type,
    properties: Object.fromEntries(
      Object.entries(properties).map(([field, part]) => [field, withMaxLength(part)]),
    ),
    required,
    indexes: INDEXES[name],
  }
  // zod's JSON Schema and RxDB's are two types of one thing; `document-schemas.test.ts` opens it in RxDB's strict mode.
  return schema as unknown as RxJsonSchema<Documents[C]>
}

type JsonSchema = z.core.JSONSchema._JSONSchema

/** RxDB asks it of every indexed string, and zod does not say it of an enum. */
function withMaxLength(part: JsonSchema): JsonSchema {
  if (typeof part === 'boolean' || part.type !== 'string' || part.enum === undefined) return part
  return { ...part, maxLength: Math.max(...part.enum.map((value) => String(value).length)) }
}

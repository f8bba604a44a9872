import type { RxJsonSchema } from 'rxdb'
import { z } from 'zod'
import { CollectionName, COLLECTIONS, type Documents } from '#shared/collections.ts'

/**
 * RxDB's schemas, derived from the shared ones: their `maxLength` is zod's. Raise `version` and add a
 * migration when a shape changes in a way that stored documents do not fit.
 */
function documentSchema<C extends CollectionName>(name: C): RxJsonSchema<Documents[C]> {
  const { type, properties = {}, required } = z.toJSONSchema(COLLECTIONS[name].schema)
  const { indexes } = COLLECTIONS[name]
  const indexed = new Set(indexes.flat())
  const schema = {
    version: 0,
    primaryKey: 'id',
    type,
    properties: Object.fromEntries(
      Object.entries(properties).map(([field, part]) => [
        field,
        indexed.has(field) ? asIndexed(part) : part,
      ]),
    ),
    required,
    indexes,
  }
  // Cast: zod's JSON Schema and RxDB's are two types of one thing; `document-schemas.test.ts` opens it in RxDB's strict mode.
  return schema as unknown as RxJsonSchema<Documents[C]>
}

/** As RxDB's `addCollections` takes them. */
export function collectionSchemas(): {
  [C in CollectionName]: { schema: RxJsonSchema<Documents[C]> }
} {
  const schemas = CollectionName.options.map((name) => [name, { schema: documentSchema(name) }])
  // Cast: each under its own name
  return Object.fromEntries(schemas) as ReturnType<typeof collectionSchemas>
}

type JsonSchema = z.core.JSONSchema._JSONSchema

/**
 * RxDB asks a maximum length of every indexed string, which zod does not say of an enum, and knows no
 * index over a field that may be null; the store's does (`storage/index-value.ts`).
 */
function asIndexed(part: JsonSchema): JsonSchema {
  if (typeof part === 'boolean') return part
  const text = part.anyOf?.find((each) => typeof each !== 'boolean' && each.type === 'string')
  if (text !== undefined) return text
  if (part.type !== 'string' || part.enum === undefined) return part
  return { ...part, maxLength: Math.max(...part.enum.map((value) => String(value).length)) }
}

import { expect, test } from 'vitest'
import { z } from 'zod'
import { CollectionName, COLLECTIONS } from './collections.ts'

/** RxDB opens at most 13 collections in a process, and one is kept free. */
test('a clinic has at most 12 collections', () => {
  expect(CollectionName.options.length).toBeLessThanOrEqual(12)
})

test.each(CollectionName.options)('the rules of %s name what its schema has', (collection) => {
  const { schema, merge, indexes } = COLLECTIONS[collection]
  const { type, properties = {}, required = [] } = z.toJSONSchema(schema)
  // RxDB takes no union at the top of a schema.
  expect(type).toBe('object')
  const named = indexes.flat()
  if (merge.kind === 'FIELDS') {
    named.push(...merge.fields, ...merge.facts, 'created', 'marks', 'superseded', 'settled')
    expect(merge.fields).toEqual(expect.arrayContaining([...merge.unkept]))
    if (merge.steps !== null) expect(merge.facts).toContain(merge.steps)
    for (const name of merge.facts) {
      const facts = properties[name]
      const fact = typeof facts === 'object' ? facts.items : undefined
      expect(fact).toMatchObject({ properties: { id: {}, at: {}, by: {}, stationId: {} } })
    }
  }
  for (const name of ['id', 'clinicId', ...named]) expect(required).toContain(name)
})

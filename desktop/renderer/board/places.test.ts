import { expect, it } from 'vitest'
import { idOf } from '#shared/test-values.ts'
import type { VisitId } from '#shared/ids.ts'
import type { Priority } from '#shared/visit.ts'
import { placeOf, placesOf } from './places.ts'

const policy = { courtesyEnabled: true }
const id = (number: number): VisitId => idOf(number)
const row = (number: number, priority: Priority = 'NORMAL') => ({
  visitId: id(number),
  priority,
  boosted: true,
})

const line = [row(1, 'URGENT'), row(2), row(3), row(4)]

it('a patient may go anywhere but before one whom priority lifts, or where they are', () => {
  expect(placesOf(line, id(3), policy)).toEqual([
    { before: id(2), by: -1 },
    { before: null, by: 1 },
  ])
  expect(placesOf(line, id(1), policy).map(({ before }) => before)).toEqual([id(3), id(4), null])
  expect(placesOf(line, id(9), policy)).toEqual([])
})

it('a key means the next place towards the door or the end, and nothing said towards the door', () => {
  const places = placesOf(line, id(3), policy)
  expect(placeOf(places, { by: -1 })?.before).toBe(id(2))
  expect(placeOf(places, { by: 1 })?.before).toBeNull()
  expect(placeOf(places, undefined)?.before).toBe(id(2))
  expect(placeOf(places, { before: id(4) })).toBeUndefined()
  // Already in front of those without priority: the only way is back.
  const back = placesOf(line, id(2), policy)
  expect(placeOf(back, { by: -1 })).toBeUndefined()
  expect(placeOf(back, undefined)?.before).toBe(id(4))
})

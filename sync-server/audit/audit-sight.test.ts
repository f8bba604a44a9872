import { expect, test } from 'vitest'
import { CollectionName } from '#shared/collections.ts'
import { contentFor } from './audit-sight.ts'

const of = (after: object) => ({ before: null, after })

test.each<[CollectionName, object, object | null]>([
  ['patients', { name: 'x', allergies: ['penicillin'] }, of({ name: 'x' })],
  ['visits', { status: 'DONE' }, of({ status: 'DONE' })],
  ['entries', { body: { kind: 'PAYMENT' } }, of({ body: { kind: 'PAYMENT' } })],
  ['entries', { body: { kind: 'ADDENDUM', text: 'x' } }, null],
  ['encounters', { notes: 'x' }, null],
  ['prescriptions', { lines: [] }, null],
  ['labResults', { results: [] }, null],
])('of %s an ADMIN sees what is not clinical, and a DOCTOR all', (collection, after, seen) => {
  expect(contentFor(['ADMIN'], collection, of(after))).toEqual(seen)
  expect(contentFor(['ADMIN', 'DOCTOR'], collection, of(after))).toEqual(of(after))
})

test('what was erased is nothing to anybody', () => {
  for (const collection of CollectionName.options) {
    expect(contentFor(['ADMIN'], collection, null)).toBeNull()
    expect(contentFor(['ADMIN', 'DOCTOR'], collection, null)).toBeNull()
  }
})

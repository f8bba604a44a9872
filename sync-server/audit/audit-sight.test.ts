import { expect, test } from 'vitest'
import type { CollectionName, Documents } from '#shared/collections.ts'
import type { Role } from '#shared/roles.ts'
import { fieldsSeen, type Viewer } from '#shared/sight.ts'
import {
  encounterOf,
  entryOf,
  labResultOf,
  patientOf,
  PEOPLE,
  pick,
  POUND,
  prescriptionOf,
  visitOf,
} from '#shared/test-values.ts'
import { contentWith } from './audit-sight.ts'

function viewer(roles: readonly Role[], hasOpened = false): Viewer {
  return {
    userId: pick(PEOPLE, 1),
    roles,
    today: '2026-11-30',
    isDoctorOf: () => false,
    hasOpened: () => hasOpened,
  }
}

function seenBy<C extends CollectionName>(
  who: Viewer,
  collection: C,
  document: Documents[C],
  change: Partial<Documents[C]>,
): unknown {
  const content = { before: null, after: change }
  const seen = contentWith(fieldsSeen(collection, document, who), content)
  return seen === null ? null : (seen as typeof content).after
}

const admin = viewer(['ADMIN'])
const both = viewer(['ADMIN', 'DOCTOR'])
const opened = viewer(['ADMIN', 'DOCTOR'], true)
const ADDENDUM = {
  kind: 'ADDENDUM',
  relation: 'NOTE',
  prescriptionId: null,
  replacementId: null,
  text: 'x',
} as const
const PAYMENT = {
  kind: 'PAYMENT',
  amount: POUND(100),
  method: 'CASH',
  receipt: { letter: 'A', number: 1 },
} as const

test('of what changed an ADMIN sees what they would see of the document as it stands', () => {
  const edit = { name: 'x', allergies: [], marks: { name: { at: 'a', by: 'b' } } } as never
  expect(seenBy(admin, 'patients', patientOf(), edit)).toEqual({
    name: 'x',
    marks: { name: { at: 'a', by: 'b' } },
  })
  expect(seenBy(both, 'patients', patientOf(), edit)).toEqual(edit)
  expect(seenBy(admin, 'visits', visitOf(), { status: 'DONE' })).toEqual({ status: 'DONE' })
  const paid = entryOf(PAYMENT)
  expect(seenBy(admin, 'entries', paid, paid)).toEqual(paid)
})

test('what is clinical they see only as a DOCTOR, and another’s record once they have opened it', () => {
  const notes = { notes: 'x', vitals: [] }
  expect(seenBy(admin, 'encounters', encounterOf(), notes)).toBeNull()
  expect(seenBy(both, 'encounters', encounterOf(), notes)).toEqual({ vitals: [] })
  expect(seenBy(opened, 'encounters', encounterOf(), notes)).toEqual(notes)
  const addendum = entryOf(ADDENDUM)
  expect(seenBy(admin, 'entries', addendum, addendum)).toBeNull()
  expect(seenBy(both, 'entries', addendum, addendum)).toBeNull()
  expect(seenBy(opened, 'entries', addendum, addendum)).toEqual(addendum)
  for (const who of [admin, both]) {
    const seen = who === both
    expect(seenBy(who, 'prescriptions', prescriptionOf(), { lines: [] }) !== null).toBe(seen)
    expect(seenBy(who, 'labResults', labResultOf(), { results: [] }) !== null).toBe(seen)
  }
})

test('a number as it stands on paper is seen by whoever sees the number that stands', () => {
  const paid = entryOf(PAYMENT)
  const asMade = { body: { ...PAYMENT, receipt: { letter: 'B', number: 1 } } }
  const content = { before: null, after: paid, asMade }
  const contentFor = (who: Viewer) => contentWith(fieldsSeen('entries', paid, who), content)
  expect(contentFor(admin)).toEqual(content)
  expect(contentFor(viewer(['DOCTOR']))).toBeNull()
})

test('what was erased, or is of no record that stands, is nothing to anybody', () => {
  expect(contentWith('ALL', null)).toBeNull()
  expect(contentWith(null, { before: null, after: {} })).toBeNull()
})

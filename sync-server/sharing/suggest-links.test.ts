import { expect, test } from 'vitest'
import { idOf, patientOf } from '#shared/test-values.ts'
import { suggestLinks } from './suggest-links.ts'

const patient = patientOf({ name: 'أحمد عبد الرحمن', nationalId: '29001011234567' })
const other = (number: number, changes: Parameters<typeof patientOf>[0]) =>
  patientOf({ id: idOf(number), phones: [], ...changes })

test('the same national id is surest, then a name however it is written with a phone', () => {
  const same = other(1, { name: 'احمد عبدالرحمن', phones: patient.phones })
  const sure = other(2, { name: 'أ. عبد الرحمن', nationalId: patient.nationalId })
  expect(suggestLinks(patient, [same, sure])).toMatchObject([
    { patientId: sure.id, likeness: 'NATIONAL_ID' },
    { patientId: same.id, likeness: 'NAME_AND_PHONE' },
  ])
})

test('a family shares a phone, and many share a name: neither alone is enough', () => {
  const sister = other(3, { name: 'هدى عبد الرحمن', phones: patient.phones })
  const namesake = other(4, { name: patient.name, phones: ['+201112223334'] })
  expect(suggestLinks(patient, [sister, namesake])).toEqual([])
})

test('who has no national id is not like all who have none', () => {
  const nobody = patientOf({ nationalId: null, phones: [] })
  expect(suggestLinks(nobody, [other(5, { nationalId: null })])).toEqual([])
})

import { describe, expect, it } from 'vitest'
import { draftOf, prefilledForm, withNationalId } from './new-patient.ts'

const TODAY = '2026-11-22'
const FEMALE_1984 = '28403112100124'

describe('the form of a new patient', () => {
  it('begins with what was searched for, where it belongs', () => {
    expect(prefilledForm('محمد علي')).toMatchObject({ name: 'محمد علي', phone: '' })
    expect(prefilledForm('٠١٠٠١٢٣٤٥٦٧')).toMatchObject({ name: '', phone: '٠١٠٠١٢٣٤٥٦٧' })
    expect(prefilledForm('1203')).toMatchObject({ name: '', fileNumber: '1203' })
    expect(prefilledForm(FEMALE_1984)).toMatchObject({
      nationalId: FEMALE_1984,
      birthDate: '1984-03-11',
      sex: 'FEMALE',
    })
  })

  it('takes from the national ID only what nobody has said', () => {
    const form = { ...prefilledForm('منى'), birthDate: '1/1/1990' }
    expect(withNationalId(form, FEMALE_1984)).toMatchObject({
      birthDate: '1/1/1990',
      sex: 'FEMALE',
    })
  })

  it('corrects what an earlier national ID had filled in', () => {
    const first = withNationalId(prefilledForm('منى'), FEMALE_1984)
    expect(withNationalId(first, '29001011234516')).toMatchObject({
      birthDate: '1990-01-01',
      sex: 'MALE',
    })
  })

  it('keeps numbers in the form they are compared in, and odd ones as typed', () => {
    const form = { ...prefilledForm('منى  أحمد'), phone: '٠١٠٠ ١٢٣ ٤٥٦٧', nationalId: '123' }
    expect(draftOf(form, TODAY)).toMatchObject({
      name: 'منى أحمد',
      phones: ['+201001234567'],
      nationalId: '123',
    })
  })

  it('waits for a name and for a date that is one', () => {
    expect(draftOf(prefilledForm('م'), TODAY)).toBeNull()
    expect(draftOf({ ...prefilledForm('منى'), birthDate: '31/2/1990' }, TODAY)).toBeNull()
  })
})

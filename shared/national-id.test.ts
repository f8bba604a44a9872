import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toArabicIndicDigits } from './digits.ts'
import { GOVERNORATES, nationalIdCheckDigit, parseNationalId } from './national-id.ts'

/** 2×2 + 9×7 + 0×6 + 0×5 + 1×4 + 0×3 + 1×2 + 2×7 + 1×6 + 0×5 + 1×4 + 2×3 + 3×2 = 109; K = 1. */
const MAN = '29001012101231'

describe('parseNationalId', () => {
  test('reads birth date, sex and governorate', () => {
    expect(parseNationalId(MAN)).toEqual({
      ok: true,
      digits: MAN,
      birthDate: '1990-01-01',
      sex: 'MALE',
      governorate: '21',
      warnings: [],
    })
  })

  test('warns of a wrong check digit and still reads the rest', () => {
    expect(parseNationalId('29001012101232')).toMatchObject({ ok: true, warnings: ['CHECK_DIGIT'] })
  })

  test.each([
    ['2900101210123', 'NATIONAL_ID_LENGTH'],
    ['290010121012311', 'NATIONAL_ID_LENGTH'],
    ['', 'NATIONAL_ID_LENGTH'],
    ['2.90010E+13', 'NATIONAL_ID_CHARACTERS'],
    ['49001012101231', 'NATIONAL_ID_CENTURY'],
    ['29013012101231', 'NATIONAL_ID_DATE'],
    ['29002302101231', 'NATIONAL_ID_DATE'],
    ['30102292101231', 'NATIONAL_ID_DATE'],
    ['29001012001231', 'NATIONAL_ID_GOVERNORATE'],
    ['29001019901231', 'NATIONAL_ID_GOVERNORATE'],
  ])('%s is refused as %s', (text, code) => {
    expect(parseNationalId(text)).toEqual({ ok: false, code })
  })

  test('every well-formed number reads back, however it is typed', () => {
    const parts = fc.record({
      birth: fc.date({
        min: new Date('1900-01-01'),
        max: new Date('2099-12-31'),
        noInvalidDate: true,
      }),
      governorate: fc.constantFrom(...Object.keys(GOVERNORATES)),
      serial: fc.integer({ min: 0, max: 9999 }),
      style: fc.constantFrom<(id: string) => string>(
        (id) => id,
        toArabicIndicDigits,
        (id) => ` ${id.slice(0, 7)} ${id.slice(7)} `,
        (id) => `\u202a${id}\u202c`,
      ),
    })
    fc.assert(
      fc.property(parts, ({ birth, governorate, serial, style }) => {
        const birthDate = birth.toISOString().slice(0, 10)
        const century = birthDate.startsWith('19') ? '2' : '3'
        const first13 =
          century +
          birthDate.slice(2).replaceAll('-', '') +
          governorate +
          String(serial).padStart(4, '0')
        const digits = first13 + nationalIdCheckDigit(first13)
        expect(parseNationalId(style(digits))).toEqual({
          ok: true,
          digits,
          birthDate,
          sex: serial % 2 === 1 ? 'MALE' : 'FEMALE',
          governorate,
          warnings: [],
        })
      }),
    )
  })
})

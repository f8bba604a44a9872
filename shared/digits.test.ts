import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toArabicIndicDigits, toLatinDigits } from './digits.ts'

test('reads both families of Arabic digits and leaves the rest alone', () => {
  expect(toLatinDigits('٠١٢٣٤٥٦٧٨٩ ۰۱۲۳۴۵۶۷۸۹ x7')).toBe('0123456789 0123456789 x7')
  expect(toArabicIndicDigits('ت 012 ۳')).toBe('ت ٠١٢ ٣')
})

test('Latin digits survive the way there and back', () => {
  fc.assert(
    fc.property(fc.nat(), (number) => {
      expect(toLatinDigits(toArabicIndicDigits(String(number)))).toBe(String(number))
    }),
  )
})

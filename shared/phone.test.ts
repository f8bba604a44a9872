import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toArabicIndicDigits } from './digits.ts'
import { formatPhone, nationalDigits, normalisePhone, phonePrefixes } from './phone.ts'

describe('normalisePhone', () => {
  test.each([
    '01001234567',
    '٠١٠٠١٢٣٤٥٦٧',
    '۰۱۰۰۱۲۳۴۵۶۷',
    ' 0100 123-4567 ',
    '(+20) 100 123 4567',
    '00201001234567',
    '+20 (0)100 123 4567',
    '201001234567',
    '1001234567',
    '\u202a+201001234567\u202c',
  ])('%s is one Egyptian mobile', (text) => {
    expect(normalisePhone(text)).toEqual({ kind: 'MOBILE', number: '+201001234567', country: 'EG' })
  })

  test.each([
    ['0223456789', 'EG', '+20223456789', 'LANDLINE'],
    ['034567890', 'EG', '+2034567890', 'LANDLINE'],
    ['0502345678', 'EG', '+20502345678', 'LANDLINE'],
    ['0501234567', 'SA', '+966501234567', 'MOBILE'],
    ['+966 50 123 4567', 'EG', '+966501234567', 'MOBILE'],
    ['0501234567', 'AE', '+971501234567', 'MOBILE'],
    ['0791234567', 'JO', '+962791234567', 'MOBILE'],
    ['55512345', 'KW', '+96555512345', 'MOBILE'],
    ['+44 20 7946 0958', 'EG', '+442079460958', 'FOREIGN'],
    ['0100123456', 'EG', '0100123456', 'UNRECOGNISED'],
    ['01301234567', 'EG', '01301234567', 'UNRECOGNISED'],
    ['+20 100 123', 'EG', '+20100123', 'UNRECOGNISED'],
    ['19123', 'EG', '19123', 'UNRECOGNISED'],
  ] as const)('%s in %s is %s, %s', (text, country, number, kind) => {
    expect(normalisePhone(text, country)).toMatchObject({ number, kind })
  })

  test('no digit, no number', () => {
    expect(normalisePhone('لا يوجد')).toBeNull()
  })

  test('a kept number reads back as itself', () => {
    const typed = fc.stringMatching(/^\+?[0-9٠-٩ ()-]{1,18}$/)
    fc.assert(
      fc.property(typed, (text) => {
        const phone = normalisePhone(text)
        fc.pre(phone !== null)
        expect(normalisePhone(phone.number)?.number).toBe(phone.number)
      }),
      { numRuns: 2_000, examples: [['٠0'], ['0000'], ['+00']] },
    )
  })

  test('what is shown reads back as the kept number', () => {
    const mobile = fc.stringMatching(/^1[0125][0-9]{8}$/)
    fc.assert(
      fc.property(mobile, (national) => {
        const shown = formatPhone(`+20${national}`)
        expect(normalisePhone(shown)?.number).toBe(`+20${national}`)
        expect(normalisePhone(toArabicIndicDigits(shown))?.number).toBe(`+20${national}`)
      }),
    )
  })
})

test.each([
  ['+201001234567', '01001234567'],
  ['+20223456789', '0223456789'],
  ['+966501234567', '+966501234567'],
  ['19123', '19123'],
])('%s is shown as %s', (number, shown) => {
  expect(formatPhone(number)).toBe(shown)
})

test.each([
  ['+201001234567', '1001234567'],
  ['+966501234567', '501234567'],
  ['+442079460958', '442079460958'],
  ['0100123456', '100123456'],
])('%s has the national digits %s', (number, digits) => {
  expect(nationalDigits(number)).toBe(digits)
})

test('every way of beginning a number begins its national digits', () => {
  const mobile = fc.stringMatching(/^1[0125][0-9]{8}$/)
  const lead = fc.constantFrom('', '0', '20', '0020', '00200')
  fc.assert(
    fc.property(mobile, lead, fc.integer({ min: 1, max: 10 }), (national, code, length) => {
      const prefixes = phonePrefixes(code + national.slice(0, length))
      const kept = nationalDigits(`+20${national}`)
      expect(prefixes.some((prefix) => kept.startsWith(prefix))).toBe(true)
    }),
  )
})

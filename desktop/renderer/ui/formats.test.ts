import { describe, expect, it } from 'vitest'
import {
  ageAt,
  editableAmount,
  makeFormats,
  minutesBetween,
  parseAmount,
  parseBirthDate,
} from './formats.ts'

const cairo = { timeZone: 'Africa/Cairo' } as const
const arabic = makeFormats({ ...cairo, language: 'ar', digits: 'ARABIC_INDIC' })
const arabicLatin = makeFormats({ ...cairo, language: 'ar', digits: 'LATIN' })
const english = makeFormats({ ...cairo, language: 'en', digits: 'LATIN' })

describe('formats', () => {
  it('write every number in the digits of the clinic', () => {
    expect(arabic.number(1234)).toBe('١٬٢٣٤')
    expect(arabic.digits('A-12')).toBe('A-١٢')
    expect(arabic.phone('+201001234567')).toBe('٠١٠٠١٢٣٤٥٦٧')
    expect(arabicLatin.digits('A-١٢')).toBe('A-12')
    expect(arabicLatin.longDay('2026-11-22')).toMatch(/22 نوفمبر 2026$/)
    expect(english.longDay('2026-11-22')).toBe('Sunday, 22 November 2026')
  })

  it('show the clock of the clinic, whatever the computer says', () => {
    expect(english.time('2026-11-22T17:05:00Z')).toBe('19:05')
    expect(arabic.time('2026-11-22T17:05:00Z')).toBe('١٩:٠٥')
    expect(english.time('2026-11-22T22:30:00Z')).toBe('00:30')
  })

  it('have the Hijri date for who asks, in the same digits', () => {
    expect(arabic.hijriDay('2026-11-24')).toContain('١٤ جمادى الآخرة ١٤٤٨')
    expect(english.hijriDay('2026-11-24')).toBe('14 Jumada II 1448 AH')
  })

  it('leave the day out of a moment of today', () => {
    expect(english.moment('2026-11-22T08:00:00Z', '2026-11-22')).toBe('10:00')
    expect(english.moment('2026-11-21T08:00:00Z', '2026-11-22')).toBe('21 Nov, 10:00')
  })

  it('say of a date no more than is known', () => {
    expect(english.day('1984-11-03')).toBe('3 Nov 1984')
    expect(english.day('1984-11')).toBe('Nov 1984')
    expect(english.day('1984')).toBe('1984')
    expect(arabic.day('1984')).toBe('١٩٨٤')
  })

  it('write money with as many decimals as it has', () => {
    expect(english.money({ minor: 25_000, currency: 'EGP' })).toMatch(/250$/)
    expect(english.money({ minor: 25_050, currency: 'EGP' })).toMatch(/250\.50$/)
    expect(english.money({ minor: 1_500, currency: 'KWD' })).toMatch(/1\.500$/)
  })
})

describe('what a person types', () => {
  it('is an amount in either digits', () => {
    expect(parseAmount('150', 'EGP')).toEqual({ minor: 15_000, currency: 'EGP' })
    expect(parseAmount('١٥٠٫٥', 'EGP')).toEqual({ minor: 15_050, currency: 'EGP' })
    expect(parseAmount('1,250', 'KWD')).toEqual({ minor: 1_250_000, currency: 'KWD' })
    expect(parseAmount('', 'EGP')).toBeNull()
    expect(parseAmount('-5', 'EGP')).toBeNull()
    expect(parseAmount('abc', 'EGP')).toBeNull()
  })

  it('comes back as it was kept', () => {
    const price = { minor: 99_50, currency: 'EGP' } as const
    expect(parseAmount(editableAmount(price), 'EGP')).toEqual(price)
  })

  it.each([
    ['3/11/1984', '1984-11-03'],
    ['٣/١١/١٩٨٤', '1984-11-03'],
    ['1984-11-03', '1984-11-03'],
    ['11/1984', '1984-11'],
    ['1984-3', '1984-03'],
    ['1984', '1984'],
    ['٤٢', '1984'],
    ['0', '2026'],
    ['11/2026', '2026-11'],
  ])('%s is the date of birth %s', (typed, date) => {
    expect(parseBirthDate(typed, '2026-11-22')).toBe(date)
  })

  it.each(['31/2/1984', '13/1984', '12/2026', '1/1/2030', '1/1/1800', 'amin', '200'])(
    '%s is no date of birth',
    (typed) => {
      expect(parseBirthDate(typed, '2026-11-22')).toBeNull()
    },
  )
})

describe('time that has passed', () => {
  it('counts whole years', () => {
    expect(ageAt('1984-11-23', '2026-11-22').years).toBe(41)
    expect(ageAt('1984-11-22', '2026-11-22').years).toBe(42)
    expect(ageAt('2026-09-30', '2026-11-22')).toEqual({
      years: 0,
      months: 1,
      about: false,
    })
  })

  it('is about so much when the day of birth is not known', () => {
    expect(ageAt('1984', '2026-11-22')).toMatchObject({ years: 42, about: true })
    expect(ageAt('1984-12', '2026-11-22')).toMatchObject({ years: 41, about: false })
  })

  it('is never below zero, though two clocks differ', () => {
    expect(minutesBetween('2026-11-22T10:05:00Z', Date.parse('2026-11-22T10:00:00Z'))).toBe(0)
    expect(minutesBetween('2026-11-22T10:00:00Z', Date.parse('2026-11-22T10:43:59Z'))).toBe(43)
  })
})

import { describe, expect, it } from 'vitest'
import { CommandName } from '../commands.ts'
import { PaymentMethod } from '../entry.ts'
import { ErrorCode } from '../errors.ts'
import type { CsvErrorCode, CsvWarningCode } from '../patient-csv.ts'
import { PatientField, Sex } from '../patient.ts'
import { Role, VisitStatus } from '../roles.ts'
import { Priority, VisitField, VisitType } from '../visit.ts'
import { ar } from './ar.ts'
import { en } from './en.ts'

const PLURAL = /_(zero|one|two|few|many|other)$/
const ARABIC_FORMS = ['few', 'many', 'one', 'other', 'two', 'zero']

function bases(texts: Record<string, string>): string[] {
  return [...new Set(Object.keys(texts).map((key) => key.replace(PLURAL, '')))].toSorted()
}

function formsOf(texts: Record<string, string>, base: string): string[] {
  const keys = Object.keys(texts).filter(
    (key) => PLURAL.test(key) && key.replace(PLURAL, '') === base,
  )
  return keys.map((key) => key.slice(base.length + 1)).toSorted()
}

function placeholders(text: string): string[] {
  return [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? '').toSorted()
}

/** As a record, so that a new code does not compile until it is here. */
const CSV_CODES = {
  CSV_NAME_COLUMN_MISSING: true,
  CSV_NAME_MISSING: true,
  CSV_PHONE: true,
  CSV_BIRTH_DATE: true,
  CSV_AGE: true,
  CSV_SEX: true,
  CSV_NATIONAL_ID_CHARACTERS: true,
  CSV_NATIONAL_ID_LENGTH: true,
  CSV_NATIONAL_ID_CENTURY: true,
  CSV_NATIONAL_ID_DATE: true,
  CSV_NATIONAL_ID_GOVERNORATE: true,
  CSV_PHONE_UNRECOGNISED: true,
  CSV_NATIONAL_ID_CHECK_DIGIT: true,
  CSV_NATIONAL_ID_DISAGREES: true,
  CSV_TOO_LONG: true,
  CSV_TOO_SHORT: true,
} satisfies Record<CsvErrorCode | CsvWarningCode | 'CSV_TOO_LONG' | 'CSV_TOO_SHORT', true>

describe('the texts of both languages', () => {
  it('have the same keys', () => {
    expect(bases(ar)).toEqual(bases(en))
  })

  it('give Arabic all six plural forms, and English its two', () => {
    const counted = bases(ar).filter((base) => formsOf(ar, base).length > 0)
    expect(counted.length).toBeGreaterThan(10)
    for (const base of counted) {
      expect(formsOf(ar, base), base).toEqual(ARABIC_FORMS)
      // English may have words of its own for none.
      const english = formsOf(en, base).filter((form) => form !== 'zero')
      expect(english, base).toEqual(['one', 'other'])
    }
  })

  it('take the same values', () => {
    const arabic: Record<string, string> = ar
    for (const [key, text] of Object.entries(en)) {
      expect(placeholders(arabic[key] ?? ''), key).toEqual(placeholders(text))
    }
  })

  it('are none empty, and Arabic ones hold Arabic', () => {
    for (const [key, text] of Object.entries({ ...ar, ...en }))
      expect(text.trim(), key).not.toBe('')
    const latin = Object.entries(ar).filter(([, text]) =>
      /\p{Script=Latin}/u.test(text.replace(/\{\{\w+\}\}|F\d+|Enter|UTF-8|CSV/g, '')),
    )
    expect(latin.map(([key]) => key).filter((key) => !key.startsWith('key.'))).toEqual([
      'language.en',
      'language.short.en',
    ])
  })

  it.each([
    ['error', ErrorCode.options],
    ['command', CommandName.options],
    ['status', VisitStatus.options],
    ['priority', Priority.options],
    ['visitType', VisitType.options],
    ['method', PaymentMethod.options],
    ['role', Role.options],
    ['sex', Sex.options],
    ['csv', Object.keys(CSV_CODES)],
    ['field', [...PatientField.options, ...VisitField.options]],
  ] as const)('name every %s', (family, names) => {
    for (const name of names) {
      expect(ar, name).toHaveProperty([`${family}.${name}`])
      expect(en, name).toHaveProperty([`${family}.${name}`])
    }
  })
})

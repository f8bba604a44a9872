import { AppError } from '#shared/errors.ts'
import type { Currency } from '#shared/money.ts'
import { parseNationalId } from '#shared/national-id.ts'
import type { PatientDraft } from '#shared/patient.ts'
import { normalisePhone, type PhoneCountry } from '#shared/phone.ts'

const COUNTRY_OF_CURRENCY: Record<Currency, PhoneCountry> = {
  EGP: 'EG',
  SAR: 'SA',
  AED: 'AE',
  JOD: 'JO',
  KWD: 'KW',
  QAR: 'QA',
  BHD: 'BH',
  OMR: 'OM',
  MAD: 'MA',
  TND: 'TN',
}

/** Whose numbering plan a number without a country code follows: that of the clinic's money. */
export function phoneCountryOf(currency: Currency): PhoneCountry {
  return COUNTRY_OF_CURRENCY[currency]
}

/**
 * What a person entered, in the form in which it is kept: phones and a national ID in one form each
 * where understood, an emptied field as null. Fields that were not entered stay out.
 *
 * @throws AppError INVALID if a phone holds fewer than three digits
 */
export function keepDraft<D extends Partial<PatientDraft>>(entered: D, country: PhoneCountry): D {
  const kept: D = { ...entered }
  if (entered.phones !== undefined) kept.phones = keepPhones(entered.phones, country)
  if (entered.nationalId !== undefined) kept.nationalId = keepNationalId(entered.nationalId)
  for (const field of ['fileNumber', 'address', 'note'] as const) {
    const text = entered[field]
    if (text !== undefined) kept[field] = text === null ? null : keepText(text)
  }
  return kept
}

function keepText(text: string): string | null {
  const trimmed = text.trim()
  return trimmed === '' ? null : trimmed
}

function keepPhones(phones: readonly string[], country: PhoneCountry): string[] {
  const kept = phones.map((phone) => normalisePhone(phone, country)?.number ?? '')
  if (kept.some((number) => number.length < 3)) {
    throw new AppError('INVALID', { issues: ['phones'] })
  }
  return [...new Set(kept)]
}

/** A number that does not read as a national ID is kept as entered: it may be a passport. */
function keepNationalId(text: string | null): string | null {
  const trimmed = text === null ? null : keepText(text)
  if (trimmed === null) return null
  const read = parseNationalId(trimmed)
  return read.ok ? read.digits : trimmed
}

import { toLatinDigits } from './digits.ts'
import { countryOfDigits, PHONE_PLANS, type PhoneCountry } from './phone-plans.ts'

export type { PhoneCountry }

/**
 * A phone number as it is kept. A clinic writes what it has, so nothing with a digit is refused:
 * - MOBILE, LANDLINE: `number` is E.164 and follows its country's plan;
 * - FOREIGN: came with + or 00 and a country code whose plan is not known here, kept as +digits;
 * - UNRECOGNISED: fits no plan (a digit missing, an internal extension), kept as the digits entered:
 *   the desk shows it marked.
 */
export type NormalisedPhone =
  | {
      readonly kind: 'MOBILE' | 'LANDLINE'
      readonly number: string
      readonly country: PhoneCountry
    }
  | { readonly kind: 'FOREIGN' | 'UNRECOGNISED'; readonly number: string; readonly country: null }

/**
 * Reads a phone number as typed or pasted: Arabic-Indic digits, spaces, dashes and brackets are
 * understood, and so is a number whose leading 0 or + a spreadsheet has eaten. `country` is where
 * the clinic is. Null when the text holds no digit.
 */
export function normalisePhone(text: string, country: PhoneCountry = 'EG'): NormalisedPhone | null {
  const latin = toLatinDigits(text)
  const digits = latin.replace(/\D/g, '')
  if (digits === '') return null
  const isInternational = /^[^\d+]*\+/.test(latin) || digits.startsWith('00')
  // No country code begins with 0; nothing but zeros is no number, and is kept as it came.
  const abroad = isInternational ? digits.replace(/^0+/, '') : ''
  if (abroad !== '') return readInternational(abroad)
  const { callingCode, trunk } = PHONE_PLANS[country]
  const national = trunk !== '' && digits.startsWith(trunk) ? digits.slice(trunk.length) : digits
  return (
    readNational(national, country) ??
    (digits.startsWith(callingCode)
      ? readNational(withoutTrunk(digits.slice(callingCode.length)), country)
      : null) ?? { kind: 'UNRECOGNISED', number: digits, country: null }
  )
}

function readInternational(digits: string): NormalisedPhone {
  const country = countryOfDigits(digits)
  if (country !== null) {
    const national = withoutTrunk(digits.slice(PHONE_PLANS[country].callingCode.length))
    const read = readNational(national, country)
    if (read !== null) return read
  }
  // E.164 allows 15 digits; fewer than 7 after a country code is nobody's number.
  const isPlausible = country === null && digits.length >= 7 && digits.length <= 15
  return { kind: isPlausible ? 'FOREIGN' : 'UNRECOGNISED', number: `+${digits}`, country: null }
}

function readNational(national: string, country: PhoneCountry): NormalisedPhone | null {
  const { callingCode, mobile, landline } = PHONE_PLANS[country]
  const number = `+${callingCode}${national}`
  if (mobile.test(national)) return { kind: 'MOBILE', number, country }
  return landline.test(national) ? { kind: 'LANDLINE', number, country } : null
}

/** +20 (0)100... is a common way to write it, though wrong. */
function withoutTrunk(national: string): string {
  return national.replace(/^0/, '')
}

/**
 * A kept number as people at this clinic read it aloud: 01001234567 at home, +966501234567 from
 * abroad, and what fits no plan as it was entered. Latin digits, no spaces: it is also what a
 * person copies, and it is set left to right inside Arabic text by the window.
 */
export function formatPhone(number: string, country: PhoneCountry = 'EG'): string {
  const { callingCode, trunk } = PHONE_PLANS[country]
  return number.startsWith(`+${callingCode}`)
    ? trunk + number.slice(callingCode.length + 1)
    : number
}

/**
 * The significant national digits of a kept number, without country code and leading zeros: what
 * 01001234567, +201001234567 and 1001234567 have in common.
 */
export function nationalDigits(number: string): string {
  const digits = number.replace(/\D/g, '')
  const country = number.startsWith('+') ? countryOfDigits(digits) : null
  return withoutLeadingZeros(
    country === null ? digits : digits.slice(PHONE_PLANS[country].callingCode.length),
  )
}

/**
 * The beginnings of `nationalDigits` that typed digits can mean, so that 0100, +20100, 0020100 and
 * 100 find the same number while it is still being typed.
 */
export function phonePrefixes(digits: string): string[] {
  const significant = withoutLeadingZeros(digits)
  const country = countryOfDigits(significant)
  const afterCode =
    country === null ? '' : significant.slice(PHONE_PLANS[country].callingCode.length)
  const prefixes = new Set([significant, withoutLeadingZeros(afterCode)])
  return [...prefixes].filter((prefix) => prefix !== '')
}

function withoutLeadingZeros(digits: string): string {
  return digits.replace(/^0+/, '')
}

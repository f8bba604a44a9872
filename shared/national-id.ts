import { toLatinDigits } from './digits.ts'

/**
 * Governorate of birth registration, digits 8-9 of the number, with the name each is known by.
 * From the Civil Status Organisation's coding; 88 is a birth abroad.
 */
export const GOVERNORATES = {
  '01': { ar: 'القاهرة', en: 'Cairo' },
  '02': { ar: 'الإسكندرية', en: 'Alexandria' },
  '03': { ar: 'بورسعيد', en: 'Port Said' },
  '04': { ar: 'السويس', en: 'Suez' },
  '11': { ar: 'دمياط', en: 'Damietta' },
  '12': { ar: 'الدقهلية', en: 'Dakahlia' },
  '13': { ar: 'الشرقية', en: 'Sharqia' },
  '14': { ar: 'القليوبية', en: 'Qalyubia' },
  '15': { ar: 'كفر الشيخ', en: 'Kafr El Sheikh' },
  '16': { ar: 'الغربية', en: 'Gharbia' },
  '17': { ar: 'المنوفية', en: 'Monufia' },
  '18': { ar: 'البحيرة', en: 'Beheira' },
  '19': { ar: 'الإسماعيلية', en: 'Ismailia' },
  '21': { ar: 'الجيزة', en: 'Giza' },
  '22': { ar: 'بني سويف', en: 'Beni Suef' },
  '23': { ar: 'الفيوم', en: 'Faiyum' },
  '24': { ar: 'المنيا', en: 'Minya' },
  '25': { ar: 'أسيوط', en: 'Asyut' },
  '26': { ar: 'سوهاج', en: 'Sohag' },
  '27': { ar: 'قنا', en: 'Qena' },
  '28': { ar: 'أسوان', en: 'Aswan' },
  '29': { ar: 'الأقصر', en: 'Luxor' },
  '31': { ar: 'البحر الأحمر', en: 'Red Sea' },
  '32': { ar: 'الوادي الجديد', en: 'New Valley' },
  '33': { ar: 'مطروح', en: 'Matrouh' },
  '34': { ar: 'شمال سيناء', en: 'North Sinai' },
  '35': { ar: 'جنوب سيناء', en: 'South Sinai' },
  '88': { ar: 'خارج الجمهورية', en: 'Abroad' },
} as const

export type GovernorateCode = keyof typeof GOVERNORATES

export type NationalIdProblem =
  | 'NATIONAL_ID_CHARACTERS'
  | 'NATIONAL_ID_LENGTH'
  | 'NATIONAL_ID_CENTURY'
  | 'NATIONAL_ID_DATE'
  | 'NATIONAL_ID_GOVERNORATE'

/** Never a reason to refuse: the check digit is reported to fail on some genuine later cards. */
export type NationalIdWarning = 'CHECK_DIGIT'

export type ParsedNationalId =
  | {
      readonly ok: true
      /** The 14 digits, the form in which it is kept. */
      readonly digits: string
      /** YYYY-MM-DD. It may lie in the future: this function has no clock. */
      readonly birthDate: string
      readonly sex: 'MALE' | 'FEMALE'
      readonly governorate: GovernorateCode
      readonly warnings: readonly NationalIdWarning[]
    }
  | { readonly ok: false; readonly code: NationalIdProblem }

const CENTURIES = new Map([
  ['2', '19'],
  ['3', '20'],
])

/**
 * Reads an Egyptian national ID number: `C YYMMDD GG SSSS K`, 14 digits. C is the century of birth
 * (2: 1900s, 3: 2000s), GG the governorate, the last digit of SSSS odd for a male, K a check digit.
 * Arabic-Indic digits, spaces, dashes and direction marks are accepted, as typed or pasted.
 */
export function parseNationalId(text: string): ParsedNationalId {
  const digits = toLatinDigits(text).replace(/[\s\p{Cf}-]/gu, '')
  if (!/^\d*$/.test(digits)) return { ok: false, code: 'NATIONAL_ID_CHARACTERS' }
  if (digits.length !== 14) return { ok: false, code: 'NATIONAL_ID_LENGTH' }
  const century = CENTURIES.get(digits.charAt(0))
  if (century === undefined) return { ok: false, code: 'NATIONAL_ID_CENTURY' }
  const birthDate = `${century}${digits.slice(1, 3)}-${digits.slice(3, 5)}-${digits.slice(5, 7)}`
  if (!isCalendarDate(birthDate)) return { ok: false, code: 'NATIONAL_ID_DATE' }
  const governorate = digits.slice(7, 9)
  if (!isGovernorateCode(governorate)) return { ok: false, code: 'NATIONAL_ID_GOVERNORATE' }
  return {
    ok: true,
    digits,
    birthDate,
    sex: Number(digits.charAt(12)) % 2 === 1 ? 'MALE' : 'FEMALE',
    governorate,
    warnings: digits.endsWith(nationalIdCheckDigit(digits.slice(0, 13))) ? [] : ['CHECK_DIGIT'],
  }
}

const WEIGHTS = [2, 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2] as const

/** The check digit for the first 13 digits: 11 - (weighted sum mod 11), less 10 if over 9. */
export function nationalIdCheckDigit(first13: string): string {
  const sum = WEIGHTS.reduce((so, weight, index) => so + weight * Number(first13.charAt(index)), 0)
  const digit = 11 - (sum % 11)
  return String(digit > 9 ? digit - 10 : digit)
}

function isGovernorateCode(code: string): code is GovernorateCode {
  return Object.hasOwn(GOVERNORATES, code)
}

function isCalendarDate(date: string): boolean {
  const time = Date.parse(`${date}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date)
}

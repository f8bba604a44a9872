import { normaliseArabic } from './arabic.ts'
import { toLatinDigits } from './digits.ts'

/** A date as clinics type it, as YYYY-MM-DD; null when it is none. Day before month, always. */
export function readCsvDate(text: string, today: string): string | null {
  const latin = toLatinDigits(text)
    .replace(/\p{Cf}/gu, '')
    .trim()
    // Excel adds a midnight to what it took for a date.
    .replace(/[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[ap]m)?Z?$/i, '')
  const iso = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/.exec(latin)
  if (iso !== null)
    return toDate({ year: Number(iso[1]), month: Number(iso[2]), day: Number(iso[3]) })
  const local = /^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})$/.exec(latin)
  if (local === null) return null
  const [, day, month, year = ''] = local
  return toDate({ year: fullYear(year, today), month: Number(month), day: Number(day) })
}

/** Of two digits, the latest year that is not in the future. */
function fullYear(year: string, today: string): number {
  if (year.length === 4) return Number(year)
  const century = Number(today.slice(0, 2)) * 100
  const inThisCentury = century + Number(year)
  return inThisCentury > Number(today.slice(0, 4)) ? inThisCentury - 100 : inThisCentury
}

interface DateParts {
  readonly year: number
  readonly month: number
  readonly day: number
}

function toDate({ year, month, day }: DateParts): string | null {
  const date = new Date(Date.UTC(year, month - 1, day))
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  return isReal && year >= 1000 ? date.toISOString().slice(0, 10) : null
}

/** An age in years or, for infants, months (٦ شهور, 6 months), as whole years; null when it is none. */
export function readCsvAge(text: string): number | null {
  const match = /^(\d{1,3})(?:\.\d+)? ?(\D*)$/.exec(toLatinDigits(text).trim())
  if (match === null) return null
  const [, number = '', unit = ''] = match
  const unitKey = normaliseArabic(unit)
  if (/^(شهر|شهور|اشهر|يوم|ايام|month|months|mo|m|day|days|d)$/.test(unitKey)) {
    return /^(يوم|ايام|day|days|d)$/.test(unitKey) ? 0 : Math.floor(Number(number) / 12)
  }
  const isYears = /^$|^(سنه|سنوات|سنين|عام|اعوام|year|years|yrs|yr|y)$/.test(unitKey)
  return isYears && Number(number) <= MAX_AGE ? Number(number) : null
}

/** The oldest verified person lived to 122. */
const MAX_AGE = 125

const SEX_WORDS = new Map<string, 'MALE' | 'FEMALE'>(
  Object.entries({
    ذكر: 'MALE',
    ذ: 'MALE',
    رجل: 'MALE',
    ولد: 'MALE',
    male: 'MALE',
    m: 'MALE',
    man: 'MALE',
    boy: 'MALE',
    انثي: 'FEMALE',
    ا: 'FEMALE',
    انسه: 'FEMALE',
    مدام: 'FEMALE',
    بنت: 'FEMALE',
    female: 'FEMALE',
    f: 'FEMALE',
    woman: 'FEMALE',
    girl: 'FEMALE',
  }),
)

export function readCsvSex(text: string): 'MALE' | 'FEMALE' | null {
  return SEX_WORDS.get(normaliseArabic(text)) ?? null
}

/** The phones of one cell: 0100… / 0111…, 0100… - 0111…, one a line. */
export function splitCsvPhones(text: string): string[] {
  return text
    .split(/[/\\,،;؛|\r\n]| - | و(?= ?[\d٠-٩])|(?<=[\d٠-٩]{10}) +(?=[0٠])/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

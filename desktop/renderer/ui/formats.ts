import { toArabicIndicDigits, toLatinDigits } from '#shared/digits.ts'
import { currencyDecimals, type Money } from '#shared/money.ts'
import type { BirthDate } from '#shared/patient.ts'
import { formatPhone } from '#shared/phone.ts'

export type Language = 'ar' | 'en'

export function directionOf(language: Language): 'rtl' | 'ltr' {
  return language === 'ar' ? 'rtl' : 'ltr'
}

export interface Place {
  language: Language
  digits: 'ARABIC_INDIC' | 'LATIN'
  timeZone: string
}

/** Every number, date and amount on screen and on paper comes from here, so that digits agree. */
export interface Formats {
  place: Place
  /** The digits of a text (a ticket, a file number) as the clinic reads them. */
  digits: (text: string) => string
  number: (value: number) => string
  /** Of 0 to 1, in whole hundredths, and never more than there is: 0.999 is 99 %. */
  percent: (share: number) => string
  money: (money: Money) => string
  /** 19:05, in the clinic's time zone. */
  time: (instant: string | number) => string
  /** Sunday 22 November 2026 */
  longDay: (day: string) => string
  /** 12 Jumada II 1448 AH, by the Umm al-Qura calendar. */
  hijriDay: (day: string) => string
  /** 22 Nov 2026; of a partial date (`YYYY-MM`, `YYYY`) as much as it says. */
  day: (day: string) => string
  /** 22 Nov, 19:05; only the time on `today`. */
  moment: (instant: string, today: string | null) => string
  phone: (number: string) => string
}

const LOCALES = { ar: 'ar-EG', en: 'en-GB' }
const NUMBERING = { ARABIC_INDIC: 'arab', LATIN: 'latn' }

export function makeFormats(place: Place): Formats {
  const { language, timeZone } = place
  const locale = `${LOCALES[language]}-u-ca-gregory-nu-${NUMBERING[place.digits]}`
  const digits = place.digits === 'ARABIC_INDIC' ? toArabicIndicDigits : toLatinDigits
  const clock = new Intl.DateTimeFormat(locale, {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  // A calendar date has no time zone: it is read and written in UTC.
  const longDate = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeZone: 'UTC' })
  const hijriDate = new Intl.DateTimeFormat(
    `${LOCALES[language]}-u-ca-islamic-umalqura-nu-${NUMBERING[place.digits]}`,
    { dateStyle: 'long', timeZone: 'UTC' },
  )
  const shortDate = new Intl.DateTimeFormat(locale, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  })
  const shortMonth = new Intl.DateTimeFormat(locale, {
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  })
  const dayAndMonth = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone })
  const numbers = new Intl.NumberFormat(locale)
  const percents = new Intl.NumberFormat(locale, { style: 'percent' })
  const time = (instant: string | number): string => clock.format(new Date(instant))
  return {
    place,
    digits,
    number: (value) => numbers.format(value),
    percent: (share) => percents.format(Math.floor(share * 100) / 100),
    money: ({ minor, currency }) =>
      new Intl.NumberFormat(locale, {
        style: 'currency',
        currency,
        minimumFractionDigits: currencyDecimals(currency),
        maximumFractionDigits: currencyDecimals(currency),
        trailingZeroDisplay: 'stripIfInteger',
      }).format(minor / 10 ** currencyDecimals(currency)),
    time,
    longDay: (day) => longDate.format(Date.parse(`${day}T00:00:00Z`)),
    hijriDay: (day) => hijriDate.format(Date.parse(`${day}T00:00:00Z`)),
    day(day) {
      if (day.length === 'YYYY'.length) return digits(day)
      if (day.length === 'YYYY-MM'.length) {
        return shortMonth.format(Date.parse(`${day}-01T00:00:00Z`))
      }
      return shortDate.format(Date.parse(`${day}T00:00:00Z`))
    },
    moment(instant, today) {
      const date = new Date(instant)
      return localDay(date, timeZone) === today
        ? time(instant)
        : `${dayAndMonth.format(date)}${language === 'ar' ? '، ' : ', '}${time(instant)}`
    },
    phone: (number) => digits(formatPhone(number)),
  }
}

function localDay(date: Date, timeZone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(date)
}

export interface Age {
  years: number
  months: number
  /** Only the year of birth is known: the age may be one year less. */
  about: boolean
}

/** Whole years (and months) between a birth date, perhaps a partial one, and a day YYYY-MM-DD. */
export function ageAt(birthDate: string, today: string): Age {
  const [birthYear = 0, birthMonth, birthDay = 1] = birthDate.split('-').map(Number)
  const [year = 0, month = 1, day = 1] = today.split('-').map(Number)
  if (birthMonth === undefined) {
    const years = Math.max(0, year - birthYear)
    return { years, months: years * 12, about: true }
  }
  const months = (year - birthYear) * 12 + (month - birthMonth) - (day < birthDay ? 1 : 0)
  return {
    years: Math.max(0, Math.floor(months / 12)),
    months: Math.max(0, months),
    about: false,
  }
}

/** Minutes from one instant to another, never below zero: clocks of two stations may differ. */
export function minutesBetween(from: string, now: number): number {
  return Math.max(0, Math.floor((now - Date.parse(from)) / 60_000))
}

/** What a person typed as an amount, in either digits: `150`, `١٥٠`, `99.5`; null if it is none. */
export function parseAmount(text: string, currency: Money['currency']): Money | null {
  const plain = toLatinDigits(text)
    .replace(/[\s,٬]/g, '')
    .replace('٫', '.')
  if (!/^\d{1,9}(\.\d{1,3})?$/.test(plain)) return null
  const minor = Math.round(Number(plain) * 10 ** currencyDecimals(currency))
  return Number.isSafeInteger(minor) ? { minor, currency } : null
}

/** An amount as a person edits it: no currency, no grouping. */
export function editableAmount(money: Money): string {
  return String(money.minor / 10 ** currencyDecimals(money.currency))
}

/**
 * A date of birth as a desk types it: 3/11/1984, 1984-11-03, 11/1984, a bare year, or an age of up to
 * three digits; either digits. It says no more than was said: an age gives a year. Null if it is none.
 */
export function parseBirthDate(text: string, today: string): BirthDate | null {
  const plain = toLatinDigits(text).trim()
  const thisYear = Number(today.slice(0, 4))
  const dayFirst = /^(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})$/.exec(plain)
  const yearFirst = /^(\d{4})[/.\- ](\d{1,2})[/.\- ](\d{1,2})$/.exec(plain)
  const monthOnly = /^(\d{1,2})[/.\- ](\d{4})$/.exec(plain)
  const yearAndMonth = /^(\d{4})[/.\- ](\d{1,2})$/.exec(plain)
  const date =
    dayFirst !== null
      ? isoDate(dayFirst[3], dayFirst[2], dayFirst[1])
      : yearFirst !== null
        ? isoDate(yearFirst[1], yearFirst[2], yearFirst[3])
        : monthOnly !== null
          ? isoMonth(monthOnly[2], monthOnly[1])
          : yearAndMonth !== null
            ? isoMonth(yearAndMonth[1], yearAndMonth[2])
            : /^\d{4}$/.test(plain)
              ? plain
              : /^\d{1,3}$/.test(plain)
                ? String(thisYear - Number(plain))
                : null
  // A shorter text comes before the day that begins with it: this year and this month are not ahead.
  return date !== null && date <= today && Number(date.slice(0, 4)) > thisYear - 130 ? date : null
}

function isoMonth(year = '', month = ''): string | null {
  return isoDate(year, month, '1')?.slice(0, 'YYYY-MM'.length) ?? null
}

function isoDate(year = '', month = '', day = ''): string | null {
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  const time = Date.parse(`${date}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date) ? date : null
}

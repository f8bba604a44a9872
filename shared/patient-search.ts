import { nameParts, normaliseArabic, normalisedWords, withoutArticle } from './arabic.ts'
import { toLatinDigits } from './digits.ts'
import { otherLayoutReadings } from './keyboard-layout.ts'
import { latinKey, latinKeysOfArabic } from './latin-key.ts'
import { nationalDigits, phonePrefixes } from './phone.ts'

/** What search reads of a patient. */
export interface SearchablePatient {
  readonly id: string
  readonly name: string
  readonly phones: readonly string[]
  readonly nationalId: string | null
  readonly fileNumber: string | null
  /** An ISO date or instant. */
  readonly lastVisitAt?: string | null
}

/**
 * Words of the index that are not plain name words begin with a Greek letter, which nobody at a
 * desk types and which is dropped from what is typed: `p` must not find everyone with a phone.
 */
const PHONE = 'φ'
/** A phone's digits from the last to the first, so that "ends with 4567" is a prefix: ρ7654. */
const PHONE_REVERSED = 'ρ'
const NATIONAL_ID = 'ν'
const FILE_NUMBER = 'ξ'
const NUMBER_WORD = /^[φρνξ]/
/** The whole name, of who has no phone: what tells namesakes then. */
const NAME_ALONE = 'δ'
/** A `latinKey`. */
const LATIN = 'λ'
const INDEX_ONLY = /^[φρνξλδ]/
/** Closes the words of which the whole can be asked for and not only the beginning. */
const END = 'ω'

/** Whether an asked word is a number's and not a name's. */
export function isNumberWord(word: string): boolean {
  return NUMBER_WORD.test(word)
}

/** Whether an asked word is all of a word of the index, and not only its beginning. */
export function isWholeWord(asked: string, word: string): boolean {
  return word === asked || word === asked + END
}

/** A word of the index and where it comes from: the n-th word of the name, or a number. */
export interface PatientIndexWord {
  readonly word: string
  readonly position: number | 'NUMBER'
}

/**
 * The words under which one patient is found, for a full-text index whose tokenizer splits at
 * spaces (FTS5 `unicode61 remove_diacritics 0`). The words of the name come first and in order, so
 * the first-token operator (`^`) asks for the given name. About 12 words, 125 bytes a patient.
 */
export function patientSearchText(patient: SearchablePatient): string {
  const names = normalisedWords(patient.name)
  const words = new Set<string>()
  for (const name of names) words.add(nameWord(name))
  for (const name of names) for (const word of derivedNameWords(name)) words.add(word)
  const numbers = numberWords(patient)
  for (const word of numbers) words.add(word)
  // Those of phones come first.
  if (numbers[0]?.startsWith(PHONE) !== true) words.add(nameAlone(names.join(' ')))
  return [...words].join(' ')
}

function nameAlone(normalised: string): string {
  return NAME_ALONE + normalised.replaceAll(' ', '') + END
}

/**
 * An FTS5 MATCH expression that finds at least all patients of one `duplicateKey`, and few others; but
 * not who has no phone and the asked one for a last name. Its words are whole: no beginnings.
 */
export function namesakeMatch(name: string, phone: string | null): string {
  const normalised = normaliseArabic(name)
  const digits = phone === null ? '' : nationalDigits(toLatinDigits(phone))
  const words =
    digits === ''
      ? [nameAlone(normalised)]
      : [PHONE + digits + END, ...splitWords(normalised).slice(0, 2).map(nameWord)]
  return words.map((word) => `"${word}"`).join(' ')
}

/** The words of `patientSearchText`, each with where it comes from. */
export function patientIndexWords(patient: SearchablePatient): PatientIndexWord[] {
  const names = splitWords(normaliseArabic(patient.name))
  const literal = names.map((word, position) => ({ word: nameWord(word), position }))
  const derived = names.flatMap((name, position) =>
    derivedNameWords(name).map((word) => ({ word, position })),
  )
  const numbers = numberWords(patient).map((word) => ({ word, position: 'NUMBER' as const }))
  return [...literal, ...derived, ...numbers]
}

/** A digit after a name (محمد علي ٢) tells namesakes apart; as a bare word it would be a number. */
function nameWord(word: string): string {
  return /^\d/.test(word) ? FILE_NUMBER + word + END : word
}

/**
 * A clinic's patients share a few thousand name words, and deriving theirs was two thirds of the work
 * of indexing and of ranking. Forgotten when a list of something else than names has filled it.
 */
const derivedWords = new Map<string, readonly string[]>()
const MOST_DERIVED = 10_000

function derivedNameWords(name: string): readonly string[] {
  const known = derivedWords.get(name)
  if (known !== undefined) return known
  if (derivedWords.size >= MOST_DERIVED) derivedWords.clear()
  const derived = deriveNameWords(name)
  derivedWords.set(name, derived)
  return derived
}

function deriveNameWords(name: string): string[] {
  const parts = nameParts(name)
  const keys = [name, ...parts].flatMap((word) => [...latinKeysOfArabic(word), latinKey(word)])
  return [...parts, ...keys.filter((key) => key !== '').map((key) => LATIN + key + END)]
}

function numberWords({ phones, nationalId, fileNumber }: SearchablePatient): string[] {
  const words: string[] = []
  for (const phone of phones) {
    const digits = nationalDigits(phone)
    if (digits !== '') words.push(PHONE + digits + END, PHONE_REVERSED + reverse(digits))
  }
  if (nationalId !== null) words.push(NATIONAL_ID + nationalId)
  words.push(...fileNumberWords(fileNumber ?? ''))
  return words
}

/** A-0123 is found as a0123, 0123 and 123. */
function fileNumberWords(fileNumber: string): string[] {
  if (fileNumber === '') return []
  // Most of them.
  if (/^[1-9]\d*$/.test(fileNumber)) return [FILE_NUMBER + fileNumber + END]
  const parts = splitWords(normaliseArabic(fileNumber))
  const digits = parts.flatMap((part) => part.match(/\d+/g) ?? [])
  const forms = [parts.join(''), ...parts.filter((part) => /\d/.test(part)), ...digits]
  const all = [...forms, ...forms.map((form) => form.replace(/^0+(?=.)/, ''))]
  return [...new Set(all)].filter((form) => form !== '').map((form) => FILE_NUMBER + form + END)
}

export type PatientReadingKind = 'TYPED' | 'OTHER_LAYOUT' | 'LATIN' | 'NUMBER'

/** One way to understand what was typed: a patient matches who has, for each word, a word that begins with it. */
export interface PatientReading {
  readonly kind: PatientReadingKind
  readonly words: readonly string[]
  /** For LATIN, what was typed, word for word, from which vowels are compared. */
  readonly typed: readonly string[]
}

const MAX_READINGS = 16

/**
 * The ways to understand a search, most likely first: as typed, across scripts (`ahmed` for أحمد),
 * as if the other keyboard layout had been meant, with and without the article; and for digits,
 * the end or the beginning of a phone, a file number, a national ID. Ask the index for each until
 * there are enough hits, then rank. Empty when nothing can be searched for.
 */
export function patientSearchQueries(input: string): PatientReading[] {
  const texts = [
    { text: input, kind: 'TYPED' as const },
    ...otherLayoutReadings(input)
      .filter(isPlausibleLayout)
      .map((text) => ({ text, kind: 'OTHER_LAYOUT' as const })),
  ]
  const readings = texts.flatMap(({ text, kind }) => readText(text, kind))
  const seen = new Set<string>()
  const distinct = readings.filter(({ words }) => {
    const key = words.join(' ')
    const isNew = !seen.has(key)
    seen.add(key)
    return isNew
  })
  return distinct.slice(0, MAX_READINGS)
}

/** أحمد on the other layout is hpl], which is no name: Latin names are letters, vowels among them. */
function isPlausibleLayout(text: string): boolean {
  if (/[\u0621-\u064a]/.test(text)) return true
  return /^[a-z0-9 '-]+$/i.test(text) && splitWords(text).every((word) => /[aeiouy\d]/i.test(word))
}

function readText(text: string, kind: 'TYPED' | 'OTHER_LAYOUT'): PatientReading[] {
  const words = splitWords(normaliseArabic(text)).filter((word) => !INDEX_ONLY.test(word))
  if (words.length === 0) return []
  const numbers = words.filter((word) => /^\d+$/.test(word))
  const names = words.filter((word) => !/^\d+$/.test(word))
  if (names.length === 0) return readDigits(numbers.join(''), text)
  const nameReadings = readNames(names, kind)
  if (numbers.length === 0) return nameReadings
  const numberReadings = readDigits(numbers.join(''), text)
  return nameReadings.flatMap((name) =>
    numberReadings.map((number) => ({
      kind: name.kind,
      words: [...name.words, ...number.words],
      typed: [...name.typed, ...number.typed],
    })),
  )
}

const LONE_ARTICLES = new Set(['ال', 'el', 'al'])

function readNames(names: readonly string[], kind: 'TYPED' | 'OTHER_LAYOUT'): PatientReading[] {
  // A lone article is the next name being typed: it says nothing yet, unless it is all there is.
  const said = names.filter((name) => !LONE_ARTICLES.has(name))
  const meant = said.length > 0 ? said : names
  const literal = { kind, words: meant, typed: meant }
  const bare = meant.map((name) => withoutArticle(name) ?? name)
  const withoutArticles = { kind, words: bare, typed: bare }
  const fileNumber = names.join('')
  const fileNumbers = /\d/.test(fileNumber)
    ? [{ kind: 'NUMBER' as const, words: [FILE_NUMBER + fileNumber], typed: [fileNumber] }]
    : []
  return [...fileNumbers, literal, ...readLatinNames(meant), withoutArticles]
}

/** Whole keys before beginnings: `ali` is عَلي before it is عالية, علاء and all that begin alike. */
function readLatinNames(names: readonly string[]): PatientReading[] {
  if (!names.some((name) => latinKey(name) !== '')) return []
  const reading = (typed: readonly string[], end: string): PatientReading => ({
    kind: 'LATIN',
    typed,
    words: typed.map((name) => {
      const key = latinKey(name)
      return key === '' ? name : LATIN + key + end
    }),
  })
  const bare = names.map((name) => name.replace(/^[ea]l(?=.{3})/, ''))
  const withoutH = names.map((name) => name.replace(/(?<=[aeiou])h$/, ''))
  return [reading(names, END), reading(names, ''), reading(bare, ''), reading(withoutH, '')]
}

function readDigits(digits: string, text: string): PatientReading[] {
  const reading = (word: string): PatientReading => ({
    kind: 'NUMBER',
    words: [word],
    typed: [digits],
  })
  const ends = digits.length >= 3 ? [reading(PHONE_REVERSED + reverse(digits))] : []
  const begins = phonePrefixes(digits).map((prefix) => reading(PHONE + prefix))
  const file = FILE_NUMBER + digits.replace(/^0+(?=.)/, '')
  const files = [file + END, FILE_NUMBER + digits, file].map(reading)
  const ids = /^[23]\d{5,13}$/.test(digits) ? [reading(NATIONAL_ID + digits)] : []
  const looksLikePhone = /^0[01]/.test(digits) || toLatinDigits(text).trim().startsWith('+')
  return looksLikePhone || digits.length > 6
    ? [...begins, ...ends, ...ids, ...files]
    : [...files, ...ends, ...begins, ...ids]
}

/**
 * A reading as an FTS5 MATCH expression: every word a prefix, all of them required. With
 * `firstName` the first word must begin the first word of the text, which is the given name.
 */
export function ftsMatch({ words }: PatientReading, firstName = false): string {
  return words.map((word, index) => `${firstName && index === 0 ? '^' : ''}"${word}"*`).join(' ')
}

function splitWords(text: string): string[] {
  return text.split(' ').filter((word) => word !== '')
}

function reverse(digits: string): string {
  let reversed = ''
  for (const digit of digits) reversed = digit + reversed
  return reversed
}

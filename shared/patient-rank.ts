import { normaliseArabic } from './arabic.ts'
import { vowelFit } from './latin-key.ts'
import {
  isNumberWord,
  isWholeWord,
  patientIndexWords,
  patientSearchQueries,
  type PatientIndexWord,
  type PatientReading,
  type SearchablePatient,
} from './patient-search.ts'

/**
 * How well a patient answers a search, each figure larger for better, compared in this order:
 * - `start`: 3 the whole given name or the whole number was typed, 2 the given name's beginning or
 *   a phone's last four, 1 another name whole or a number's beginning, 0 another name's beginning;
 * - `order`: 2 the words stand together as typed, 1 in the order typed, 0 not;
 * - `fit`: how near the name is to what was typed, in tenths;
 * - `recency`: minus the days since the last visit;
 * - `number`: for a name and a number together, how much of the number was typed (as in `start`).
 */
interface Relevance {
  readonly start: number
  readonly order: number
  readonly fit: number
  readonly recency: number
  readonly number: number
}

const FIGURES = ['start', 'order', 'fit', 'recency', 'number'] as const

/**
 * The patients an index answered, best first. `today` is an ISO date. Those that no reading of the
 * input explains (the index was behind the record) come last. Linear in the hits, about 30 µs each.
 */
export function rankPatientHits<P extends SearchablePatient>(
  hits: readonly P[],
  input: string,
  today: string,
): P[] {
  const readings = patientSearchQueries(input)
  return hits
    .map((patient) => ({ patient, relevance: relevanceOf(patient, readings, today) }))
    .toSorted(
      (one, other) =>
        compareRelevance(one.relevance, other.relevance) ||
        one.patient.name.length - other.patient.name.length ||
        (one.patient.id < other.patient.id ? -1 : 1),
    )
    .map(({ patient }) => patient)
}

function relevanceOf(
  patient: SearchablePatient,
  readings: readonly PatientReading[],
  today: string,
): Relevance | null {
  const words = patientIndexWords(patient)
  const names = normaliseArabic(patient.name).split(' ')
  const recency = recencyOf(patient.lastVisitAt ?? null, today)
  let best: Relevance | null = null
  for (const reading of readings) {
    const match = matchReading(reading, words, names)
    if (match === null) continue
    const relevance = { ...match, recency }
    if (compareRelevance(relevance, best) < 0) best = relevance
  }
  return best
}

/** Negative when `one` is the better, as `sort` wants it. */
function compareRelevance(one: Relevance | null, other: Relevance | null): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null)
  for (const figure of FIGURES) {
    if (one[figure] !== other[figure]) return one[figure] > other[figure] ? -1 : 1
  }
  return 0
}

const MS_PER_DAY = 86_400_000

function recencyOf(lastVisitAt: string | null, today: string): number {
  if (lastVisitAt === null) return Number.NEGATIVE_INFINITY
  return -Math.max(0, Math.floor((Date.parse(today) - Date.parse(lastVisitAt)) / MS_PER_DAY))
}

interface WordMatch {
  readonly position: number | 'NUMBER'
  readonly isWhole: boolean
}

function matchReading(
  reading: PatientReading,
  words: readonly PatientIndexWord[],
  names: readonly string[],
): Omit<Relevance, 'recency'> | null {
  const matches: WordMatch[] = []
  for (const asked of reading.words) {
    const match = matchWord(asked, words, matches)
    if (match === null) return null
    matches.push(match)
  }
  const named = matches.filter(({ position }) => position !== 'NUMBER')
  const number = Math.max(0, ...reading.words.map((asked, at) => numberScore(asked, matches[at])))
  return {
    start: named[0] === undefined ? number : nameScore(named[0]),
    order: orderScore(named.map(({ position }) => Number(position))),
    fit: fitScore(reading, matches, names),
    number,
  }
}

/** The best word for one asked word: a name not yet taken, further on in the name, whole. */
function matchWord(
  asked: string,
  words: readonly PatientIndexWord[],
  before: readonly WordMatch[],
): WordMatch | null {
  const last = before.at(-1)?.position ?? -1
  const taken = new Set(before.map(({ position }) => position))
  let best: { readonly match: WordMatch; readonly score: number } | null = null
  for (const { word, position } of words) {
    if (!word.startsWith(asked)) continue
    const isWhole = isWholeWord(asked, word)
    const isFurther = position !== 'NUMBER' && last !== 'NUMBER' && position > last
    const isFree = position === 'NUMBER' || !taken.has(position)
    const score = Number(isFree) * 4 + Number(isFurther) * 2 + Number(isWhole)
    if (best === null || score > best.score) best = { match: { position, isWhole }, score }
  }
  return best === null ? null : best.match
}

function nameScore({ position, isWhole }: WordMatch): number {
  return position === 0 ? (isWhole ? 3 : 2) : isWhole ? 1 : 0
}

function numberScore(asked: string, match: WordMatch | undefined): number {
  if (match === undefined || !isNumberWord(asked)) return 0
  if (match.isWhole) return 3
  const lastFour = asked.startsWith('ρ') && asked.length > 4
  return lastFour ? 2 : 1
}

function orderScore(positions: readonly number[]): number {
  const steps = positions.slice(1).map((position, index) => position - (positions[index] ?? 0))
  if (steps.every((step) => step === 1)) return 2
  return steps.every((step) => step > 0) ? 1 : 0
}

/** Whole words fit better than beginnings, the typed script better than the other, then vowels. */
function fitScore(
  { kind, typed }: PatientReading,
  matches: readonly WordMatch[],
  names: readonly string[],
): number {
  const fits = matches.map(({ position, isWhole }, index) => {
    if (position === 'NUMBER') return 1
    const vowels = kind === 'LATIN' ? vowelFit(typed[index] ?? '', names[position] ?? '') : 1
    return (isWhole ? 0.5 : 0) + vowels / 2
  })
  const fit = fits.reduce((sum, value) => sum + value, 0) / Math.max(1, fits.length)
  return Math.round((kind === 'OTHER_LAYOUT' ? fit - 0.1 : fit) * 10)
}

import { toLatinDigits } from './digits.ts'

/**
 * Raise it with any change to what `normaliseArabic` or `patientSearchText` answer: a station
 * whose index was written under another version makes it anew while it works.
 */
export const SEARCH_NORMALISER_VERSION = 2

/**
 * Letters that a hand at a clinic uses for one another. Hamza carriers and madda need no entry:
 * they decompose (NFKD) into the bare letter and a mark, and marks are dropped. The Persian, Urdu
 * and Kurdish letters come from phones and foreign keyboards, the wasla from copied scripture.
 */
const LOOK_ALIKES = {
  ا: 'ٱٲٳ',
  ب: 'پ',
  ت: 'ٹ',
  ج: 'چ',
  د: 'ڈ',
  ر: 'ڑ',
  ز: 'ژ',
  ف: 'ڤڥ',
  ق: 'ڧڨ',
  ك: 'کڪگ',
  ن: 'ں',
  ه: 'ةۃہھە',
  و: 'ۆۇۈۋ',
  ي: 'ىیۍېےێ',
  σ: 'ς',
}

const SAME_LETTER = new Map(
  Object.entries(LOOK_ALIKES).flatMap(([letter, others]) =>
    Array.from(others, (other): [string, string] => [other, letter]),
  ),
)

/** The names of God after عبد that clinics also write without the article: عبد رحمن. */
const ATTRIBUTES = new Set(
  (
    'رحمن رحيم ملك سلام عزيز جبار خالق باري غفار قهار وهاب رزاق رازق فتاح عليم باسط رافع معز ' +
    'سميع بصير حكم عدل لطيف خبير حليم عظيم غفور شكور كبير حفيظ مقيت حسيب جليل كريم رقيب مجيب ' +
    'واسع حكيم ودود مجيد شهيد حق وكيل قوي متين ولي حميد محسن محيي حي قيوم واجد ماجد واحد احد ' +
    'صمد قادر مقتدر مقدم اول ظاهر باطن والي متعال بر تواب منعم عفو روف مالك جواد غني مغني هادي ' +
    'بديع باقي وارث رشيد صبور منصف ناصر نبي رسول مسيح نور ستار موجود معبود مولي مقصود عال عاطي معطي'
  ).split(' '),
)

/** Second halves that belong to the word before them: نور الدين, فتح الله, جاد الحق. */
const SECOND_HALVES = new Set(['الدين', 'الله', 'الحق', 'الرب', 'المولي', 'النبي', 'الاسلام'])

/** Words that belong to the word after them: أبو بكر, أم كلثوم, آل سعود (and a stray ال). */
const FIRST_HALVES = new Set(['ابو', 'ام', 'ال', 'عبدال'])

/**
 * The search key of a text: the same for every way a clinic types one name. أحمد and احمد,
 * فاطمة and فاطمه, يحيى and يحي, عبد الرحمن and عبدالرحمن, ٠١٢ and 012 each come out equal.
 *
 * Words of letters and digits with single spaces between, Latin in lower case, no marks, no
 * hamza, no tatweel, no direction controls; doubled ا و ي are one letter (داوود, داود). Lossy: for
 * indexes and comparison, never for display. Idempotent.
 */
export function normaliseArabic(text: string): string {
  return normalisedWords(text).join(' ')
}

/** The words of `normaliseArabic`. */
export function normalisedWords(text: string): readonly string[] {
  return joinCompounds(foldWords(text))
}

/** People share their names: of a clinic's words few are new, and folding one costs ten look-ups. */
const foldedWords = new Map<string, readonly string[]>()
const MOST_FOLDED = 10_000

/** Word by word, which comes to the same: nothing below looks past a space. */
function foldWords(text: string): string[] {
  const words: string[] = []
  for (const word of text.split(' ')) {
    // Most file numbers; each is another.
    if (/^\d*$/.test(word)) {
      if (word !== '') words.push(word)
    } else words.push(...foldWord(word))
  }
  return words
}

/** One may hold several (علي-حسن), or none. */
function foldWord(word: string): readonly string[] {
  const known = foldedWords.get(word)
  if (known !== undefined) return known
  if (foldedWords.size >= MOST_FOLDED) foldedWords.clear()
  const folded = foldLetters(word)
    .split(' ')
    .filter((each) => each !== '')
  foldedWords.set(word, folded)
  return folded
}

function foldLetters(word: string): string {
  return toLatinDigits(
    word
      // A mark shown alone decomposes into a space and the mark, which would cut the word.
      .replace(/[\ufe70-\ufe7f´]/g, '')
      .normalize('NFKD')
      .toLowerCase()
      .normalize('NFKD'),
  )
    .replace(/[\p{M}\p{Cf}\u0621\u0640\u0674'’‘`ʻʼʾʿ]/gu, '')
    .replace(/[\u0600-\u06ffς]/g, (letter) => SAME_LETTER.get(letter) ?? letter)
    .replace(/ا{2,}|و{2,}|ي{2,}/g, (run) => run.charAt(0))
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** Each join may make the next one possible (أبو عبد الله), so it goes on until nothing joins. */
function joinCompounds(words: readonly string[]): readonly string[] {
  const joined: string[] = []
  for (const word of words) {
    const before = joined.at(-1)
    const compound = before === undefined ? null : joinPair(before, word)
    if (compound === null) joined.push(completeArticle(word))
    else joined[joined.length - 1] = foldWords(compound).join(' ')
  }
  return joined.length === words.length ? joined : joinCompounds(joined)
}

function joinPair(before: string, word: string): string | null {
  if (before === 'عبد') {
    if (word.startsWith('ال')) return before + word
    if (word.startsWith('رب')) return before + word
    return ATTRIBUTES.has(word) ? `${before}ال${word}` : null
  }
  if (FIRST_HALVES.has(before)) return before + word
  return SECOND_HALVES.has(word) ? before + word : null
}

/** عبدرحمن, written as one word and without the article. */
function completeArticle(word: string): string {
  const rest = word.startsWith('عبد') ? word.slice(3) : ''
  return ATTRIBUTES.has(rest) ? `عبدال${rest}` : word
}

/**
 * The parts of one normalised name word by which people also look for it: سيد for السيد, الرحمن
 * and رحمن for عبدالرحمن, بكر for ابوبكر, دين for نورالدين. Without the word itself; mostly empty.
 */
export function nameParts(word: string): string[] {
  const rest = secondHalf(word)
  if (rest === null) return []
  const bare = withoutArticle(rest)
  return (bare === null ? [rest] : [rest, bare]).filter((part) => part !== word)
}

function secondHalf(word: string): string | null {
  if (word.startsWith('عبدال') && word.length > 6) return word.slice(3)
  if (word.startsWith('ابو') && word.length > 4) return word.slice(3)
  for (const half of SECOND_HALVES) {
    if (word.length > half.length && word.endsWith(half)) return half
  }
  return word.startsWith('ال') ? word : null
}

/** سيد for السيد; null when there is no article or what remains is too short to be a name. */
export function withoutArticle(word: string): string | null {
  return word.startsWith('ال') && word.length > 4 ? word.slice(2) : null
}

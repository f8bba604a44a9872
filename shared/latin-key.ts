/**
 * One key for a name across scripts: `ahmed`, `ahmad` and أحمد all have ahmd, `mohamed`,
 * `muhammad` and محمد have mhmd. It keeps the consonants in classes that Latin spellings of Arabic
 * do not tell apart and drops the vowels, which Arabic mostly does not write. An x is kh, a c is sh
 * (written X and C while other letters are still being replaced).
 */
interface Sounds {
  readonly consonants: readonly string[]
  /** The vowels before each consonant and after the last: one more than there are consonants. */
  readonly gaps: readonly string[]
}

/** Longest first; what is not here stands for itself or, as a vowel, for a gap. */
const LATIN_SOUNDS: readonly (readonly [RegExp, string])[] = [
  [/tch|sch|sh|ch(?!r)/g, 'C'],
  [/kh|5/g, 'X'],
  [/dj|gh/g, 'j'],
  [/th|6/g, 't'],
  [/dh/g, 'd'],
  [/ph/g, 'f'],
  // Arabizi: 2 and 3 are hamza and ain, which are heard as the vowel beside them.
  [/[23]/g, 'a'],
  [/7/g, 'h'],
  [/ck|q/g, 'k'],
  [/c(?=[eiy])/g, 's'],
  [/ch|c/g, 'k'],
  [/x/g, 'ks'],
  [/g/g, 'j'],
  [/v/g, 'f'],
  [/p/g, 'b'],
]

const ARABIC_CONSONANTS = new Map(
  Object.entries({
    b: 'ب',
    t: 'تط',
    j: 'جغ',
    h: 'حه',
    X: 'خ',
    d: 'دض',
    r: 'ر',
    z: 'زذظ',
    s: 'سصث',
    C: 'ش',
    f: 'ف',
    k: 'قك',
    l: 'ل',
    m: 'م',
    n: 'ن',
  }).flatMap(([sound, letters]) => Array.from(letters, (letter) => [letter, sound] as const)),
)

/** Letters with a second customary Latin spelling: عثمان is othman and osman, ذياب dhiab. */
const SECOND_SOUNDS = new Map([
  ['ث', 't'],
  ['ذ', 'd'],
  ['ظ', 'd'],
])

/** What a consonant and a following h look like in Latin: فتحي is fathy, إسحاق is ishak. */
const MERGED_WITH_H = new Map([
  ['t', 't'],
  ['d', 'd'],
  ['s', 'C'],
  ['k', 'X'],
  ['j', 'j'],
])

/** عبدالرحمن is abdelrahman and abdurrahman, صلاح الدين salah eldin and salaheddine. */
const SUN_LETTER_COMPOUND = /^(عبد|.{2,})ال(?=[تثدذرزسشصضطظن])/

/** The key of one normalised Latin word, Arabizi digits included; '' if it has no Latin letter. */
export function latinKey(word: string): string {
  return /[a-z]/.test(word) ? keyOf(latinSounds(word)) : ''
}

/**
 * The keys under which one normalised Arabic word is to be found, most literal first: several
 * where Latin spellings divide, such as fatma and fatmah. Empty if the word is not Arabic letters.
 */
export function latinKeysOfArabic(word: string): string[] {
  if (!/^[\u0621-\u064a]+$/.test(word)) return []
  const plain = arabicSounds(word, false)
  const second = arabicSounds(word, true)
  // منة الله is mennatallah: its ta marbuta, normalised to ه, is heard before the article.
  const linked = word.replace(/ه(?=الله$)/, 'ت').replace(SUN_LETTER_COMPOUND, '$1')
  const spellings = [plain, second, mergeWithH(plain), arabicSounds(linked, false)]
  const keys = spellings.map(keyOf).filter((key) => key !== '')
  // Not for الله, whose whole key would then be that of ali and ola.
  const finalH = /(?<!لل)ه$/.test(word) ? keys.map((key) => key.replace(/(?<=.)h$/, '')) : []
  return [...new Set([...keys, ...finalH])]
}

/**
 * How well the vowels of a typed Latin word suit an Arabic word of the same key, 0 to 1: mahmoud
 * suits محمود better than محمد, though both have mhmd.
 */
export function vowelFit(latin: string, arabic: string): number {
  const typed = latinSounds(latin).gaps
  const written = arabicSounds(arabic, false).gaps
  const fits = typed.map((vowels, index) => gapFit(vowels, written[index] ?? ''))
  return fits.reduce((sum, fit) => sum + fit, 0) / fits.length
}

function gapFit(vowels: string, letters: string): number {
  // An unwritten vowel is short, and a or e more often than not.
  if (letters === '') return /^[ae]?$/.test(vowels) ? 1 : /^[iou]$/.test(vowels) ? 0.6 : 0
  if (letters.includes('و') && /[ouw]/.test(vowels)) return 1
  if (letters.includes('ي') && /[eiy]/.test(vowels)) return 1
  return /[اع]/.test(letters) && /[aeo]/.test(vowels) ? 1 : 0
}

function keyOf({ consonants, gaps }: Sounds): string {
  return ((gaps[0] === '' ? '' : 'a') + consonants.join('')).toLowerCase()
}

function latinSounds(word: string): Sounds {
  const sounds = LATIN_SOUNDS.reduce((so, [spelling, sound]) => so.replace(spelling, sound), word)
    .replace(/[^a-zXC]/g, '')
    .replace(/([^aeiou])\1+/g, '$1')
  // y and w are consonants only where they begin a word; inside, spellings do not agree on them.
  return splitSounds(Array.from(sounds), (letter, index) =>
    /[aeiou]/.test(letter) || (/[yw]/.test(letter) && index > 0) || isVowelY(sounds, index)
      ? null
      : letter,
  )
}

/** Ynes begins with a vowel, Yasser with a consonant. */
function isVowelY(sounds: string, index: number): boolean {
  return sounds.charAt(index) === 'y' && !/[aeiouw]/.test(sounds.charAt(index + 1) || 'a')
}

function arabicSounds(word: string, second: boolean): Sounds {
  const letters = Array.from(word.replace(/ل{2,}/g, 'ل').replaceAll('تش', 'ش'))
  return splitSounds(letters, (letter, index) => {
    if (index === 0 && letter === 'و') return 'w'
    if (index === 0 && letter === 'ي') return 'y'
    return (second ? SECOND_SOUNDS.get(letter) : undefined) ?? ARABIC_CONSONANTS.get(letter) ?? null
  })
}

function splitSounds(
  letters: readonly string[],
  consonantOf: (letter: string, index: number) => string | null,
): Sounds {
  const consonants: string[] = []
  const gaps: string[] = []
  let gap = ''
  for (const [index, letter] of letters.entries()) {
    const consonant = consonantOf(letter, index)
    if (consonant === null) {
      gap += letter
    } else {
      consonants.push(consonant)
      gaps.push(gap)
      gap = ''
    }
  }
  return { consonants, gaps: [...gaps, gap] }
}

function mergeWithH({ consonants, gaps }: Sounds): Sounds {
  const merged: string[] = []
  for (const [index, consonant] of consonants.entries()) {
    const before = index > 0 && consonant === 'h' && gaps[index] === '' ? merged.at(-1) : undefined
    const both = before === undefined ? undefined : MERGED_WITH_H.get(before)
    if (both === undefined) merged.push(consonant)
    else merged[merged.length - 1] = both
  }
  return { consonants: merged, gaps }
}

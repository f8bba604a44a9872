/**
 * Windows' "Arabic (101)" keys as [US QWERTY character, Arabic character], from Microsoft's
 * KBDA1 (kbdlayout.info/kbda1). Keys that write the same on both are left out. Four keys write
 * two letters (لا and its hamza forms).
 */
const KEYS: readonly (readonly [string, string])[] = [
  ['`', 'ذ'],
  ...pairKeys('qwertyuiop[]', 'ضصثقفغعهخحجد'),
  ...pairKeys("asdfghjkl;'", 'شسيبلاتنمكط'),
  ...pairKeys('zxcv', 'ئءؤر'),
  ['b', 'لا'],
  ...pairKeys('nm,./', 'ىةوزظ'),
  ...pairKeys('QWER', '\u064e\u064b\u064f\u064c'),
  ['T', 'لإ'],
  ...pairKeys('YUIOP{}', 'إ‘÷×؛<>'),
  ...pairKeys('ASDF', '\u0650\u064d]['),
  ['G', 'لأ'],
  ...pairKeys('HJKL', 'أـ،/'),
  ...pairKeys('ZXCV', '~\u0652}{'),
  ['B', 'لآ'],
  ...pairKeys('NM<>?', 'آ’,.؟'),
  ['~', '\u0651'],
]

const TO_ARABIC = new Map(KEYS)
const TO_LATIN = new Map(KEYS.map(([latin, arabic]) => [arabic, latin]))

/** The keys that write a letter, for telling `]kdh` (دنيا) from a date or a phone number. */
const ARABIC_LETTER_KEYS = /^[a-z`[\];',./]$/i

/**
 * What the same keys would have written on the other layout, most likely first: `lpl]` typed on
 * English reads محمد, شاةثي typed on Arabic reads ahmed. Empty when the text mixes both scripts,
 * holds no letter, or holds a character that no key writes. At most four readings:
 * - English text with capitals is read with Shift (Hpl] is أحمد) and as if Caps Lock had been on;
 * - لا is one key (b) or two (gh), so Arabic text with it has a reading for each.
 */
export function otherLayoutReadings(text: string): string[] {
  const hasLatin = /[a-z]/i.test(text)
  const hasArabic = /[\u0621-\u064a]/.test(text)
  if (hasLatin && hasArabic) return []
  if (hasArabic) return readAsLatin(text)
  const onlyKeys = Array.from(text).every((key) => key === ' ' || ARABIC_LETTER_KEYS.test(key))
  return hasLatin || (onlyKeys && text.trim() !== '') ? readAsArabic(text) : []
}

function readAsArabic(text: string): string[] {
  const withShift = Array.from(text, (key) => TO_ARABIC.get(key) ?? key).join('')
  const withCapsLock = Array.from(text.toLowerCase(), (key) => TO_ARABIC.get(key) ?? key).join('')
  return withShift === withCapsLock ? [withShift] : [withShift, withCapsLock]
}

const LAM_ALEFS = /ل[اأإآ]/g

function readAsLatin(text: string): string[] {
  const oneKey = text.replace(LAM_ALEFS, (pair) => TO_LATIN.get(pair) ?? pair)
  // Which of several لا were one key cannot be known; a name rarely has two.
  const readings = oneKey === text ? [text] : [oneKey, text]
  return readings.flatMap((reading) => {
    const latin = Array.from(reading, (letter) => TO_LATIN.get(letter) ?? letter).join('')
    return /[\u0600-\u06ff]/.test(latin) ? [] : [latin]
  })
}

function pairKeys(latin: string, arabic: string): (readonly [string, string])[] {
  const letters = Array.from(arabic)
  return Array.from(latin, (key, index) => [key, letters[index] ?? ''] as const)
}

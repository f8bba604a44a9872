import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nameParts, normaliseArabic } from './arabic.ts'

describe('normaliseArabic', () => {
  test.each([
    ['أحمد', 'احمد', 'إحمد', 'آحمد', 'ٱحمد', 'أَحْمَد', 'أحـــمد', 'اَحمد'],
    ['فاطمة', 'فاطمه', 'فَاطِمَة'],
    ['يحيى', 'يحيي', 'يحي', 'یحیی'],
    ['مصطفى', 'مصطفي', 'مصطفی'],
    ['شيماء', 'شيما', 'شيمآء'],
    ['عائشة', 'عايشه', 'عايشة'],
    ['فؤاد', 'فواد'],
    ['رؤوف', 'رءوف', 'رؤف'],
    ['داوود', 'داود'],
    ['كريم', 'کریم', 'ﻛﺮﻳﻢ'],
    ['علاء', 'ﻋﻼء', 'علا'],
    ['عبد الرحمن', 'عبدالرحمن', 'عبد رحمن', 'عبدرحمن', 'عبد  الرحمن', 'عبد ال رحمن'],
    ['عبد الله', 'عبدالله', 'عبداللة'],
    ['عبد الخالق', 'عبد خالق'],
    ['عبد ربه', 'عبدربه'],
    ['عبد رب النبي', 'عبدرب النبى', 'عبدربالنبي'],
    ['أبو بكر', 'ابوبكر', 'ابو بكر'],
    ['أبو عبد الله', 'ابوعبدالله', 'أبو عبدالله'],
    ['أم كلثوم', 'امكلثوم'],
    ['آل سعود', 'ال سعود', 'السعود'],
    ['نور الدين', 'نورالدين'],
    ['علاء الدين', 'علاءالدين', 'علاالدين'],
    ['عطا الله', 'عطاالله', 'عطالله', 'عطاء الله'],
    ['سعاد', 'س\u200cعاد', '\u202bسعاد\u202c', '\ufeffسعاد'],
    ['٠١٢٣', '۰۱۲۳', '0123'],
    ['Ra’fat', "RA'FAT", 'rafat', 'Rafät'],
  ])('%s is one key however it is typed', (...spellings) => {
    const keys = spellings.map(normaliseArabic)
    expect(keys).toEqual(keys.map(() => keys[0]))
  })

  test.each([
    ['علاء', 'علي'],
    ['حسن', 'حسين'],
    ['عبد محمد', 'عبدمحمد'],
    ['محمد', 'محمود'],
    ['سمر', 'سمير'],
  ])('%s and %s stay apart', (one, other) => {
    expect(normaliseArabic(one)).not.toBe(normaliseArabic(other))
  })

  test('punctuation and spaces become single spaces', () => {
    expect(normaliseArabic('  د. أحمد،  (على) - ٠١٠/٢٣ ')).toBe('د احمد علي 010 23')
    expect(normaliseArabic(' ،. ')).toBe('')
  })

  const fragment = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'اأإآءؤئىيةهوبدنرعلحم \u064e\u0640\u200fﻻﷲ') }),
    fc.constantFrom('عبد', 'ابو', 'أم', 'ال', 'الدين', 'الله', 'رب', 'ربه', 'رحمن', 'عبدرب', 'نور'),
  )
  const text = fc.array(fragment, { maxLength: 6 }).map((parts) => parts.join(' '))

  test('normalising twice changes nothing', () => {
    fc.assert(
      fc.property(text, (input) => {
        const once = normaliseArabic(input)
        expect(normaliseArabic(once)).toBe(once)
      }),
      { numRuns: 5_000 },
    )
  })

  test('what comes out is words of letters and digits with single spaces', () => {
    fc.assert(
      fc.property(text, (input) => {
        expect(normaliseArabic(input)).toMatch(/^$|^[\p{L}\p{N}]+( [\p{L}\p{N}]+)*$/u)
      }),
    )
  })

  test('marks, tatweel and direction controls never matter', () => {
    const noise = fc.constantFrom('\u064b', '\u0651', '\u0670', '\u0640', '\u200e', '\u2067')
    const name = fc.constantFrom('محمد', 'فاطمة', 'عبد الرحمن', 'أبو العلا', 'يحيى')
    fc.assert(
      fc.property(name, fc.array(fc.tuple(fc.nat(20), noise)), (clean, noises) => {
        const insert = (so: string, [at, mark]: [number, string]) =>
          so.slice(0, at) + mark + so.slice(at)
        const dirty = noises.reduce<string>(insert, clean)
        expect(normaliseArabic(dirty)).toBe(normaliseArabic(clean))
      }),
    )
  })
})

test.each([
  ['السيد', ['سيد']],
  ['عبدالرحمن', ['الرحمن', 'رحمن']],
  ['ابوبكر', ['بكر']],
  ['ابوالعلا', ['العلا', 'علا']],
  ['نورالدين', ['الدين', 'دين']],
  ['احمد', []],
  ['الله', []],
])('%s is also looked for by %j', (word, parts) => {
  expect(nameParts(word)).toEqual(parts)
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toArabicIndicDigits } from './digits.ts'
import { duplicateKey, duplicateKeysOf } from './patient-csv.ts'
import {
  ftsMatch,
  namesakeMatch,
  patientSearchQueries,
  patientSearchText,
} from './patient-search.ts'

const AHMED = {
  id: 'p1',
  name: 'أحمد عبد الرحمن محمد السيد',
  phones: ['+201001234567'],
  nationalId: '29001012101231',
  fileNumber: 'أ-0123',
}

/** What the index does: each word of a reading must begin a word of the text. */
function isFound(patient: typeof AHMED, input: string): boolean {
  const words = patientSearchText(patient).split(' ')
  return patientSearchQueries(input).some((reading) =>
    reading.words.every((asked) => words.some((word) => word.startsWith(asked))),
  )
}

function named(name: string): typeof AHMED {
  return { ...AHMED, name }
}

describe('a patient is found by', () => {
  test.each([
    ['the name', 'أحمد عبد الرحمن'],
    ['the name without hamza', 'احمد'],
    ['its beginnings', 'اح عب'],
    ['its words in any order', 'السيد احمد'],
    ['the compound while it is typed', 'احمد عبد ال'],
    ['the compound while it is typed', 'احمد عبد الر'],
    ['the compound in one word', 'احمد عبدالرحم'],
    ['the compound without article', 'عبد رح'],
    ['half of the compound', 'رحمن'],
    ['the family without article', 'احمد سيد'],
    ['another spelling in Latin', 'Ahmad'],
    ['Latin with the compound', 'ahmed abdel rahman'],
    ['Latin with the compound in one word', 'ahmed abdulrahman'],
    ['Latin with the article', 'ahmed elsayed'],
    ['Latin with the article apart', 'ahmed el-sayed'],
    ['Latin without the article', 'sayed'],
    ['Arabizi', 'a7med'],
    ['the English layout', 'hpl]'],
    ['the English layout and Shift', 'Hpl]'],
    ['the Arabic layout, meaning Latin', 'شاةثي'],
    ['the phone', '01001234567'],
    ['the phone in Arabic digits', '٠١٠٠١٢٣٤٥٦٧'],
    ['the phone with spaces', '0100 123 4567'],
    ['the phone with its country', '+20 100 1234567'],
    ['the phone while it is typed', '01001'],
    ['the last digits of the phone', '4567'],
    ['the last digits of the phone', '٥٦٧'],
    ['the file number', '123'],
    ['the file number with zeros', '0123'],
    ['the file number as written', 'أ-0123'],
    ['the file number as written', 'أ 0123'],
    ['the national ID', '29001012101231'],
    ['the beginning of the national ID', '290010121'],
    ['name and last digits', 'احمد 4567'],
    ['Latin name and last digits', 'ahmed 567'],
  ])('%s: %s', (_, input) => {
    expect(isFound(AHMED, input)).toBe(true)
  })

  test.each(['محمود', 'احمد علي', 'tarek', '9999', '0111', 'احمد 9999', 'φ', 'x', 'p', 'ugd'])(
    'not by %s',
    (input) => {
      expect(isFound(AHMED, input)).toBe(false)
    },
  )

  test.each([
    ['فاطمة علي', 'فاطمه'],
    ['فاطمه على', 'فاطمة علي'],
    ['يحيى', 'يحي'],
    ['سيد محمد', 'السيد'],
    ['نورالدين', 'نور الدين'],
    ['نور الدين', 'nour el din'],
    ['سارا', 'sarah'],
    ['محمد علي ٢', 'محمد علي 2'],
    ['John Smith', 'smith'],
    ['John Smith', 'تخاى'],
  ])('%s by %s', (name, input) => {
    expect(isFound(named(name), input)).toBe(true)
  })
})

test('the given name comes first in the text, for the first-token operator', () => {
  expect(patientSearchText(AHMED)).toMatch(/^احمد عبدالرحمن محمد السيد /)
})

test('nothing to search for gives no reading', () => {
  expect(patientSearchQueries(' ،.- ')).toEqual([])
})

test('as typed comes before all other readings', () => {
  expect(patientSearchQueries('احمد')[0]).toMatchObject({ kind: 'TYPED', words: ['احمد'] })
  expect(patientSearchQueries('ahmed')[0]).toMatchObject({ kind: 'TYPED', words: ['ahmed'] })
})

test('a reading is an FTS5 expression of prefixes', () => {
  const [reading] = patientSearchQueries('احمد السيد')
  expect(reading && ftsMatch(reading)).toBe('"احمد"* "السيد"*')
  expect(reading && ftsMatch(reading, true)).toBe('^"احمد"* "السيد"*')
})

const name = fc
  .array(fc.constantFrom('أحمد', 'فاطمة', 'عبد الله', 'أبو زيد', 'الشريف', 'نور الدين', 'Peter'), {
    minLength: 1,
    maxLength: 4,
  })
  .map((words) => words.join(' '))

test('whatever beginning of the name is typed, the patient is found', () => {
  fc.assert(
    fc.property(name, fc.nat(40), (full, length) => {
      const typed = full.slice(0, length + 1)
      expect(isFound(named(full), typed)).toBe(true)
    }),
  )
})

test('whatever end of three digits or more of the phone is typed, the patient is found', () => {
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 11 }), fc.boolean(), (length, arabic) => {
      const typed = '01001234567'.slice(-length)
      expect(isFound(AHMED, arabic ? toArabicIndicDigits(typed) : typed)).toBe(true)
    }),
  )
})

const input = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: fc.constantFrom(...'ال elبعدmhk1٢0-+φ]') }),
)

test('no input makes an expression that FTS5 could misread', () => {
  fc.assert(
    fc.property(input, (typed) => {
      for (const { words } of patientSearchQueries(typed)) {
        expect(words.length).toBeGreaterThan(0)
        for (const word of words) expect(word).toMatch(/^[\p{L}\p{N}]+$/u)
      }
    }),
  )
})

test('whoever shares a duplicate key has every word that its match asks for', () => {
  const name = fc
    .array(fc.constantFrom('أحمد', 'احمد', 'عبد', 'الرحمن', 'على', '٢', 'ahmed', '-'), {
      maxLength: 5,
    })
    .map((words) => words.join(' '))
  const kept = ['+201001234567', '01001234567', '+966501234567']
  const phone = fc.constantFrom(...kept, '٠١٠٠١٢٣٤٥٦٧')
  const phones = fc.array(fc.constantFrom(...kept), { maxLength: 2 })
  let same = 0
  fc.assert(
    fc.property(name, phones, name, fc.option(phone), (has, hasPhones, asked, askedPhone) => {
      const patient = { ...AHMED, name: has, phones: hasPhones }
      if (!duplicateKeysOf(patient).includes(duplicateKey(asked, askedPhone))) return
      same += 1
      const words = patientSearchText(patient).split(' ')
      const match = namesakeMatch(asked, askedPhone)
      for (const word of match.split(' ')) expect(words).toContain(word.slice(1, -1))
    }),
    { numRuns: 3_000 },
  )
  expect(same).toBeGreaterThan(10)
})

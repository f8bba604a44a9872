import { describe, expect, it } from 'vitest'
import { makeFormats, type Language, type Place } from './formats.ts'
import { makeText } from './texts.ts'

function textIn(language: Language, digits: Place['digits']) {
  return makeText(language, makeFormats({ language, digits, timeZone: 'Africa/Cairo' }))
}

describe('a text', () => {
  it.each([
    [0, 'لا مرضى'],
    [1, 'مريض واحد'],
    [2, 'مريضان'],
    [3, '٣ مرضى'],
    [10, '١٠ مرضى'],
    [11, '١١ مريضًا'],
    [99, '٩٩ مريضًا'],
    [100, '١٠٠ مريض'],
    [103, '١٠٣ مرضى'],
  ])('counts %i patients in Arabic as %s', (count, words) => {
    expect(textIn('ar', 'ARABIC_INDIC')('count.patients', { count })).toBe(words)
  })

  it('counts in English', () => {
    const text = textIn('en', 'LATIN')
    expect(text('count.patients', { count: 1 })).toBe('one patient')
    expect(text('count.patients', { count: 1234 })).toBe('1,234 patients')
  })

  it('isolates what is put in, so that a foreign name turns nothing around', () => {
    expect(textIn('ar', 'LATIN')('toast.FINISH_VISIT', { name: 'John (VIP)' })).toBe(
      'انتهت زيارة \u2068John (VIP)\u2069.',
    )
  })

  it('shows digits alike, also those that stand in the text itself', () => {
    expect(textIn('ar', 'LATIN')('session.pinHint')).toContain('4')
    expect(textIn('ar', 'ARABIC_INDIC')('session.pinHint')).toContain('٤')
  })
})

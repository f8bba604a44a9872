import { describe, expect, test } from 'vitest'
import { normaliseArabic } from './arabic.ts'
import { latinKey, latinKeysOfArabic, vowelFit } from './latin-key.ts'

describe('one key across scripts', () => {
  test.each([
    ['محمد', 'mohamed', 'mohammed', 'muhammad', 'mo7amed'],
    ['أحمد', 'ahmed', 'ahmad', 'a7med'],
    ['عمر', 'omar', 'omer', '3omar'],
    ['خالد', 'khaled', 'khalid', '5aled'],
    ['فاطمة', 'fatma', 'fatima', 'fatmah'],
    ['يحيى', 'yahya', 'yehia'],
    ['يوسف', 'youssef', 'yusuf'],
    ['فتحي', 'fathy', 'fathi'],
    ['مدحت', 'medhat', 'midhat'],
    ['إسحاق', 'ishak', 'eshaq'],
    ['سهير', 'soheir', 'suhair'],
    ['عثمان', 'osman', 'othman'],
    ['جمال', 'gamal', 'jamal', 'djamel'],
    ['عبد الرحمن', 'abdelrahman', 'abdurrahman', 'abdulrahman'],
    ['صلاح الدين', 'salaheldin', 'salaheddine'],
    ['منة الله', 'mennatallah'],
    ['ألكسندر', 'alexander'],
    ['كريستين', 'christine'],
    ['وائل', 'wael', 'wail'],
    ['إيناس', 'ynes', 'enas'],
  ])('%s is also spelled %s and %s', (arabic, ...spellings) => {
    expect(latinKeysOfArabic(normaliseArabic(arabic))).toEqual(
      expect.arrayContaining(spellings.map(latinKey)),
    )
  })

  test.each([
    ['حسن', 'hesham'],
    ['كريم', 'karima7'],
    ['سمير', 'shimaa'],
    ['عمر', 'mourad'],
  ])('%s is not %s', (arabic, latin) => {
    expect(latinKeysOfArabic(normaliseArabic(arabic))).not.toContain(latinKey(latin))
  })

  test('a word of another script or of digits has no key', () => {
    expect(latinKeysOfArabic('ahmed')).toEqual([])
    expect(latinKeysOfArabic('احمد2')).toEqual([])
    expect(latinKey('احمد')).toBe('')
    expect(latinKey('2')).toBe('')
  })
})

test.each([
  ['mahmoud', 'محمود', 'محمد'],
  ['mohamed', 'محمد', 'محمود'],
  ['samir', 'سمير', 'سمر'],
  ['samar', 'سمر', 'سمير'],
  ['amina', 'امينه', 'ايمان'],
])('the vowels of %s suit %s better than %s', (typed, better, worse) => {
  expect(vowelFit(typed, better)).toBeGreaterThan(vowelFit(typed, worse))
})

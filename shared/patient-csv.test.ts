import { describe, expect, test } from 'vitest'
import { csvFieldOf } from './patient-csv-columns.ts'
import { duplicateKey, mapPatientRows } from './patient-csv.ts'

const TODAY = '2026-11-22'

function map(header: readonly string[], ...rows: readonly (readonly string[])[]) {
  return mapPatientRows(header, rows, { today: TODAY })
}

describe('headings', () => {
  test.each([
    ['الاسم', 'name'],
    ['إسم المريض', 'name'],
    ['\ufeffName', 'name'],
    ['Patient_Name', 'name'],
    ['تليفون', 'phone'],
    ['الموبايل', 'phone'],
    ['رقم الموبايل 2', 'phone'],
    ['Mobile No.', 'phone'],
    ['رقم الملف', 'fileNumber'],
    ['File No', 'fileNumber'],
    ['الرقم القومى', 'nationalId'],
    ['National-ID', 'nationalId'],
    ['تاريخ الميلاد', 'birthDate'],
    ['Date of Birth', 'birthDate'],
    ['السن', 'age'],
    ['النوع', 'sex'],
    ['العنوان', 'address'],
    ['ملاحظات', 'notes'],
    ['الرصيد', null],
  ])('%s is %s', (heading, field) => {
    expect(csvFieldOf(heading)).toBe(field)
  })
})

describe('mapPatientRows', () => {
  test('an Arabic file', () => {
    const { rows, errors, warnings } = map(
      [
        '\ufeffم',
        'الاسم',
        'تليفون',
        'موبايل',
        'رقم الملف',
        'تاريخ الميلاد',
        'النوع',
        'العنوان',
        'ملاحظات',
      ],
      ['1', ' أحمد  علي ', '٠٢٢٣٤٥٦٧٨٩', '٠١٠٠١٢٣٤٥٦٧', '٤٢', '٣/٥/١٩٨٠', 'ذكر', 'شبرا', ''],
    )
    expect(errors).toEqual([])
    expect(warnings).toEqual([])
    expect(rows).toEqual([
      {
        line: 2,
        draft: {
          name: 'أحمد علي',
          phones: ['+20223456789', '+201001234567'],
          nationalId: null,
          fileNumber: '42',
          birthDate: '1980-05-03',
          birthYear: null,
          sex: 'MALE',
          address: 'شبرا',
          notes: null,
        },
      },
    ])
  })

  test('an English file whose phones lost their zero, with an ID that tells the rest', () => {
    const { rows } = map(
      ['Patient Name', 'Phone', 'National ID'],
      ['Mona Ali', '1001234567 / 01112345678', '29001012101231'],
    )
    expect(rows[0]?.draft).toMatchObject({
      phones: ['+201001234567', '+201112345678'],
      nationalId: '29001012101231',
      birthDate: '1990-01-01',
      sex: 'MALE',
    })
  })

  test.each([
    ['birth date', '31/04/1990', 'CSV_BIRTH_DATE'],
    ['birth date', '12/25/1990', 'CSV_BIRTH_DATE'],
    ['birth date', '23/11/2026', 'CSV_BIRTH_DATE'],
    ['birth date', 'soon', 'CSV_BIRTH_DATE'],
    ['phone', 'لا يوجد', 'CSV_PHONE'],
    ['phone', '1.00123E+09', 'CSV_PHONE'],
    ['national id', '2900101210123', 'CSV_NATIONAL_ID_LENGTH'],
    ['national id', '29013012101231', 'CSV_NATIONAL_ID_DATE'],
    ['national id', '2.9E+13', 'CSV_NATIONAL_ID_CHARACTERS'],
    ['age', '200', 'CSV_AGE'],
    ['gender', '?', 'CSV_SEX'],
  ])('a %s of %s is an error of its row alone', (column, value, code) => {
    const { rows, errors } = map(['name', column], ['Ali', value], ['Mona', ''])
    expect(errors).toEqual([{ line: 2, column, code, value }])
    expect(rows.map(({ line }) => line)).toEqual([3])
  })

  test.each([
    ['1980-05-03', '1980-05-03'],
    ['3-5-1980', '1980-05-03'],
    ['03.05.80', '1980-05-03'],
    ['3/5/24', '2024-05-03'],
    ['1980/5/3', '1980-05-03'],
    ['1980-05-03 00:00:00', '1980-05-03'],
    ['29/2/2024', '2024-02-29'],
  ])('%s is %s', (text, date) => {
    expect(map(['name', 'dob'], ['Ali', text]).rows[0]?.draft.birthDate).toBe(date)
  })

  test.each([
    ['45', 1981],
    ['٧ سنوات', 2019],
    ['6 months', 2026],
    ['١٨ شهر', 2025],
  ])('an age of %s gives a year, not a date', (age, birthYear) => {
    expect(map(['name', 'age'], ['Ali', age]).rows[0]?.draft).toMatchObject({
      birthDate: null,
      birthYear,
    })
  })

  test('a doubtful phone or ID is kept and marked', () => {
    const { rows, warnings } = map(
      ['name', 'phone', 'national id', 'sex'],
      ['Ali', '0100123', '29001012101232', 'f'],
    )
    expect(rows[0]?.draft).toMatchObject({ phones: ['0100123'], nationalId: '29001012101232' })
    expect(warnings.map(({ code }) => code)).toEqual([
      'CSV_NATIONAL_ID_CHECK_DIGIT',
      'CSV_NATIONAL_ID_DISAGREES',
      'CSV_PHONE_UNRECOGNISED',
    ])
  })

  test('rows that are blank are passed over, nameless and short ones are not', () => {
    const { rows, errors } = map(['phone', 'name'], ['', ' '], ['0100'], ['', 'Ali'])
    expect(errors).toEqual([{ line: 3, column: 'name', code: 'CSV_NAME_MISSING', value: '' }])
    expect(rows.map(({ line }) => line)).toEqual([4])
  })

  test('without a name column nothing is imported', () => {
    expect(map(['a', 'b'], ['1', '2'])).toMatchObject({
      rows: [],
      errors: [{ line: 1, column: '', code: 'CSV_NAME_COLUMN_MISSING', value: 'a, b' }],
    })
  })
})

describe('duplicateKey', () => {
  test('is one for spellings of a name and a phone', () => {
    const key = duplicateKey('أحمد عبد الرحمن السيد', '+201001234567')
    expect(duplicateKey('احمد عبدالرحمن', '٠١٠٠١٢٣٤٥٦٧')).toBe(key)
    expect(duplicateKey('منى عبد الرحمن السيد', '+201001234567')).not.toBe(key)
    expect(duplicateKey('أحمد عبد الرحمن السيد', '+201001234568')).not.toBe(key)
  })

  test('without a phone is the whole name', () => {
    expect(duplicateKey('احمد على', null)).toBe(duplicateKey('أحمد علي', ''))
    expect(duplicateKey('احمد علي', null)).not.toBe(duplicateKey('احمد علي حسن', null))
  })
})

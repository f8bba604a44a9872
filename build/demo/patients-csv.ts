import { formatPhone } from '../../shared/phone.ts'
import type { GeneratedPatient } from './patients.ts'

const HEADINGS = {
  ar: [
    'الاسم',
    'تليفون',
    'موبايل 2',
    'رقم الملف',
    'الرقم القومي',
    'تاريخ الميلاد',
    'النوع',
    'العنوان',
    'ملاحظات',
  ],
  en: [
    'Name',
    'Phone',
    'Phone 2',
    'File No',
    'National ID',
    'Birth Date',
    'Gender',
    'Address',
    'Notes',
  ],
} as const

const SEXES = {
  ar: { MALE: 'ذكر', FEMALE: 'أنثى' },
  en: { MALE: 'Male', FEMALE: 'Female' },
} as const

/** The lines of the CSV file that a clinic would bring along, heading first. */
export function* csvLines(
  patients: readonly GeneratedPatient[],
  language: 'ar' | 'en',
): Generator<string> {
  // Excel reads UTF-8 as such only behind a byte order mark.
  yield `\ufeff${HEADINGS[language].join(',')}\r\n`
  for (const patient of patients) {
    const [phone = '', secondPhone = ''] = patient.phones.map((number) => formatPhone(number))
    const cells = [
      patient.name,
      phone,
      secondPhone,
      patient.fileNumber ?? '',
      patient.nationalId ?? '',
      // As typed here: day, month, year.
      patient.birthDate?.split('-').toReversed().join('/') ?? '',
      patient.sex === null ? '' : SEXES[language][patient.sex],
      patient.address ?? '',
      patient.notes ?? '',
    ]
    yield `${cells.map(quoteCell).join(',')}\r\n`
  }
}

/** RFC 4180, section 2. */
function quoteCell(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}

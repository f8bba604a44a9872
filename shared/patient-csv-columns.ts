import { normaliseArabic } from './arabic.ts'

export const CSV_FIELDS = [
  'name',
  'phone',
  'fileNumber',
  'nationalId',
  'birthDate',
  'age',
  'sex',
  'address',
  'notes',
] as const

export type CsvField = (typeof CSV_FIELDS)[number]

/**
 * What clinics, their old programs and Excel call a column. Compared as `normaliseArabic` keys, so
 * that hamza, ة, case, dashes and dots do not matter, and without the article and a number after it
 * (تليفون ٢, Phone 2).
 */
const HEADINGS: Readonly<Record<CsvField, string>> = {
  name:
    'الاسم, اسم المريض, اسم المريضة, الاسم بالكامل, اسم المريض بالكامل, الاسم كامل, الاسم الكامل, ' +
    'الاسم رباعي, الاسم الرباعي, الاسم ثلاثي, المريض, اسم الحالة, الحالة, اسم العميل, name, ' +
    'patient, patient name, full name, patient full name, client name',
  phone:
    'تليفون, التليفون, رقم التليفون, تلفون, رقم التلفون, هاتف, رقم الهاتف, موبايل, رقم الموبايل, ' +
    'محمول, رقم المحمول, جوال, رقم الجوال, واتساب, رقم الواتساب, phone, phone no, phone number, ' +
    'mobile, mobile no, mobile number, tel, telephone, telephone number, cell, whatsapp, phones',
  fileNumber:
    'رقم الملف, ملف, رقم ملف المريض, رقم المريض, كود, الكود, كود المريض, رقم الكشف, file, file no, ' +
    'file number, file id, patient no, patient number, patient id, patient code, code, mrn, id',
  nationalId:
    'الرقم القومي, رقم قومي, رقم البطاقة, البطاقة, رقم الهوية, الهوية, الرقم الوطني, national id, ' +
    'national id no, national id number, national number, nid, id number, id card, ssn',
  birthDate:
    'تاريخ الميلاد, تاريخ ميلاد, الميلاد, birth date, birthdate, date of birth, dob, birthday, ' +
    'patient birth date, born',
  age: 'السن, سن, العمر, عمر, عمر المريض, سن المريض, age, patient age, age years',
  sex: 'النوع, نوع, الجنس, جنس, ذكر انثى, gender, sex',
  address:
    'العنوان, عنوان, عنوان المريض, محل الاقامة, السكن, المنطقة, address, home address, ' +
    'patient address, area, city',
  notes: 'ملاحظات, ملاحظة, الملاحظات, ملحوظة, ملحوظات, notes, note, remarks, comments, comment',
}

const FIELD_OF = new Map(
  CSV_FIELDS.flatMap((field) =>
    HEADINGS[field].split(', ').map((heading): [string, CsvField] => [headingKey(heading), field]),
  ),
)

/** The field a heading names, or null for a column that is not imported. */
export function csvFieldOf(heading: string): CsvField | null {
  return FIELD_OF.get(headingKey(heading)) ?? null
}

function headingKey(heading: string): string {
  const words = normaliseArabic(heading.replaceAll('_', ' ')).split(' ')
  const named = words.length > 1 ? words.filter((word) => !/^\d+$/.test(word)) : words
  return named.map((word) => word.replace(/^ال(?=..)/, '')).join(' ')
}

import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { formatPhone } from '../../shared/phone.ts'
import { DEMO_TODAY, generatePatients, type GeneratedPatient } from './patients.ts'

const USAGE = `Writes made-up patients as the CSV file a clinic would bring along.
  node build/demo/write-csv.ts --count 20000 --seed 7 --language ar --out patients.csv
  --today YYYY-MM-DD   the day on which ages hold (${DEMO_TODAY})
`

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

function* csvLines(
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

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '20000' },
      seed: { type: 'string', default: '7' },
      language: { type: 'string', default: 'ar' },
      today: { type: 'string', default: DEMO_TODAY },
      out: { type: 'string' },
    },
  })
  const { language, out, today } = values
  const count = Number(values.count)
  const seed = Number(values.seed)
  const isUsable = Number.isSafeInteger(count) && count >= 0 && Number.isSafeInteger(seed)
  if (!isUsable || (language !== 'ar' && language !== 'en') || out === undefined) {
    process.stderr.write(USAGE)
    process.exitCode = 2
    return
  }
  const patients = generatePatients({ count, seed, language, today })
  await pipeline(Readable.from(csvLines(patients, language)), createWriteStream(out))
  process.stdout.write(`${patients.length} patients in ${out}\n`)
}

await main()

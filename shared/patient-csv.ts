import { normaliseArabic } from './arabic.ts'
import { toLatinDigits } from './digits.ts'
import { parseNationalId, type NationalIdProblem, type ParsedNationalId } from './national-id.ts'
import { readCsvAge, readCsvDate, readCsvSex, splitCsvPhones } from './patient-csv-cells.ts'
import { csvFieldOf, type CsvField } from './patient-csv-columns.ts'
import { nationalDigits, normalisePhone, type PhoneCountry } from './phone.ts'

/** What one row says of a patient; the station adds ids and the rest of the document. */
export interface PatientDraft {
  readonly name: string
  /** As `normalisePhone` keeps them. */
  readonly phones: readonly string[]
  readonly nationalId: string | null
  readonly fileNumber: string | null
  /** YYYY-MM-DD; from the national ID when the row has no date of its own. */
  readonly birthDate: string | null
  /** When only an age is known: the year it points to, give or take one. */
  readonly birthYear: number | null
  readonly sex: 'MALE' | 'FEMALE' | null
  readonly address: string | null
  readonly notes: string | null
}

export type CsvErrorCode =
  | 'CSV_NAME_COLUMN_MISSING'
  | 'CSV_NAME_MISSING'
  | 'CSV_PHONE'
  | 'CSV_BIRTH_DATE'
  | 'CSV_AGE'
  | 'CSV_SEX'
  | `CSV_${NationalIdProblem}`

/** Worth a person's look, but the row is taken. */
export type CsvWarningCode =
  | 'CSV_PHONE_UNRECOGNISED'
  | 'CSV_NATIONAL_ID_CHECK_DIGIT'
  | 'CSV_NATIONAL_ID_DISAGREES'

interface CsvRemark<Code> {
  /** The line of the file, the heading being 1, if no cell holds a line break. */
  readonly line: number
  /** The heading as it stands in the file; '' for a missing column. */
  readonly column: string
  readonly code: Code
  readonly value: string
}

export interface MappedPatientRows {
  /** Which heading was taken for what; null was not understood and is not imported. */
  readonly columns: readonly { readonly heading: string; readonly field: CsvField | null }[]
  readonly rows: readonly { readonly line: number; readonly draft: PatientDraft }[]
  /** A row with an error is not among `rows`: it is corrected and imported again. */
  readonly errors: readonly CsvRemark<CsvErrorCode>[]
  readonly warnings: readonly CsvRemark<CsvWarningCode>[]
}

export interface CsvContext {
  /** ISO date, against which ages and two-digit years are read and future births refused. */
  readonly today: string
  /** Where the clinic is, for phones without a country code. */
  readonly country?: PhoneCountry
}

/**
 * Maps the parsed rows of a CSV file to patient drafts. Columns are recognised by their heading, in
 * Arabic or English; several may hold phones. Blank rows are passed over.
 */
export function mapPatientRows(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  context: CsvContext,
): MappedPatientRows {
  const columns = header.map((heading) => ({ heading, field: csvFieldOf(heading) }))
  if (!columns.some(({ field }) => field === 'name')) {
    const value = header.join(', ')
    const error = { line: 1, column: '', code: 'CSV_NAME_COLUMN_MISSING', value } as const
    return { columns, rows: [], errors: [error], warnings: [] }
  }
  const mapped: { line: number; draft: PatientDraft }[] = []
  const errors: CsvRemark<CsvErrorCode>[] = []
  const warnings: CsvRemark<CsvWarningCode>[] = []
  for (const [index, row] of rows.entries()) {
    if (row.every((cell) => cell.trim() === '')) continue
    const line = index + 2
    const errorsBefore = errors.length
    const draft = readRow({
      context,
      cellsOf: (field) =>
        columns.flatMap((column, at) =>
          column.field === field ? [{ column: column.heading, value: tidy(row[at] ?? '') }] : [],
        ),
      fail: (code, { column, value }) => errors.push({ line, column, code, value }),
      warn: (code, { column, value }) => warnings.push({ line, column, code, value }),
    })
    if (errors.length === errorsBefore) mapped.push({ line, draft })
  }
  return { columns, rows: mapped, errors, warnings }
}

interface CsvCell {
  readonly column: string
  readonly value: string
}

/** One row while it is read: its cells by field, and what there is to say about them. */
interface RowReading {
  readonly context: CsvContext
  /** The cells of a field from left to right, the empty ones too. */
  cellsOf(field: CsvField): CsvCell[]
  fail(code: CsvErrorCode, cell: CsvCell): void
  warn(code: CsvWarningCode, cell: CsvCell): void
}

function readRow(reading: RowReading): PatientDraft {
  const birthDate = readBirthDate(reading)
  const sex = readFilled(reading, { field: 'sex', code: 'CSV_SEX', read: readCsvSex })
  const age = readFilled(reading, { field: 'age', code: 'CSV_AGE', read: readCsvAge })
  const id = readNationalId(reading, birthDate, sex)
  const knownBirthDate = birthDate ?? id?.birthDate ?? null
  const thisYear = Number(reading.context.today.slice(0, 4))
  return {
    name: readName(reading),
    phones: readPhones(reading),
    nationalId: id?.digits ?? null,
    fileNumber: toLatinDigits(filledCell(reading, 'fileNumber')?.value ?? '') || null,
    birthDate: knownBirthDate,
    birthYear: knownBirthDate === null && age !== null ? thisYear - age : null,
    sex: sex ?? id?.sex ?? null,
    address: filledCell(reading, 'address')?.value ?? null,
    notes: filledCell(reading, 'notes')?.value ?? null,
  }
}

function filledCell({ cellsOf }: RowReading, field: CsvField): CsvCell | undefined {
  return cellsOf(field).find(({ value }) => value !== '')
}

function readFilled<T>(
  reading: RowReading,
  { field, code, read }: { field: CsvField; code: CsvErrorCode; read: (text: string) => T | null },
): T | null {
  const cell = filledCell(reading, field)
  if (cell === undefined) return null
  const value = read(cell.value)
  if (value === null) reading.fail(code, cell)
  return value
}

function readName(reading: RowReading): string {
  const cell = filledCell(reading, 'name')
  if (cell !== undefined && normaliseArabic(cell.value) !== '') return cell.value
  reading.fail('CSV_NAME_MISSING', reading.cellsOf('name')[0] ?? { column: '', value: '' })
  return ''
}

function readBirthDate(reading: RowReading): string | null {
  const { today } = reading.context
  const read = (text: string) => {
    const date = readCsvDate(text, today)
    return date !== null && date <= today ? date : null
  }
  return readFilled(reading, { field: 'birthDate', code: 'CSV_BIRTH_DATE', read })
}

function readPhones({ cellsOf, context, fail, warn }: RowReading): string[] {
  const phones = new Set<string>()
  for (const { column, value: cell } of cellsOf('phone')) {
    for (const value of splitCsvPhones(cell)) {
      const phone = normalisePhone(value, context.country)
      // 1.00123E+09 is what Excel left of a number: the digits behind are gone.
      const isLost = /\de\+?\d+$/i.test(value)
      if (phone === null || isLost) fail('CSV_PHONE', { column, value })
      else phones.add(phone.number)
      if (phone?.kind === 'UNRECOGNISED') warn('CSV_PHONE_UNRECOGNISED', { column, value })
    }
  }
  return [...phones]
}

function readNationalId(
  reading: RowReading,
  birthDate: string | null,
  sex: 'MALE' | 'FEMALE' | null,
): Extract<ParsedNationalId, { ok: true }> | null {
  const cell = filledCell(reading, 'nationalId')
  if (cell === undefined) return null
  const id = parseNationalId(cell.value)
  if (!id.ok || id.birthDate > reading.context.today) {
    reading.fail(`CSV_${id.ok ? 'NATIONAL_ID_DATE' : id.code}`, cell)
    return null
  }
  if (id.warnings.includes('CHECK_DIGIT')) reading.warn('CSV_NATIONAL_ID_CHECK_DIGIT', cell)
  const disagrees = (birthDate ?? id.birthDate) !== id.birthDate || (sex ?? id.sex) !== id.sex
  if (disagrees) reading.warn('CSV_NATIONAL_ID_DISAGREES', cell)
  return id
}

/** Cells come with the byte order mark, direction marks and the blanks of their old program. */
function tidy(cell: string): string {
  return cell
    .replace(/[\p{Cf}\u00a0]/gu, (mark) => (mark === '\u00a0' ? ' ' : ''))
    .replace(/ {2,}/g, ' ')
    .trim()
}

/**
 * Two patients with the same key are probably one: the given and the father's name together with
 * the phone (a family shares a phone, and cousins a grandfather), or without a phone the whole
 * name. For showing to a person, never for merging by itself.
 */
export function duplicateKey(name: string, phone: string | null): string {
  const words = normaliseArabic(name).split(' ')
  const digits = phone === null ? '' : nationalDigits(toLatinDigits(phone))
  return digits === '' ? words.join(' ') : `${words.slice(0, 2).join(' ')} ${digits}`
}

/** By each of the phones; by the name alone for who has none. */
export function duplicateKeysOf(patient: {
  readonly name: string
  readonly phones: readonly string[]
}): string[] {
  const { name, phones } = patient
  return phones.length === 0
    ? [duplicateKey(name, null)]
    : phones.map((phone) => duplicateKey(name, phone))
}

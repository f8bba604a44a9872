import type { EnteredField } from '#desktop/station/contract/entered-field.ts'
import type { InboxItem } from '#desktop/station/contract/inbox-view.ts'
import { assertNever } from '#shared/assert-never.ts'
import { AppointmentField } from '#shared/appointment.ts'
import type { AnyValue } from '#shared/collection-rules.ts'
import { EncounterField } from '#shared/encounter.ts'
import { CalendarDate } from '#shared/fields.ts'
import { BirthDate, PatientField } from '#shared/patient.ts'
import { PrescriptionField } from '#shared/prescription.ts'
import { StockItemField } from '#shared/stock.ts'
import { Priority, VisitField, VisitType } from '#shared/visit.ts'
import type { Formats } from '../ui/formats.ts'
import { isolate, type Text } from '../ui/texts.ts'

export function itemTitle(text: Text, formats: Formats, item: InboxItem): string {
  switch (item.kind) {
    case 'HELD':
    case 'REJECTED':
    case 'QUARANTINED':
      return text(`inbox.${item.kind}`, { command: text(`command.${item.command}`) })
    case 'SUPERSEDED':
      return text('inbox.SUPERSEDED', { field: fieldName(text, item.field) })
    case 'OVERRULED':
      return text('inbox.OVERRULED', { step: text(`status.${item.step}`) })
    case 'GIVEN_ANEW':
      return text('inbox.GIVEN_ANEW', { number: formats.digits(item.numbers[0]?.taken ?? '') })
    case 'DUPLICATE_VISIT':
      return text('inbox.DUPLICATE_VISIT', { doctor: item.doctorName })
    default:
      return assertNever(item)
  }
}

const OTHER_FIELDS = ['fee', 'amount', 'method', 'reason', 'status', 'receipt', 'ticket'] as const

/** The name of a field as a person knows it; one that has none is shown as it is. */
export function fieldName(text: Text, field: string): string {
  const known = PatientField.or(VisitField)
    .or(EncounterField)
    .or(PrescriptionField)
    .or(AppointmentField)
    .or(StockItemField)
    .safeParse(field)
  if (known.success) return text(`field.${known.data}`)
  if (field === 'patient') return text('field.patientId')
  const other = OTHER_FIELDS.find((name) => name === field)
  return other === undefined ? field : text(`field.${other}`)
}

/** A field's value as a person reads it: dates, phones and the clinic's own words. */
export function valueWords(text: Text, formats: Formats, field: string, value: AnyValue): string {
  if (value === null || value === '') return text('inbox.nothing')
  if (Array.isArray(value)) {
    if (value.length === 0) return text('inbox.nothing')
    const words = rowsOf(value).map((row) => isolate(field === 'phones' ? formats.phone(row) : row))
    return words.join(' · ')
  }
  if (typeof value === 'number') return formats.number(value)
  if (typeof value === 'boolean') return value ? '✓' : '✗'
  const type = VisitType.safeParse(value)
  if (field === 'type' && type.success) return text(`visitType.${type.data}`)
  const priority = Priority.safeParse(value)
  if (field === 'priority' && priority.success) return text(`priority.${priority.data}`)
  if (field === 'sex' && (value === 'MALE' || value === 'FEMALE')) return text(`sex.${value}`)
  if (field === 'birthDate' && BirthDate.safeParse(value).success) return formats.day(value)
  if (field === 'day' && CalendarDate.safeParse(value).success) return formats.day(value)
  return field === 'nationalId' || field === 'fileNumber' ? formats.digits(value) : value
}

/** Paragraphs of what a doctor wrote into a field, each to be read in its own direction. */
export function textLines(text: Text, value: AnyValue): string[] {
  if (value === null || value === '') return [text('inbox.nothing')]
  if (!Array.isArray(value)) return String(value).split('\n')
  return value.length === 0 ? [text('inbox.nothing')] : rowsOf(value)
}

type Rows = Extract<AnyValue, unknown[]>

function rowsOf(value: Rows): string[] {
  return value.map((row) => (typeof row === 'string' ? row : rowWords(row)))
}

/** As they are read across: a drug before its dose, a diagnosis before its code. */
const READ_FIRST = ['drug', 'dose', 'form', 'route', 'frequency', 'duration', 'text']

function rowWords(row: Exclude<Rows[number], string>): string {
  const names = [...READ_FIRST, ...Object.keys(row).filter((name) => !READ_FIRST.includes(name))]
  const words = names.map((name) => row[name] ?? '').filter((word) => word !== '')
  return words.map((word) => isolate(String(word))).join(' · ')
}

/** What a person had entered in a command that was refused, in their own language again. */
export function enteredWords(text: Text, formats: Formats, entered: EnteredField): string {
  if (entered.value === null || entered.value.length === 0) return text('inbox.nothing')
  switch (entered.kind) {
    case 'TEXT':
      return isolate(entered.value)
    case 'DIGITS':
      return isolate(formats.digits(entered.value))
    case 'DATE':
      return formats.day(entered.value)
    case 'SEX':
      return text(`sex.${entered.value}`)
    case 'PHONES':
      return entered.value.map((each) => isolate(formats.phone(each))).join(' · ')
    case 'PATIENT':
      return entered.value.map((each) => isolate(formats.digits(each))).join(' · ')
    case 'VISIT_TYPE':
      return text(`visitType.${entered.value}`)
    case 'PRIORITY':
      return text(`priority.${entered.value}`)
    case 'STATUS':
      return text(`status.${entered.value}`)
    case 'METHOD':
      return text(`method.${entered.value}`)
    case 'REASON':
      return text(`order.${entered.value}`)
    case 'MONEY':
      return formats.money(entered.money)
    default:
      return assertNever(entered)
  }
}

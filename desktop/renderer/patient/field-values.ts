import { toLatinDigits } from '#shared/digits.ts'
import { parseNationalId } from '#shared/national-id.ts'
import type { PatientDraft, PatientField } from '#shared/patient.ts'
import { normalisePhone } from '#shared/phone.ts'
import { parseBirthDate } from '../ui/formats.ts'

export type TypedField = Exclude<PatientField, 'sex'>

/** What an edited field says now, as typed text. Several phones stand in one line. */
export function editableValue(draft: PatientDraft, field: TypedField): string {
  return field === 'phones' ? draft.phones.join(' / ') : (draft[field] ?? '')
}

/** The change that a field's text asks for; null when it is not a value of that field. */
export function changeOf(
  field: TypedField,
  typed: string,
  today: string,
): Partial<PatientDraft> | null {
  const text = typed.trim()
  switch (field) {
    case 'name':
      return text.length < 2 ? null : { name: text.replace(/\s+/g, ' ').slice(0, 120) }
    case 'phones':
      return { phones: phonesOf(text) }
    case 'nationalId': {
      const read = parseNationalId(text)
      return { nationalId: text === '' ? null : read.ok ? read.digits : text.slice(0, 20) }
    }
    case 'birthDate': {
      if (text === '') return { birthDate: null }
      const birthDate = parseBirthDate(text, today)
      return birthDate === null ? null : { birthDate }
    }
    case 'fileNumber':
      return { fileNumber: text === '' ? null : toLatinDigits(text).slice(0, 30) }
    case 'address':
      return { address: text === '' ? null : text.slice(0, 200) }
    case 'note':
      return { note: text === '' ? null : text.slice(0, 500) }
  }
}

/** `0100… / 02…`: what a desk writes between two numbers is not part of either. */
function phonesOf(text: string): string[] {
  const numbers = text
    .split(/[/،,;|\n]+/)
    .map((part) => normalisePhone(part)?.number ?? '')
    .filter((number) => number.length >= 3)
  return [...new Set(numbers)].slice(0, 5)
}

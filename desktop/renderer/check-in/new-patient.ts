import { toLatinDigits } from '#shared/digits.ts'
import { parseNationalId, type ParsedNationalId } from '#shared/national-id.ts'
import type { PatientDraft, Sex } from '#shared/patient.ts'
import { normalisePhone } from '#shared/phone.ts'
import { parseBirthDate } from '../ui/formats.ts'

/** What stands in the fields of the form, as typed. */
export interface NewPatientForm {
  name: string
  phone: string
  nationalId: string
  birthDate: string
  sex: Sex | null
  fileNumber: string
  address: string
  note: string
}

const EMPTY: NewPatientForm = {
  name: '',
  phone: '',
  nationalId: '',
  birthDate: '',
  sex: null,
  fileNumber: '',
  address: '',
  note: '',
}

/** Puts what was searched for where it belongs: nobody types it twice. */
export function prefilledForm(searched: string): NewPatientForm {
  const text = searched.trim()
  const digits = toLatinDigits(text).replace(/[\s()+-]/g, '')
  if (!/^\d+$/.test(digits)) return { ...EMPTY, name: text }
  if (parseNationalId(digits).ok) return withNationalId(EMPTY, digits)
  return digits.length >= 7 ? { ...EMPTY, phone: text } : { ...EMPTY, fileNumber: text }
}

/** A national ID fills the date of birth and the sex, unless a person has said otherwise. */
export function withNationalId(form: NewPatientForm, nationalId: string): NewPatientForm {
  const before = readNationalId(form.nationalId)
  const read = readNationalId(nationalId)
  const next = { ...form, nationalId }
  if (read === null || !read.ok) return next
  const isOwn = (value: string | null, filled: string | null): boolean =>
    value !== null && value !== '' && value !== filled
  const wasFilled = before?.ok === true ? before : null
  return {
    ...next,
    birthDate: isOwn(form.birthDate, wasFilled?.birthDate ?? null)
      ? form.birthDate
      : read.birthDate,
    sex: isOwn(form.sex, wasFilled?.sex ?? null) ? form.sex : read.sex,
  }
}

export function readNationalId(typed: string): ParsedNationalId | null {
  return typed.trim() === '' ? null : parseNationalId(typed)
}

/** Which fields keep the form from being sent. An odd phone or ID number never does. */
export function problemsOf(
  form: NewPatientForm,
  today: string,
): { name: boolean; birthDate: boolean } {
  return {
    name: form.name.trim().length < 2,
    birthDate: form.birthDate.trim() !== '' && parseBirthDate(form.birthDate, today) === null,
  }
}

/** The form as it is kept; null while something keeps it from being sent. */
export function draftOf(form: NewPatientForm, today: string): PatientDraft | null {
  const problems = problemsOf(form, today)
  if (problems.name || problems.birthDate) return null
  const phone = normalisePhone(form.phone)
  const nationalId = readNationalId(form.nationalId)
  return {
    name: form.name.trim().replace(/\s+/g, ' '),
    phones: phone === null || phone.number.length < 3 ? [] : [phone.number.slice(0, 20)],
    nationalId: nationalId?.ok === true ? nationalId.digits : orNull(form.nationalId, 20),
    birthDate: parseBirthDate(form.birthDate, today),
    sex: form.sex,
    fileNumber: orNull(toLatinDigits(form.fileNumber), 30),
    address: orNull(form.address, 200),
    note: orNull(form.note, 500),
  }
}

function orNull(text: string, longest: number): string | null {
  const trimmed = text.trim().slice(0, longest)
  return trimmed === '' ? null : trimmed
}

import { normaliseArabic } from '#shared/arabic.ts'
import type { PatientId } from '#shared/ids.ts'
import type { BirthDate, Patient } from '#shared/patient.ts'

/** Why two patients may be one. */
export type Likeness = 'NATIONAL_ID' | 'NAME_AND_PHONE'

export interface Suggestion {
  patientId: PatientId
  name: string
  birthDate: BirthDate | null
  likeness: Likeness
}

/**
 * Who of another clinic's patients may be this one: the same national id, or the same name however it is
 * written together with a phone. A phone alone says nothing, for families share one. The surest first.
 */
export function suggestLinks(patient: Patient, others: readonly Patient[]): Suggestion[] {
  const key = normaliseArabic(patient.name)
  const phones = new Set(patient.phones)
  const likenessOf = (other: Patient): Likeness | null => {
    if (patient.nationalId !== null && other.nationalId === patient.nationalId) return 'NATIONAL_ID'
    const isNamesake = key !== '' && normaliseArabic(other.name) === key
    return isNamesake && other.phones.some((phone) => phones.has(phone)) ? 'NAME_AND_PHONE' : null
  }
  return others
    .flatMap((other): Suggestion[] => {
      const likeness = likenessOf(other)
      if (likeness === null) return []
      return [{ patientId: other.id, name: other.name, birthDate: other.birthDate, likeness }]
    })
    .toSorted((a, b) => rank(a) - rank(b) || (a.patientId < b.patientId ? -1 : 1))
}

function rank({ likeness }: Suggestion): number {
  return likeness === 'NATIONAL_ID' ? 0 : 1
}

import { normaliseArabic } from '#shared/arabic.ts'
import type { Patient } from '#shared/patient.ts'
import type { Likeness, Suggestion } from '#shared/patient-sharing.ts'

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
      const { id: patientId, name, phones: theirs, birthDate } = other
      return [{ patientId, name, phones: theirs, birthDate, likeness }]
    })
    .toSorted((a, b) => rank(a) - rank(b) || (a.patientId < b.patientId ? -1 : 1))
}

function rank({ likeness }: Suggestion): number {
  return likeness === 'NATIONAL_ID' ? 0 : 1
}

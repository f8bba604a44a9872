import type { PatientId } from '#shared/ids.ts'
import type { Patient, PatientDraft } from '#shared/patient.ts'
import { duplicateKeysOf } from '#shared/patient-csv.ts'
import { makePatient, newPatientWrite } from '../commands/patients.ts'
import type { CommandDraft, CommandTx } from '../replica/replica.ts'

/**
 * Registers patients of a list with one command. Who has the name and phone of a patient here, or
 * of one before them in the list, is flagged, for a person to look at; nobody is left out.
 */
export function importPatients(
  tx: CommandTx,
  drafts: readonly PatientDraft[],
): CommandDraft<{ duplicates: number }> {
  const before = new Map<string, PatientId>()
  const patients = drafts.map((draft): Patient => {
    const patient = makePatient(tx, draft)
    const keys = duplicateKeysOf(patient)
    const namesake = keys.map((key) => before.get(key)).find((id) => id !== undefined)
    for (const key of keys) if (!before.has(key)) before.set(key, patient.id)
    return { ...patient, possibleDuplicateOf: patient.possibleDuplicateOf ?? namesake ?? null }
  })
  return {
    name: 'importPatients',
    writes: patients.map(newPatientWrite),
    output: {
      duplicates: patients.filter(({ possibleDuplicateOf }) => possibleDuplicateOf !== null).length,
    },
  }
}

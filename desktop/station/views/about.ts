import type { PatientId, UserId } from '#shared/ids.ts'
import type { Patient } from '#shared/patient.ts'
import type { Stamp } from '#shared/stamp.ts'
import type { Replica } from '../replica/replica.ts'
import { nameOf } from './names.ts'
import { instantOf } from './visit-row.ts'

/** Whom a row of the inbox is about, and who did it when. */
export interface About {
  at: string
  byName: string
  patientId: PatientId | null
  patientName: string | null
}

export function about(
  replica: Replica,
  { at, by }: { at: Stamp; by: UserId },
  patient: Pick<Patient, 'id' | 'name'> | null,
): About {
  return {
    at: instantOf(at),
    byName: nameOf(replica.read, by),
    patientId: patient?.id ?? null,
    patientName: patient?.name ?? null,
  }
}

import { AppError } from '#shared/errors.ts'
import type { PatientId, UserId, VisitId } from '#shared/ids.ts'
import type { PatientDraft } from '#shared/patient.ts'
import type { Role } from '#shared/roles.ts'
import { deskHandlers, type DeskHandlers } from './handlers.ts'
import type { TestClinic } from './test-clinic.ts'

/** For tests: people at the stations of a test clinic. */

export const EVERYBODY: Role[] = ['RECEPTION', 'ASSISTANT', 'DOCTOR', 'ACCOUNTANT', 'ADMIN']

export function draftOf(name: string, phone = '01001234567'): PatientDraft {
  return {
    name,
    phones: [phone],
    nationalId: null,
    birthDate: null,
    sex: null,
    fileNumber: null,
    address: null,
    note: null,
  }
}

/** What the person in front of the station may ask of it. */
export function at(clinic: TestClinic, userId: UserId): DeskHandlers {
  const person = {
    userId,
    name: '',
    roles: clinic.replica.read.staff().find((staff) => staff.userId === userId)?.roles ?? [],
  }
  return deskHandlers({
    replica: clinic.replica,
    session: { person: () => person, require: () => person },
  })
}

export function doctorOf(clinic: TestClinic, index = 0): UserId {
  const doctor = clinic.doctors[index]
  if (doctor === undefined) throw new RangeError('no such doctor')
  return doctor.doctorId
}

let names = 0
export function checkInNew(
  clinic: TestClinic,
  doctor = 0,
): { visitId: VisitId; patientId: PatientId } {
  names += 1
  return at(clinic, clinic.personWith('RECEPTION')).checkIn({
    patient: { kind: 'NEW', draft: draftOf(`مريض ${names}`) },
    doctorId: doctorOf(clinic, doctor),
    visitType: 'EXAMINATION',
    priority: 'NORMAL',
    payment: null,
  })
}

export function outcomeOf(run: () => unknown): 'ACCEPTED' | AppError['code'] {
  try {
    run()
    return 'ACCEPTED'
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
}

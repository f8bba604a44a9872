import type { Doctor } from '#shared/clinic.ts'
import { AppError } from '#shared/errors.ts'
import type { UserId } from '#shared/ids.ts'
import type { CommandTx } from '../replica/replica.ts'

/** @throws AppError NOT_FOUND: no such doctor here, or one who no longer has a line */
export function requireDoctor(tx: CommandTx, doctorId: UserId): Doctor {
  const doctor = tx.doctors().find((line) => line.doctorId === doctorId)
  if (doctor?.active !== true) throw new AppError('NOT_FOUND')
  return doctor
}

import { AppError } from '#shared/errors.ts'
import { letterPlace, stationLetter } from '#shared/ticket.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'

/** The clinic's next letter. Its counter's row is held until the commit, so two never get the same. */
export async function takeLetter(tx: ClinicTx): Promise<string> {
  const { rows } = await tx.query<{ given: number }>(
    `UPDATE clinics SET letters_given = letters_given + 1 WHERE clinic_id = $1
     RETURNING letters_given AS given`,
    [tx.clinicId],
  )
  const given = rows[0]?.given
  if (given === undefined) throw new AppError('NOT_FOUND')
  return stationLetter(given - 1)
}

/** Nobody is given it any more: there are slips of paper with it that a restored database knows nothing of. */
export async function noteLetterGiven(tx: ClinicTx, letter: string): Promise<void> {
  await tx.query(
    'UPDATE clinics SET letters_given = $2 WHERE clinic_id = $1 AND letters_given < $2',
    [tx.clinicId, letterPlace(letter) + 1],
  )
}

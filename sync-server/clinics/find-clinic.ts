import type pg from 'pg'
import { AppError } from '#shared/errors.ts'
import { ClinicId, UserId } from '#shared/ids.ts'
import { acrossClinics, withClinic } from '../database/clinic-tx.ts'

export interface FoundClinic {
  clinicId: ClinicId
  /** An ADMIN of the clinic by their e-mail: in whose name something is done. */
  memberOf: (email: string) => Promise<UserId>
}

/**
 * A clinic by its address or id, for an operator's command.
 *
 * @throws AppError NOT_FOUND
 */
export async function findClinicOf(pool: pg.Pool, name: string): Promise<FoundClinic> {
  const audit = { reason: 'an operator names a clinic', log: () => undefined }
  const { rows } = await acrossClinics(pool, audit, (tx) =>
    tx.query<{ id: string }>('SELECT clinic_id AS id FROM clinic_at($1)', [name]),
  )
  const id = ClinicId.safeParse(rows[0]?.id ?? name)
  if (!id.success) throw new AppError('NOT_FOUND', { clinic: name })
  const clinicId = id.data
  const known = await withClinic(pool, clinicId, (tx) =>
    tx.query('SELECT 1 FROM clinics WHERE clinic_id = $1', [clinicId]),
  )
  if (known.rowCount === 0) throw new AppError('NOT_FOUND', { clinic: name })
  return {
    clinicId,
    memberOf: async (email) => {
      const found = await withClinic(pool, clinicId, (tx) =>
        tx.query<{ id: string }>(
          `SELECT s.user_id AS id FROM clinic_staff s JOIN users u ON u.id = s.user_id
           WHERE s.clinic_id = $1 AND u.email = $2 AND s.active AND 'ADMIN' = ANY (s.roles)`,
          [clinicId, email],
        ),
      )
      const member = UserId.safeParse(found.rows[0]?.id)
      if (!member.success) throw new AppError('NOT_FOUND', { by: email })
      return member.data
    },
  }
}

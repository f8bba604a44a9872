import type pg from 'pg'
import type { Logger } from 'pino'
import type { ClinicId } from '#shared/ids.ts'
import { acrossClinics, withClinic } from '../database/clinic-tx.ts'
import { hashPassword } from '../identity/password.ts'
import { createClinic } from './create-clinic.ts'
import { createUser } from './create-user.ts'
import { DEMO_PASSWORD } from '#shared/demo-password.ts'
import { DEMO_CLINICS, DEMO_USERS } from './demo-data.ts'

/**
 * Makes the demo's people and clinics, or leaves them as they are.
 *
 * @param ownerPool of the owner's role: the serving role may create neither
 * @returns the clinics that were made now
 */
export async function seedDemoClinics(
  ownerPool: pg.Pool,
  { trialDays, now, log }: { trialDays: number; now: number; log: Logger },
): Promise<ClinicId[]> {
  const passwordHash = await hashPassword(DEMO_PASSWORD)
  const audit = { reason: 'seed the demo people', log: (entry: object) => log.info(entry) }
  await acrossClinics(ownerPool, audit, async (tx) => {
    for (const user of DEMO_USERS) await createUser(tx, { ...user, passwordHash })
  })
  const made: ClinicId[] = []
  for (const { clinicId, ...clinic } of DEMO_CLINICS) {
    const isNew = await withClinic(ownerPool, clinicId, async (tx) => {
      const found = await tx.query('SELECT 1 FROM clinics WHERE clinic_id = $1', [clinicId])
      if (found.rowCount > 0) return false
      await createClinic(tx, { ...clinic, trialDays }, now)
      return true
    })
    if (isNew) made.push(clinicId)
  }
  return made
}

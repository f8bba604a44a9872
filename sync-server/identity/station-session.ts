import type { StationId, UserId } from '#shared/ids.ts'
import type { Role } from '#shared/roles.ts'
import { readRoles } from '../clinics/membership.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'

/**
 * Notes that a person signed in at a station with the server watching: from then on commands from
 * there may be theirs. Null: not an active member of the station's clinic.
 */
export async function startSession(
  tx: ClinicTx,
  stationId: StationId,
  userId: UserId,
): Promise<Role[] | null> {
  const roles = await readRoles(tx, userId)
  if (roles === null) return null
  await tx.query(
    `INSERT INTO station_sessions (clinic_id, station_id, user_id) VALUES ($1, $2, $3)
     ON CONFLICT (clinic_id, station_id, user_id) DO UPDATE SET last_at = now()`,
    [tx.clinicId, stationId, userId],
  )
  return roles
}

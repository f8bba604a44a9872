import type { StationId, UserId } from '#shared/ids.ts'
import type { Role } from '#shared/roles.ts'
import { readRoles } from '../clinics/membership.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import { readHead } from '../sync/feed.ts'

/**
 * Notes that a person signed in at a station with the server watching: from then on commands from
 * there may be theirs. Null: not an active member of the station's clinic.
 */
export async function startSession(
  tx: ClinicTx,
  stationId: StationId,
  userId: UserId,
): Promise<Role[] | null> {
  // The head is read first: the roles told are of that number or later.
  const [head, roles] = await Promise.all([readHead(tx), readRoles(tx, userId)])
  if (roles === null) return null
  await tx.query(
    `INSERT INTO station_sessions (clinic_id, station_id, user_id, first_seq)
     VALUES ($1, $2, $3, $4)
     ON CONFLICT (clinic_id, station_id, user_id) DO UPDATE SET last_at = now()`,
    [tx.clinicId, stationId, userId, head],
  )
  return roles
}

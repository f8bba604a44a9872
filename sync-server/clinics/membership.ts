import type { z } from 'zod'
import { AppError } from '#shared/errors.ts'
import type { ClinicId, UserId } from '#shared/ids.ts'
import { Membership } from '#shared/protocol.ts'
import { Role } from '#shared/roles.ts'
import type { ClinicTx, UserTx } from '../database/clinic-tx.ts'

/**
 * The clinics a person may sign in to now.
 *
 * @param address the one clinic that was asked for by its address, if one was
 */
export async function listMemberships(
  tx: UserTx,
  address?: ClinicId,
): Promise<Array<z.infer<typeof Membership>>> {
  const { rows } = await tx.query(
    `SELECT s.clinic_id AS "clinicId", c.name AS "clinicName", c.slug, s.roles
     FROM clinic_staff s JOIN clinics c ON c.clinic_id = s.clinic_id
     WHERE s.user_id = $1 AND s.active AND ($2::uuid IS NULL OR s.clinic_id = $2)
     ORDER BY c.created_at, c.clinic_id`,
    [tx.userId, address ?? null],
  )
  return rows.map((row) => Membership.parse(row))
}

/** The roles of an active member of this clinic; null for anybody else. */
export async function readRoles(tx: ClinicTx, userId: UserId): Promise<Role[] | null> {
  const { rows } = await tx.query<{ roles: string[] }>(
    'SELECT roles FROM clinic_staff WHERE clinic_id = $1 AND user_id = $2 AND active',
    [tx.clinicId, userId],
  )
  const roles = rows[0]?.roles
  return roles === undefined ? null : Role.array().parse(roles)
}

/**
 * Asked before anything of the clinic is read, so that a clinic that is not there and one that is
 * another's answer alike.
 *
 * @returns all that they are here
 * @throws AppError NOT_FOUND
 */
export async function requireRole(
  tx: ClinicTx,
  userId: UserId,
  role: Role,
): Promise<readonly Role[]> {
  const roles = await readRoles(tx, userId)
  if (roles === null || !roles.includes(role)) throw new AppError('NOT_FOUND')
  return roles
}

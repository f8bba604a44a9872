import { ClinicStaff } from '#shared/clinic.ts'
import { AppError } from '#shared/errors.ts'
import type { UserId } from '#shared/ids.ts'
import type { StaffChange } from '#shared/protocol.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import { lockFeed } from '../sync/feed.ts'
import { type Act, recordAct } from './admin-act.ts'

/** @throws AppError NOT_FOUND: no member of this clinic */
export async function readStaff(tx: ClinicTx, userId: UserId): Promise<ClinicStaff> {
  const { rows } = await tx.query(
    `SELECT 'STAFF' AS kind, s.user_id AS "userId", u.name, u.email, s.roles, s.active
     FROM clinic_staff s JOIN users u ON u.id = s.user_id
     WHERE s.clinic_id = $1 AND s.user_id = $2`,
    [tx.clinicId, userId],
  )
  if (rows[0] === undefined) throw new AppError('NOT_FOUND')
  return ClinicStaff.parse(rows[0])
}

/**
 * Changes a membership: the row, the document stations pull, and the history by which a write is
 * judged, all under one feed number.
 *
 * @param now milliseconds since the Unix epoch
 * @throws AppError NOT_FOUND; FORBIDDEN if the clinic would be left without an ADMIN
 */
export async function changeStaff(
  tx: ClinicTx,
  change: { userId: UserId; change: StaffChange; by: UserId; now: number },
): Promise<ClinicStaff> {
  // One change at a time: two admins who demote each other must not both succeed.
  await lockFeed(tx)
  const staff = await readStaff(tx, change.userId)
  const next: ClinicStaff = {
    ...staff,
    roles: change.change.roles === undefined ? staff.roles : [...new Set(change.change.roles)],
    active: change.change.active ?? staff.active,
  }
  await tx.query(
    'UPDATE clinic_staff SET roles = $3, active = $4 WHERE clinic_id = $1 AND user_id = $2',
    [tx.clinicId, change.userId, next.roles, next.active],
  )
  await refuseNoAdmin(tx)
  const act: Act = { name: 'changeStaff', by: change.by, now: change.now }
  await recordMembership(tx, act, { before: staff, after: next })
  return next
}

async function refuseNoAdmin(tx: ClinicTx): Promise<void> {
  const { rowCount } = await tx.query(
    `SELECT 1 FROM clinic_staff WHERE clinic_id = $1 AND active AND 'ADMIN' = ANY (roles) LIMIT 1`,
    [tx.clinicId],
  )
  if (rowCount === 0) throw new AppError('FORBIDDEN', { reason: 'LAST_ADMIN' })
}

/** Puts a membership into the feed and, under the number it got there, into the history. */
export async function recordMembership(
  tx: ClinicTx,
  act: Act,
  { before, after }: { before: ClinicStaff | null; after: ClinicStaff },
): Promise<void> {
  const seq = await recordAct(tx, act, { id: `staff:${after.userId}`, before, after })
  await tx.query(
    `INSERT INTO membership_history (clinic_id, user_id, seq, roles, active, at, changed_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [tx.clinicId, after.userId, seq, after.roles, after.active, new Date(act.now), act.by],
  )
}

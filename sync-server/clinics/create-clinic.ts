import type { Price, Settings } from '#shared/clinic.ts'
import { AppError } from '#shared/errors.ts'
import type { UserId } from '#shared/ids.ts'
import type { Role } from '#shared/roles.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import { startTrial } from '../subscriptions/subscription.ts'
import { writeClinicDocuments } from '../sync/feed.ts'
import { type Act, recordAct } from './admin-act.ts'
import { priceId } from './price-list.ts'
import { unlawfulFields } from './settings.ts'
import { recordMembership, readStaff } from './staff.ts'

export interface NewClinic {
  ownerId: UserId
  settings: Settings
  /** Who works there, the owner among them; each must be a user already. */
  staff: ReadonlyArray<{ userId: UserId; roles: readonly Role[] }>
  /** Lines, in the order they are shown. */
  doctors: ReadonlyArray<{
    userId: UserId
    room: string
    specialty: string
    followUpDays?: number
  }>
  prices: ReadonlyArray<Omit<Price, 'kind'>>
  trialDays: number
}

/**
 * Creates the clinic of this transaction, with its trial. For the owner's role: the serving role may
 * not create clinics.
 *
 * @param now milliseconds since the Unix epoch
 * @throws AppError INVALID if the address is taken or the settings contradict themselves
 */
export async function createClinic(tx: ClinicTx, clinic: NewClinic, now: number): Promise<void> {
  const issues = unlawfulFields(clinic.settings, clinic.settings, now)
  if (issues.length > 0) throw new AppError('INVALID', { issues })
  await claimAddress(tx, clinic.settings.slug)
  await tx.query(
    `INSERT INTO clinics (clinic_id, slug, name, active, owner_id, created_at)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [
      tx.clinicId,
      clinic.settings.slug,
      clinic.settings.name,
      clinic.settings.active,
      clinic.ownerId,
      new Date(now),
    ],
  )
  await startTrial(tx, { now, days: clinic.trialDays })
  const act: Act = { name: 'createClinic', by: clinic.ownerId, now }
  await recordAct(tx, act, { id: 'settings', before: null, after: clinic.settings })
  for (const { userId, roles } of clinic.staff) {
    await tx.query(
      'INSERT INTO clinic_staff (clinic_id, user_id, roles, active) VALUES ($1, $2, $3, true)',
      [tx.clinicId, userId, roles],
    )
    await recordMembership(tx, act, { before: null, after: await readStaff(tx, userId) })
  }
  await writeLines(tx, clinic)
}

async function claimAddress(tx: ClinicTx, slug: string): Promise<void> {
  const { rowCount } = await tx.query(
    'INSERT INTO clinic_addresses (slug, clinic_id) VALUES ($1, $2) ON CONFLICT DO NOTHING',
    [slug, tx.clinicId],
  )
  if (rowCount === 0) throw new AppError('INVALID', { issues: ['slug'] })
}

async function writeLines(tx: ClinicTx, { doctors, prices }: NewClinic): Promise<void> {
  const { clinicId } = tx
  for (const [order, { userId, ...line }] of doctors.entries()) {
    const { name } = await readStaff(tx, userId)
    await writeClinicDocuments(tx, [
      {
        id: `doctor:${userId}`,
        clinicId,
        body: { kind: 'DOCTOR', doctorId: userId, name, ...line, order, active: true },
      },
    ])
  }
  await writeClinicDocuments(
    tx,
    prices.map((price) => ({
      id: priceId(price),
      clinicId,
      body: { kind: 'PRICE', ...price },
    })),
  )
}

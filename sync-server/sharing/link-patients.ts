import type pg from 'pg'
import { AppError } from '#shared/errors.ts'
import type { ClinicId, PatientId, UserId } from '#shared/ids.ts'
import { isErased } from '#shared/erased.ts'
import { readRoles } from '../clinics/membership.ts'
import {
  acrossClinicsOfOwner,
  type ClinicTx,
  withClinic,
  type Within,
} from '../database/clinic-tx.ts'
import type { ServerDeps } from '../server-deps.ts'
import { insertLink, noteShares, readLinked } from './patient-links.ts'
import { readSide } from './read-records.ts'
import { dropLink, lockFeeds, noteLink, type SharingActs } from './share-history.ts'
import type { JobSender } from '../jobs/job-sender.ts'
import { sendShareJobs } from './sharing-jobs.ts'

type LinkDeps = Pick<ServerDeps, 'pool' | 'log' | 'now'> & { jobs: JobSender }

/** A patient of one clinic, and one of another. */
export interface LinkedPatients {
  clinicId: ClinicId
  patientId: PatientId
  otherClinicId: ClinicId
  otherPatientId: PatientId
}

/**
 * Says that a patient of one clinic is a patient of another of the same owner. For who is ADMIN in both.
 *
 * @throws AppError NOT_FOUND: not theirs, not one owner's, closed, or no such patient, all alike;
 *   INVALID: one of the two is somebody else's already
 */
export async function linkPatients(
  deps: LinkDeps,
  link: LinkedPatients,
  by: UserId,
): Promise<void> {
  await asAdminOfBoth(
    deps,
    link,
    { by, reason: 'two patients are linked' },
    async (within, acts) => {
      const { clinicId, patientId, otherClinicId, otherPatientId } = link
      const sides = [
        { clinicId, patientId, otherClinicId, otherPatientId },
        {
          clinicId: otherClinicId,
          patientId: otherPatientId,
          otherClinicId: clinicId,
          otherPatientId: patientId,
        },
      ]
      const known = await within(clinicId, (tx) => readLinked(tx, patientId, otherClinicId))
      if (known === otherPatientId) return
      for (const { clinicId: here, ...side } of sides) {
        await within(here, async (tx) => {
          await requirePatient(tx, side.patientId)
          if (!(await insertLink(tx, side, { by, now: acts.now }))) {
            throw new AppError('INVALID', { issues: ['patientId'] })
          }
          await noteShares(tx)
          await noteLink(tx, 'linkPatients', side, acts)
        })
      }
      await within(clinicId, (tx) => sendBothWays(tx, deps.jobs, link))
    },
  )
}

/**
 * Takes that back.
 *
 * @throws AppError NOT_FOUND, likewise, or if they are not linked
 */
export async function unlinkPatients(
  deps: LinkDeps,
  { clinicId, patientId, otherClinicId }: Omit<LinkedPatients, 'otherPatientId'>,
  by: UserId,
): Promise<void> {
  const both = { clinicId, otherClinicId }
  await asAdminOfBoth(deps, both, { by, reason: 'a link is removed' }, async (within, acts) => {
    const otherPatientId = await within(clinicId, (tx) => readLinked(tx, patientId, otherClinicId))
    if (otherPatientId === null) throw new AppError('NOT_FOUND')
    await dropLink(within, acts, [
      { clinicId, patientId, other: otherClinicId },
      { clinicId: otherClinicId, patientId: otherPatientId, other: clinicId },
    ])
    const link = { clinicId, patientId, otherClinicId, otherPatientId }
    await within(clinicId, (tx) => sendBothWays(tx, deps.jobs, link))
  })
}

async function asAdminOfBoth(
  { pool, log, now }: LinkDeps,
  { clinicId, otherClinicId }: Pick<LinkedPatients, 'clinicId' | 'otherClinicId'>,
  { by, reason }: { by: UserId; reason: string },
  run: (within: Within, acts: SharingActs) => Promise<void>,
): Promise<void> {
  // First without a lock: who is not let in must not hold another clinic's feed for a moment.
  if (!(await isAdminOfBoth(pool, [clinicId, otherClinicId], by))) throw new AppError('NOT_FOUND')
  const audit = { reason, log: (said: object) => log.info(said) }
  const both = [clinicId, otherClinicId] as const
  await acrossClinicsOfOwner(pool, both, audit, async (within) => {
    const feeds = await lockFeeds(within, both)
    const here = await within(clinicId, (tx) => readOwnerAsAdmin(tx, by))
    const there = await within(otherClinicId, (tx) => readOwnerAsAdmin(tx, by))
    if (here === null || here !== there) throw new AppError('NOT_FOUND')
    await run(within, { feeds, now: now(), ownerId: by })
  })
}

/** Whether both are open and one owner's, and this person is ADMIN in both. */
export async function isAdminOfBoth(
  pool: pg.Pool,
  [clinicId, otherClinicId]: readonly [ClinicId, ClinicId],
  by: UserId,
): Promise<boolean> {
  if (clinicId === otherClinicId) return false
  const here = await withClinic(pool, clinicId, (tx) => readOwnerAsAdmin(tx, by))
  const there = await withClinic(pool, otherClinicId, (tx) => readOwnerAsAdmin(tx, by))
  return here !== null && here === there
}

/** The owner of an open clinic, for its ADMIN; null for anybody else. */
async function readOwnerAsAdmin(tx: ClinicTx, by: UserId): Promise<UserId | null> {
  const roles = await readRoles(tx, by)
  if (roles === null || !roles.includes('ADMIN')) return null
  const { rows } = await tx.query<{ ownerId: UserId }>(
    'SELECT owner_id AS "ownerId" FROM clinics WHERE clinic_id = $1 AND active',
    [tx.clinicId],
  )
  return rows[0]?.ownerId ?? null
}

async function requirePatient(tx: ClinicTx, patientId: PatientId): Promise<void> {
  const { patient } = await readSide(tx, patientId)
  if (patient === null || isErased(patient)) throw new AppError('NOT_FOUND')
}

function sendBothWays(
  tx: ClinicTx,
  jobs: JobSender,
  { clinicId, patientId, otherClinicId, otherPatientId }: LinkedPatients,
): Promise<void> {
  return sendShareJobs(tx, jobs, [
    { receiverId: clinicId, patientId, sourceId: otherClinicId },
    { receiverId: otherClinicId, patientId: otherPatientId, sourceId: clinicId },
  ])
}

import type pg from 'pg'
import { ClinicId } from '#shared/ids.ts'
import { createClinic } from '#server/clinics/create-clinic.ts'
import { type ClinicTx, withClinic } from '#server/database/clinic-tx.ts'
import { DESK, LINES, PEOPLE, PRICES, SETTINGS } from './clinic.ts'
import { makePatients } from './documents.ts'

/** Another clinic of the same people, by its number from 1. */
export async function addClinic(ownerPool: pg.Pool, number: number): Promise<ClinicId> {
  const suffix = number.toString(16).padStart(4, '0')
  const clinicId = ClinicId.parse(`01930000-0000-7000-8000-0000000c${suffix}`)
  const staff = PEOPLE.map(({ userId, roles }) => ({ userId, roles }))
  await withClinic(ownerPool, clinicId, (tx) => {
    const settings = { ...SETTINGS, slug: `bench-${suffix}` }
    const clinic = { ownerId: DESK.userId, settings, staff, doctors: LINES, prices: PRICES }
    return createClinic(tx, { ...clinic, trialDays: 14 }, Date.now())
  })
  return clinicId
}

/**
 * Patients straight into the tables by SQL, one made many: as many rows, as long, under as many feed
 * numbers as if stations had sent them, but without their commands and audit.
 */
export async function fillBySql(tx: ClinicTx, count: number): Promise<void> {
  const [patient] = makePatients(1, Date.now())
  await tx.query(
    `WITH before AS (SELECT head FROM feeds WHERE clinic_id = $1 FOR UPDATE),
     made AS (
       SELECT n, '01930000-0000-7000-8000-' || lpad(to_hex(head + n), 12, '0') AS id, head
       FROM before CROSS JOIN generate_series(1, $2::int) AS n)
     INSERT INTO documents (clinic_id, collection, id, seq, doc)
     SELECT $1, 'patients', id, head + n,
       $3::jsonb || jsonb_build_object('id', id, 'clinicId', $1::uuid) FROM made`,
    [tx.clinicId, count, JSON.stringify(patient)],
  )
  await tx.query('UPDATE feeds SET head = head + $2 WHERE clinic_id = $1', [tx.clinicId, count])
}

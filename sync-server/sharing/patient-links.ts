import { ClinicId, PatientId } from '#shared/ids.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'

export interface PatientLink {
  patientId: PatientId
  otherClinicId: ClinicId
  otherPatientId: PatientId
  /** ISO 8601. */
  linkedAt: string
}

export async function readLinks(tx: ClinicTx, patientId: PatientId): Promise<PatientLink[]> {
  const { rows } = await tx.query<{ clinicId: string; patientId: string; at: Date }>(
    `SELECT other_clinic_id AS "clinicId", other_patient_id AS "patientId", linked_at AS at
     FROM patient_links WHERE clinic_id = $1 AND patient_id = $2 ORDER BY linked_at, other_clinic_id`,
    [tx.clinicId, patientId],
  )
  return rows.map((row) => ({
    patientId,
    otherClinicId: ClinicId.parse(row.clinicId),
    otherPatientId: PatientId.parse(row.patientId),
    linkedAt: row.at.toISOString(),
  }))
}

/** Who the patient is at that clinic, as it stands here; null: nobody. */
export async function readLinked(
  tx: ClinicTx,
  patientId: PatientId,
  otherClinicId: ClinicId,
): Promise<PatientId | null> {
  const links = await readLinks(tx, patientId)
  return links.find((link) => link.otherClinicId === otherClinicId)?.otherPatientId ?? null
}

/** Which of these patients are somebody of that clinic already. */
export async function readTaken(
  tx: ClinicTx,
  patientIds: readonly PatientId[],
  otherClinicId: ClinicId,
): Promise<Set<string>> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT patient_id AS id FROM patient_links
     WHERE clinic_id = $1 AND patient_id = ANY ($2::uuid[]) AND other_clinic_id = $3`,
    [tx.clinicId, patientIds, otherClinicId],
  )
  return new Set(rows.map(({ id }) => id))
}

/** @returns whether it is written: one of the two may be linked already */
export async function insertLink(
  tx: ClinicTx,
  link: Omit<PatientLink, 'linkedAt'>,
  { by, now }: { by: string; now: number },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO patient_links (clinic_id, patient_id, other_clinic_id, other_patient_id,
       linked_by, linked_at)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
    [tx.clinicId, link.patientId, link.otherClinicId, link.otherPatientId, by, new Date(now)],
  )
  return rowCount === 1
}

/** @returns whether there was one */
export async function deleteLink(
  tx: ClinicTx,
  patientId: PatientId,
  otherClinicId: ClinicId,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    'DELETE FROM patient_links WHERE clinic_id = $1 AND patient_id = $2 AND other_clinic_id = $3',
    [tx.clinicId, patientId, otherClinicId],
  )
  return rowCount > 0
}

/** Says in the clinic's feed row whether it has a link at all. The feed must be locked. */
export async function noteShares(tx: ClinicTx): Promise<void> {
  await tx.query(
    `UPDATE feeds SET shares = EXISTS (SELECT FROM patient_links WHERE clinic_id = $1)
     WHERE clinic_id = $1`,
    [tx.clinicId],
  )
}

import { Doctor, Settings } from '#shared/clinic.ts'
import { Encounter } from '#shared/encounter.ts'
import { Entry } from '#shared/entry.ts'
import { AppError } from '#shared/errors.ts'
import { type PatientId, UserId } from '#shared/ids.ts'
import { LabResult } from '#shared/lab-result.ts'
import { Patient } from '#shared/patient.ts'
import { Prescription } from '#shared/prescription.ts'
import { SharedRecord } from '#shared/shared-record.ts'
import { standingConsent } from '#shared/standing-consent.ts'
import type { ClinicId } from '#shared/ids.ts'
import { Visit } from '#shared/visit.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import type { OwnRecords, SharingSide } from './copies-due.ts'

/** @throws AppError NOT_FOUND: no such clinic */
export async function readSide(tx: ClinicTx, patientId: PatientId): Promise<SharingSide> {
  const { rows } = await tx.query<{ ownerId: string; active: boolean; patient: unknown }>(
    `SELECT c.owner_id AS "ownerId", c.active, (
       SELECT doc FROM documents
       WHERE clinic_id = $1 AND collection = 'patients' AND id = $2 AND NOT deleted) AS patient
     FROM clinics c WHERE c.clinic_id = $1`,
    [tx.clinicId, patientId],
  )
  const row = rows[0]
  if (row === undefined) throw new AppError('NOT_FOUND')
  return {
    clinicId: tx.clinicId,
    ownerId: UserId.parse(row.ownerId),
    active: row.active,
    patient: row.patient === null ? null : Patient.parse(row.patient),
  }
}

/** All that this clinic knows of a patient by itself and could share. */
export async function readOwnRecords(tx: ClinicTx, patientId: PatientId): Promise<OwnRecords> {
  const [records, clinic] = await Promise.all([
    tx.query<{ collection: string; doc: unknown }>(
      `SELECT collection, doc FROM documents
       WHERE clinic_id = $1 AND patient_id = $2 AND NOT deleted
         AND collection IN ('visits', 'encounters', 'prescriptions', 'labResults', 'entries')`,
      [tx.clinicId, patientId],
    ),
    tx.query<{ body: unknown }>(
      `SELECT doc -> 'body' AS body FROM documents
       WHERE clinic_id = $1 AND collection = 'clinic' AND NOT deleted
         AND (id = 'settings' OR id LIKE 'doctor:%')`,
      [tx.clinicId],
    ),
  ])
  const docsOf = (collection: string): unknown[] =>
    records.rows.filter((row) => row.collection === collection).map(({ doc }) => doc)
  const bodies = clinic.rows.map(({ body }) => body)
  const settings = bodies.map((body) => Settings.safeParse(body).data).find((body) => body)
  if (settings === undefined) throw new AppError('NOT_FOUND')
  return {
    settings,
    visits: Visit.array().parse(docsOf('visits')),
    encounters: Encounter.array().parse(docsOf('encounters')),
    prescriptions: Prescription.array().parse(docsOf('prescriptions')),
    labResults: LabResult.array().parse(docsOf('labResults')),
    entries: Entry.array().parse(docsOf('entries')),
    doctors: new Map(
      bodies.flatMap((body) => {
        const doctor = Doctor.safeParse(body).data
        return doctor === undefined ? [] : [[doctor.doctorId, doctor.name]]
      }),
    ),
  }
}

/** Whether the patient agrees, here, that the owner's other clinics are told. */
export async function hasAgreed(tx: ClinicTx, patientId: PatientId): Promise<boolean> {
  const { rows } = await tx.query<{ doc: unknown }>(
    `SELECT doc FROM documents
     WHERE clinic_id = $1 AND patient_id = $2 AND NOT deleted AND collection = 'entries'
       AND doc -> 'body' ->> 'kind' = 'CONSENT'`,
    [tx.clinicId, patientId],
  )
  return standingConsent(rows.map(({ doc }) => Entry.parse(doc))) !== null
}

/** The copies of another clinic's records of a patient that stand here. */
export async function readCopies(
  tx: ClinicTx,
  patientId: PatientId,
  sourceId: ClinicId,
): Promise<SharedRecord[]> {
  const { rows } = await tx.query<{ doc: unknown }>(
    `SELECT doc FROM documents
     WHERE clinic_id = $1 AND collection = 'sharedHistory' AND patient_id = $2 AND NOT deleted
       AND doc -> 'source' ->> 'clinicId' = $3`,
    [tx.clinicId, patientId, sourceId],
  )
  return rows.map(({ doc }) => SharedRecord.parse(doc))
}

import type pg from 'pg'
import { AppError } from '#shared/errors.ts'
import type { ClinicId, PatientId, UserId } from '#shared/ids.ts'
import { isErased } from '#shared/erased.ts'
import { Patient } from '#shared/patient.ts'
import type { SharingAt, Suggestion } from '#shared/patient-sharing.ts'
import { listMemberships } from '../clinics/membership.ts'
import { type ClinicTx, withClinic, withUser } from '../database/clinic-tx.ts'
import { isAdminOfBoth } from './link-patients.ts'
import { readLinks, readTaken } from './patient-links.ts'
import { hasAgreed, readSide } from './read-records.ts'
import { suggestLinks } from './suggest-links.ts'

/**
 * Who a patient is, or may be, at the owner's other clinics. Of clinics where the person is ADMIN too,
 * and of no other: it is not said that there are any.
 *
 * @param by an ADMIN of this clinic
 * @throws AppError NOT_FOUND: no such patient here
 */
export async function readSharing(
  pool: pg.Pool,
  { clinicId, patientId, by }: { clinicId: ClinicId; patientId: PatientId; by: UserId },
): Promise<SharingAt[]> {
  const { patient, links } = await withClinic(pool, clinicId, async (tx) => ({
    patient: (await readSide(tx, patientId)).patient,
    links: await readLinks(tx, patientId),
  }))
  if (patient === null || isErased(patient)) throw new AppError('NOT_FOUND')
  const memberships = await withUser(pool, by, (tx) => listMemberships(tx))
  const found: SharingAt[] = []
  for (const { clinicId: otherId, clinicName } of memberships) {
    if (!(await isAdminOfBoth(pool, [clinicId, otherId], by))) continue
    const link = links.find(({ otherClinicId }) => otherClinicId === otherId)
    const at = await withClinic(pool, otherId, async (tx) =>
      link === undefined
        ? { linked: null, suggestions: await readSuggestions(tx, patient) }
        : { linked: await readLinkedPatient(tx, link), suggestions: [] },
    )
    found.push({ clinicId: otherId, clinicName, ...at })
  }
  return found
}

async function readLinkedPatient(
  tx: ClinicTx,
  { otherPatientId, linkedAt }: { otherPatientId: PatientId; linkedAt: string },
): Promise<SharingAt['linked']> {
  const { patient } = await readSide(tx, otherPatientId)
  return {
    patientId: otherPatientId,
    name: patient?.name ?? '',
    phones: patient?.phones ?? [],
    birthDate: patient?.birthDate ?? null,
    linkedAt,
    agreed: await hasAgreed(tx, otherPatientId),
  }
}

/** Who of this clinic may be the other's patient, and is none of its patients yet. */
async function readSuggestions(tx: ClinicTx, patient: Patient): Promise<Suggestion[]> {
  const alike = suggestLinks(patient, await readAlike(tx, patient))
  const ids = alike.map(({ patientId }) => patientId)
  const taken = await readTaken(tx, ids, patient.clinicId)
  return alike.filter(({ patientId }) => !taken.has(patientId))
}

const MOST_ALIKE = 200

/** Patients of the clinic with the same national id or one of the phones. */
async function readAlike(tx: ClinicTx, { nationalId, phones }: Patient): Promise<Patient[]> {
  const { rows } = await tx.query<{ doc: unknown }>(
    `SELECT doc FROM documents
     WHERE clinic_id = $1 AND collection = 'patients' AND NOT deleted
       AND (doc ->> 'nationalId' = $2 OR doc -> 'phones' ?| $3::text[])
     LIMIT $4`,
    [tx.clinicId, nationalId, phones, MOST_ALIKE],
  )
  return rows.map(({ doc }) => Patient.parse(doc))
}

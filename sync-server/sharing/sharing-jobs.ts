import type { CollectionName } from '#shared/collections.ts'
import { ClinicId, PatientId } from '#shared/ids.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import type { DataOf } from '../jobs/job-queues.ts'
import type { JobSender } from '../jobs/job-sender.ts'

/** Copies are made of these; what is written elsewhere changes none. */
const SHARED: ReadonlySet<CollectionName> = new Set([
  'patients',
  'visits',
  'encounters',
  'prescriptions',
  'labResults',
  'entries',
])

/** Whose history was written about, of what a transaction changed. */
export function patientsIn(
  documents: Iterable<{ collection: CollectionName; doc: object }>,
): PatientId[] {
  const patients = new Set<PatientId>()
  for (const { collection, doc } of documents) {
    if (!SHARED.has(collection)) continue
    const id = PatientId.safeParse(Reflect.get(doc, collection === 'patients' ? 'id' : 'patientId'))
    if (id.success) patients.add(id.data)
  }
  return [...patients]
}

/**
 * Has the copies of these patients' histories at the owner's other clinics looked at, in the transaction
 * that wrote them. It must hold the clinic's feed: a job that stands in the line already takes the same
 * lock before it looks, and so comes to see what is written here.
 *
 * @param direction FROM_HERE: their copies elsewhere; BOTH: also those of elsewhere that lie here
 */
export async function sendSharing(
  tx: ClinicTx,
  jobs: JobSender,
  patients: readonly PatientId[] | 'ALL',
  direction: 'FROM_HERE' | 'BOTH' = 'FROM_HERE',
): Promise<void> {
  const { rows } = await tx.query<LinkRow>(
    `SELECT patient_id AS "patientId", other_clinic_id AS "otherClinicId",
       other_patient_id AS "otherPatientId"
     FROM patient_links
     WHERE clinic_id = $1 AND ($2::uuid[] IS NULL OR patient_id = ANY ($2))`,
    [tx.clinicId, patients === 'ALL' ? null : patients],
  )
  const from = rows.map(({ otherClinicId, otherPatientId }) => ({
    receiverId: ClinicId.parse(otherClinicId),
    patientId: PatientId.parse(otherPatientId),
    sourceId: tx.clinicId,
  }))
  const to = rows.map(({ patientId, otherClinicId }) => ({
    receiverId: tx.clinicId,
    patientId: PatientId.parse(patientId),
    sourceId: ClinicId.parse(otherClinicId),
  }))
  await sendShareJobs(tx, jobs, direction === 'BOTH' ? [...from, ...to] : from)
}

type LinkRow = { patientId: string; otherClinicId: string; otherPatientId: string }

/** Of one patient, between two clinics and in one direction, one stands in the line at most. */
export function sendShareJobs(
  tx: ClinicTx,
  jobs: JobSender,
  data: readonly DataOf<'share-history'>[],
): Promise<void> {
  const keyed = data.map((each) => ({
    key: `${each.receiverId}:${each.patientId}:${each.sourceId}`,
    data: each,
  }))
  // In one order for everybody: two who send the same two must not wait for each other.
  const inOrder = keyed.toSorted((a, b) => (a.key < b.key ? -1 : 1))
  return jobs.send(tx, 'share-history', inOrder)
}

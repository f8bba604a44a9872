import pino from 'pino'
import type { Entry } from '#shared/entry.ts'
import type { PatientId } from '#shared/ids.ts'
import type { Command } from '#shared/commands.ts'
import type { SharedRecord } from '#shared/shared-record.ts'
import { SharedRecord as Copy } from '#shared/shared-record.ts'
import { writeClinicDocuments } from '../sync/feed.ts'
import { createBoss } from '../jobs/boss.ts'
import { JOB_DATA } from '../jobs/job-queues.ts'
import { type JobSender, senderOf } from '../jobs/job-sender.ts'
import { createTestClinic, type Desk, newId, TODAY, type TestClinic } from '../sync/test-clinic.ts'
import type { TestDatabase } from '../test/test-database.ts'
import { linkPatients, unlinkPatients } from './link-patients.ts'
import { shareHistory } from './share-history.ts'

export interface OwnersClinic {
  clinic: TestClinic
  desk: Desk
}

/** Two clinics of one owner, who is ADMIN in both; and the jobs between them, worked on when told. */
export interface TestOwner {
  a: OwnersClinic
  b: OwnersClinic
  jobs: JobSender
  /** Works on all there is, and on what comes meanwhile; as many at once as given. */
  work: (workers?: number) => Promise<number>
  link: (patientId: PatientId, otherPatientId: PatientId) => Promise<void>
  unlink: (patientId: PatientId) => Promise<void>
  close: () => Promise<void>
}

export async function createTestOwner(database: TestDatabase): Promise<TestOwner> {
  const boss = createBoss({ executeSql: (text, values) => database.pool.query(text, values) })
  await boss.start()
  const jobs = senderOf(boss)
  const a = await openClinic(database, jobs)
  const b = await openClinic(database, jobs)
  await giveTo(b, a)
  const log = pino({ level: 'silent' })
  const deps = { pool: database.pool, log, now: () => a.clinic.clock.now, jobs }
  const { admin } = a.clinic.people

  async function workOne(): Promise<number> {
    let done = 0
    for (;;) {
      const [job] = await boss.fetch('share-history')
      if (job === undefined) return done
      await shareHistory(deps, JOB_DATA['share-history'].parse(job.data))
      await boss.complete('share-history', job.id)
      done += 1
    }
  }
  const clinicId = a.clinic.clinicId
  const otherClinicId = b.clinic.clinicId
  return {
    a,
    b,
    jobs,
    work: async (workers = 1) => {
      const done = await Promise.all(Array.from({ length: workers }, () => workOne()))
      return done.reduce((sum, each) => sum + each, 0)
    },
    link: (patientId, otherPatientId) =>
      linkPatients(deps, { clinicId, patientId, otherClinicId, otherPatientId }, admin),
    unlink: (patientId) => unlinkPatients(deps, { clinicId, patientId, otherClinicId }, admin),
    close: () => boss.stop({ graceful: false }),
  }
}

async function openClinic(database: TestDatabase, jobs: JobSender): Promise<OwnersClinic> {
  const clinic = await createTestClinic(database)
  clinic.jobs = jobs
  const { clinicId, people } = clinic
  await clinic.within((tx) =>
    writeClinicDocuments(tx, [
      {
        id: `doctor:${people.doctor}`,
        clinicId,
        body: {
          kind: 'DOCTOR',
          doctorId: people.doctor,
          name: 'د. منى',
          room: '1',
          specialty: 'باطنة',
          order: 0,
          active: true,
        },
      },
    ]),
  )
  return { clinic, desk: await clinic.openDesk('admin', 'reception', 'doctor') }
}

/** Makes a clinic another's owner's, whose ADMIN is its ADMIN too. */
export async function giveTo(given: OwnersClinic, { clinic }: OwnersClinic): Promise<void> {
  const { database, clinicId } = given.clinic
  const { admin } = clinic.people
  await given.clinic.within((tx) =>
    tx.query(
      `INSERT INTO clinic_staff (clinic_id, user_id, roles, active) VALUES ($1, $2, '{ADMIN}', true)
       ON CONFLICT DO NOTHING`,
      [tx.clinicId, admin],
    ),
  )
  await setOwner(database, clinicId, admin)
}

export async function setOwner(
  database: TestDatabase,
  clinicId: string,
  ownerId: string,
): Promise<void> {
  const client = await database.ownerPool.connect()
  try {
    await client.query('BEGIN')
    await client.query(`SELECT set_config('app.clinic_id', $1, true)`, [clinicId])
    await client.query('UPDATE clinics SET owner_id = $2 WHERE clinic_id = $1', [clinicId, ownerId])
    await client.query('COMMIT')
  } finally {
    client.release()
  }
}

/** What a patient says of sharing their history. */
export function consent(desk: Desk, patientId: PatientId, given: boolean): Command {
  return desk.make('recordConsent', 'reception', (author) => {
    const next: Entry = {
      id: newId(),
      clinicId: desk.clinicId,
      visitId: null,
      patientId,
      queueDay: TODAY,
      ...author,
      body: { kind: 'CONSENT', scope: 'SHARED_HISTORY', given },
    }
    return [{ collection: 'entries', id: next.id, base: null, next }]
  })
}

/** The copies that stand at a clinic, by id. */
export async function copiesAt({ clinic }: OwnersClinic): Promise<SharedRecord[]> {
  const { rows } = await clinic.within((tx) =>
    tx.query<{ doc: unknown }>(
      `SELECT doc FROM documents
       WHERE clinic_id = $1 AND collection = 'sharedHistory' AND NOT deleted ORDER BY id COLLATE "C"`,
      [tx.clinicId],
    ),
  )
  return rows.map(({ doc }) => Copy.parse(doc))
}

import pg from 'pg'
import { expect } from 'vitest'
import type { Command, Write } from '#shared/commands.ts'
import type { Patient } from '#shared/patient.ts'
import type { Prescription } from '#shared/prescription.ts'
import type { Visit } from '#shared/visit.ts'
import { verifyAudit } from '../audit/verify-audit.ts'
import { type Desk, newId, TODAY } from '../sync/test-clinic.ts'
import { checkIn, madePatient, madeVisit, register, step } from '../sync/test-commands.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import {
  consent,
  copiesAt,
  createTestOwner,
  type OwnersClinic,
  type TestOwner,
} from './test-owner.ts'

/** A database of an owner's clinics, made anew for each test, and who looks past all rules. */
export interface SharingDatabase {
  database: TestDatabase
  superuser: pg.Client
  drop: () => Promise<void>
}

export async function createSharingDatabase(): Promise<SharingDatabase> {
  const database = await createTestDatabase()
  const superuser = new pg.Client({ connectionString: database.superuserUrl })
  await superuser.connect()
  return {
    database,
    superuser,
    async drop() {
      await superuser.end()
      await database.drop()
    },
  }
}

/** Two clinics of one owner, and a patient of both whom nobody has linked yet. */
export interface KnownAtBoth {
  owner: TestOwner
  /** The same person at both clinics. */
  atA: Patient
  atB: Patient
  /** Closes, and looks whether all is still whole. */
  close: () => Promise<void>
}

export async function openKnownAtBoth({
  database,
  superuser,
}: SharingDatabase): Promise<KnownAtBoth> {
  await superuser.query('DELETE FROM jobs.job')
  const owner = await createTestOwner(database)
  return {
    owner,
    atA: await knownAt(owner.a),
    atB: await knownAt(owner.b),
    async close() {
      await owner.close()
      await Promise.all([owner.a, owner.b].map(requireWhole))
    },
  }
}

/** Whatever happened: the chain is whole, and no document is above its feed's head. */
async function requireWhole({ clinic }: OwnersClinic): Promise<void> {
  const { ok } = await clinic.within(verifyAudit)
  const { rows } = await clinic.within((tx) =>
    tx.query(
      `SELECT 1 FROM feeds f WHERE f.clinic_id = $1
         AND f.head < (SELECT max(seq) FROM documents WHERE clinic_id = $1)`,
      [tx.clinicId],
    ),
  )
  if (!ok || rows.length > 0) throw new Error('the chain or the feed is broken')
}

export const ALLERGY = 'بنسلين'

export async function knownAt({ desk }: OwnersClinic): Promise<Patient> {
  const known = register(desk, 'reception', { name: 'منى عبد الرحمن' })
  await take(desk, known)
  return madePatient(known)
}

export async function take(desk: Desk, ...commands: Command[]): Promise<void> {
  const results = await desk.push(...commands)
  expect(results.map(({ verdict, code }) => code ?? verdict)).toEqual(
    commands.map(() => 'ACCEPTED'),
  )
}

export function allergic(desk: Desk, patient: Patient): Command {
  return desk.make('editAllergies', 'doctor', (author) => {
    const fact = {
      id: newId<Patient['allergies'][number]['id']>(),
      ...author,
      substance: ALLERGY,
      reaction: null,
      severity: 'SEVERE' as const,
      retracts: null,
    }
    const next = { ...patient, allergies: [fact] }
    return [{ collection: 'patients', id: patient.id, base: patient, next }]
  })
}

/** Seen by the doctor, who prescribes; then done. */
export async function treat(
  { clinic, desk }: OwnersClinic,
  patient: Patient,
): Promise<Prescription> {
  await desk.pull()
  const visit = { doctorId: clinic.people.doctor }
  const arrived = checkIn(desk, 'reception', { number: 1, patientId: patient.id, visit })
  await take(desk, arrived)
  const started = step(desk, 'doctor', madeVisit(arrived), ['startVisit', 'WITH_DOCTOR'])
  await take(desk, started)
  const seen = madeVisit(started)
  const final = finalOf(desk, seen)
  await take(desk, final.command, step(desk, 'doctor', seen, ['finishVisit', 'DONE']))
  return final.prescription
}

function finalOf(desk: Desk, visit: Visit): { command: Command; prescription: Prescription } {
  let prescription: Prescription | undefined
  const command = desk.make('finalizePrescription', 'doctor', (author) => {
    const line = { dose: null, form: null, route: null, frequency: null, duration: null }
    prescription = {
      id: newId(),
      clinicId: desk.clinicId,
      visitId: visit.id,
      patientId: visit.patientId,
      doctorId: author.by,
      queueDay: TODAY,
      status: 'FINAL',
      draftId: null,
      lines: [{ drug: 'أموكسيسيلين', ...line, instructions: null }],
      note: null,
      finals: [],
      marks: {},
      created: author,
      superseded: [],
      settled: [],
    }
    const write: Write = {
      collection: 'prescriptions',
      id: prescription.id,
      base: null,
      next: prescription,
    }
    return [write]
  })
  if (prescription === undefined) throw new Error('nothing was finalized')
  return { command, prescription }
}

/** Linked, and agreed to at A: what A knows is at B. */
export async function share({ owner, atA, atB }: KnownAtBoth): Promise<void> {
  await owner.link(atA.id, atB.id)
  await take(owner.a.desk, consent(owner.a.desk, atA.id, true))
  await take(owner.a.desk, allergic(owner.a.desk, atA))
  await owner.work()
  expect((await copiesAt(owner.b)).map(({ body }) => body.kind)).toEqual(['ALLERGY'])
}

/** Of both clinics. */
export async function countLinks(
  { superuser }: SharingDatabase,
  { owner }: KnownAtBoth,
): Promise<number> {
  const { rows } = await superuser.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM patient_links WHERE clinic_id = ANY ($1)',
    [[owner.a.clinic.clinicId, owner.b.clinic.clinicId]],
  )
  return rows[0]?.n ?? 0
}

import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Command, Write } from '#shared/commands.ts'
import type { ClinicId } from '#shared/ids.ts'
import type { Patient } from '#shared/patient.ts'
import type { Prescription } from '#shared/prescription.ts'
import type { Visit } from '#shared/visit.ts'
import { erasePatient } from '../audit/erase-patient.ts'
import { verifyAudit } from '../audit/verify-audit.ts'
import { changeOwner } from '../clinics/change-owner.ts'
import { replaceSettings } from '../clinics/settings.ts'
import { changeStaff } from '../clinics/staff.ts'
import { acrossClinicsOfOwner, withClinic } from '../database/clinic-tx.ts'
import { DAY, type Desk, newId, TODAY } from '../sync/test-clinic.ts'
import { checkIn, entryOf, madePatient, madeVisit, register, step } from '../sync/test-commands.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { linkPatients } from './link-patients.ts'
import { readSharing } from './read-sharing.ts'
import { lockFeeds } from './share-history.ts'
import {
  consent,
  copiesAt,
  createTestOwner,
  type OwnersClinic,
  setOwner,
  type TestOwner,
} from './test-owner.ts'

let database: TestDatabase
let superuser: pg.Client
let owner: TestOwner
/** The same person at both clinics. */
let atA: Patient
let atB: Patient
const log = pino({ level: 'silent' })

beforeAll(async () => {
  database = await createTestDatabase()
  superuser = new pg.Client({ connectionString: database.superuserUrl })
  await superuser.connect()
})
afterAll(async () => {
  await superuser.end()
  await database.drop()
})
beforeEach(async () => {
  await superuser.query('DELETE FROM jobs.job')
  owner = await createTestOwner(database)
  atA = await knownAt(owner.a)
  atB = await knownAt(owner.b)
})
afterEach(async () => {
  // Whatever happened: both chains are whole, and no document is above its feed's head.
  for (const { clinic } of [owner.a, owner.b]) {
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
  await owner.close()
})

const ALLERGY = 'بنسلين'

async function knownAt({ desk }: OwnersClinic): Promise<Patient> {
  const known = register(desk, 'reception', { name: 'منى عبد الرحمن' })
  await take(desk, known)
  return madePatient(known)
}

async function take(desk: Desk, ...commands: Command[]): Promise<void> {
  const results = await desk.push(...commands)
  expect(results.map(({ verdict, code }) => code ?? verdict)).toEqual(
    commands.map(() => 'ACCEPTED'),
  )
}

function allergic(desk: Desk, patient: Patient): Command {
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
async function treat({ clinic, desk }: OwnersClinic, patient: Patient): Promise<Prescription> {
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
async function share(): Promise<void> {
  await owner.link(atA.id, atB.id)
  await take(owner.a.desk, consent(owner.a.desk, atA.id, true))
  await take(owner.a.desk, allergic(owner.a.desk, atA))
  await owner.work()
  expect((await copiesAt(owner.b)).map(({ body }) => body.kind)).toEqual(['ALLERGY'])
}

async function headOf({ clinic }: OwnersClinic): Promise<number> {
  const { rows } = await clinic.within((tx) =>
    tx.query<{ head: number }>('SELECT head FROM feeds WHERE clinic_id = $1', [tx.clinicId]),
  )
  return rows[0]?.head ?? 0
}

/** Of both clinics. */
async function countLinks(): Promise<number> {
  const { rows } = await superuser.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM patient_links WHERE clinic_id = ANY ($1)',
    [[owner.a.clinic.clinicId, owner.b.clinic.clinicId]],
  )
  return rows[0]?.n ?? 0
}

/** Everything that a clinic's rows say, audit and jobs too. */
async function everythingAt({ clinic }: OwnersClinic): Promise<string> {
  const { rows } = await superuser.query<{ said: string }>(
    `SELECT d::text AS said FROM documents d WHERE clinic_id = $1
     UNION ALL SELECT p::text FROM audit_payloads p WHERE clinic_id = $1
     UNION ALL SELECT c::text FROM commands c WHERE clinic_id = $1
     UNION ALL SELECT j::text FROM jobs.job j`,
    [clinic.clinicId],
  )
  return rows.map(({ said }) => said).join('\n')
}

describe('what is copied', () => {
  test('needs both a link and the patient’s word, in whichever order they come', async () => {
    await take(owner.a.desk, allergic(owner.a.desk, atA))
    await owner.link(atA.id, atB.id)
    await owner.work()
    expect(await copiesAt(owner.b)).toEqual([])
    await take(owner.a.desk, consent(owner.a.desk, atA.id, true))
    await owner.work()
    expect(await copiesAt(owner.b)).toMatchObject([
      {
        patientId: atB.id,
        clinicId: owner.b.clinic.clinicId,
        body: { kind: 'ALLERGY', substance: ALLERGY },
        source: {
          clinicId: owner.a.clinic.clinicId,
          clinicName: 'عيادات النيل',
          doctorName: 'د. منى',
        },
      },
    ])
    // The other way needs a word of its own.
    expect(await copiesAt(owner.a)).toEqual([])
  })

  test('follows each push, comes by the feed, and takes no number where nothing changed', async () => {
    await share()
    const final = await treat(owner.a, atA)
    await owner.work()
    expect((await copiesAt(owner.b)).map(({ body }) => body.kind)).toEqual([
      'ALLERGY',
      'PRESCRIPTION',
      'VISIT',
    ])
    await owner.b.desk.pull()
    const id = `${owner.a.clinic.clinicId}:PRESCRIPTION:${final.id}`
    expect(owner.b.desk.documents.get(`sharedHistory:${id}`)).toMatchObject({
      body: { kind: 'PRESCRIPTION', canceled: false, lines: [{ drug: 'أموكسيسيلين' }] },
    })
    const head = await headOf(owner.b)
    await take(owner.a.desk, checkIn(owner.a.desk, 'reception', { number: 2, patientId: atA.id }))
    expect(await owner.work()).toBe(1)
    expect(await headOf(owner.b)).toBe(head)
    // Cancelled later, the copy says so.
    const canceled = owner.a.desk.make('appendAddendum', 'doctor', (author) => {
      // Cast: of this visit and patient alone
      const visit = { id: final.visitId, patientId: atA.id, queueDay: TODAY } as Visit
      const next = entryOf(owner.a.desk, author, visit, {
        kind: 'ADDENDUM',
        relation: 'CANCELS',
        prescriptionId: final.id,
        replacementId: null,
        text: 'حساسية',
      })
      return [{ collection: 'entries', id: next.id, base: null, next }]
    })
    await take(owner.a.desk, canceled)
    await owner.work()
    await owner.b.desk.pull()
    expect(owner.b.desk.documents.get(`sharedHistory:${id}`)).toMatchObject({
      body: { canceled: true },
    })
    expect(await headOf(owner.b)).toBe(head + 1)
  })

  test('goes no further: what B was told by A is not told by B', async () => {
    await share()
    await take(owner.b.desk, consent(owner.b.desk, atB.id, true))
    await owner.work()
    expect(await copiesAt(owner.a)).toEqual([])
    await take(owner.b.desk, allergic(owner.b.desk, atB))
    await owner.work()
    expect(await copiesAt(owner.a)).toMatchObject([
      { source: { clinicId: owner.b.clinic.clinicId } },
    ])
    expect(await copiesAt(owner.b)).toHaveLength(1)
  })

  test('is in both audits by ids, in none by what it says', async () => {
    await share()
    const names = async ({ clinic }: OwnersClinic) => {
      const { rows } = await clinic.within((tx) =>
        tx.query<{ name: string }>(
          `SELECT name FROM audit_entries WHERE clinic_id = $1 AND command_id IS NULL
             AND name ~ 'link|ared|share' ORDER BY seq`,
          [tx.clinicId],
        ),
      )
      return rows.map(({ name }) => name)
    }
    expect(await names(owner.a)).toEqual(['linkPatients', 'shareHistory'])
    expect(await names(owner.b)).toEqual(['linkPatients', 'takeSharedHistory'])
    const { rows } = await superuser.query<{ content: string }>(
      `SELECT content::text FROM audit_payloads
       WHERE clinic_id = $1 AND collection = 'sharedHistory'`,
      [owner.b.clinic.clinicId],
    )
    expect(rows).toHaveLength(1)
    expect(rows[0]?.content).toContain(owner.a.clinic.clinicId)
    expect(rows[0]?.content).not.toContain(ALLERGY)
  })

  test('costs a clinic without a link nothing: no job, no question', async () => {
    await take(owner.a.desk, allergic(owner.a.desk, atA))
    const { rows } = await superuser.query('SELECT 1 FROM jobs.job')
    expect(rows).toEqual([])
  })
})

describe('what ends it', () => {
  /** Each goes whole: copies, their text in rows, and at the stations. */
  async function expectGone(): Promise<void> {
    expect(await copiesAt(owner.b)).toEqual([])
    const { rows } = await superuser.query<{ doc: object; deleted: boolean }>(
      `SELECT doc, deleted FROM documents WHERE clinic_id = $1 AND collection = 'sharedHistory'`,
      [owner.b.clinic.clinicId],
    )
    expect(rows.length).toBeGreaterThan(0)
    for (const { doc, deleted } of rows) {
      expect({ deleted, fields: Object.keys(doc).toSorted() }).toEqual({
        deleted: true,
        fields: ['clinicId', 'id'],
      })
    }
    expect(await everythingAt(owner.b)).not.toContain(ALLERGY)
    await owner.b.desk.pull()
    for (const [key, doc] of owner.b.desk.documents) {
      if (key.startsWith('sharedHistory:')) expect(doc).toBe(null)
    }
  }

  test('a withdrawal; and given anew, it is there again', async () => {
    await share()
    await owner.b.desk.pull()
    await take(owner.a.desk, consent(owner.a.desk, atA.id, false))
    await owner.work()
    await expectGone()
    owner.a.clinic.clock.now += 1_000
    await take(owner.a.desk, consent(owner.a.desk, atA.id, true))
    await owner.work()
    expect(await copiesAt(owner.b)).toHaveLength(1)
  })

  test('the end of the link', async () => {
    await share()
    await owner.unlink(atA.id)
    await owner.work()
    await expectGone()
    expect(await countLinks()).toBe(0)
  })

  test.each(['a', 'b'] as const)(
    'an erasure of the patient at %s, and the link goes too',
    async (at) => {
      await share()
      const { clinic } = owner[at]
      const act = { by: clinic.people.admin, now: clinic.clock.now, jobs: owner.jobs }
      const id = at === 'a' ? atA.id : atB.id
      await clinic.within((tx) => erasePatient(tx, id, act))
      await owner.work()
      await expectGone()
      expect(await countLinks()).toBe(0)
    },
  )

  test.each(['a', 'b'] as const)('the closing of clinic %s, until it is open again', async (at) => {
    await share()
    const { clinic } = owner[at]
    const setActive = (active: boolean) =>
      clinic.within((tx) =>
        replaceSettings(
          tx,
          { ...clinic.settings, active },
          {
            name: 'replaceSettings',
            by: clinic.people.admin,
            now: clinic.clock.now,
            jobs: owner.jobs,
          },
        ),
      )
    await setActive(false)
    await owner.work()
    await expectGone()
    await setActive(true)
    await owner.work()
    expect(await copiesAt(owner.b)).toHaveLength(1)
  })

  test('another owner, for good', async () => {
    await share()
    const { clinicId, clock, people } = owner.b.clinic
    const change = { to: people.admin, now: clock.now, jobs: owner.jobs }
    await withClinic(database.ownerPool, clinicId, (tx) => changeOwner(tx, change))
    await owner.work()
    await expectGone()
    expect(await countLinks()).toBe(0)
  })

  const WAYS = [0, 1] as const
  test.each(WAYS)(
    'a withdrawal that meets a copying under way ends it, whichever lock that waits for (%s)',
    async (which) => {
      await share()
      await treat(owner.a, atA)
      const clinics = [owner.a.clinic.clinicId, owner.b.clinic.clinicId].toSorted()
      const held = clinics[which] ?? expect.fail('two clinics')
      await superuser.query('BEGIN')
      await superuser.query('SELECT 1 FROM feeds WHERE clinic_id = $1 FOR UPDATE', [held])
      const copying = owner.work()
      await pause(100)
      const withdrawing = take(owner.a.desk, consent(owner.a.desk, atA.id, false))
      await pause(100)
      await superuser.query('COMMIT')
      await Promise.all([copying, withdrawing])
      await owner.work()
      await expectGone()
    },
  )

  test('words that change while many workers copy end as the last of them says', async () => {
    await share()
    for (let round = 0; round < 12; round += 1) {
      owner.a.clinic.clock.now += 1_000
      const given = (round * 7) % 3 !== 0
      const working = owner.work(3)
      await take(owner.a.desk, consent(owner.a.desk, atA.id, given))
      await Promise.all([working, owner.work(2)])
      await owner.work()
      expect([round, (await copiesAt(owner.b)).length]).toEqual([round, given ? 1 : 0])
    }
  })
})

describe('who may link', () => {
  const told = ({ id: patientId, name, phones, birthDate }: Patient) => ({
    patientId,
    name,
    phones,
    birthDate,
  })
  const deps = () => ({ pool: database.pool, log, now: Date.now, jobs: owner.jobs })
  const link = () => ({
    clinicId: owner.a.clinic.clinicId,
    patientId: atA.id,
    otherClinicId: owner.b.clinic.clinicId,
    otherPatientId: atB.id,
  })

  test('an ADMIN of both, and nobody else; all are answered alike', async () => {
    const { a, b } = owner
    const others = [a.clinic.people.doctor, b.clinic.people.admin, b.clinic.people.reception]
    for (const by of others) {
      await expect(linkPatients(deps(), link(), by)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
    const { admin } = a.clinic.people
    for (const forged of [
      { otherPatientId: newId<Patient['id']>() },
      { patientId: newId<Patient['id']>() },
      { otherClinicId: newId<ClinicId>() },
      { otherClinicId: a.clinic.clinicId },
    ]) {
      await expect(linkPatients(deps(), { ...link(), ...forged }, admin)).rejects.toMatchObject({
        code: 'NOT_FOUND',
        details: {},
      })
    }
    await b.clinic.within((tx) =>
      changeStaff(tx, {
        userId: admin,
        change: { active: false },
        by: b.clinic.people.admin,
        now: b.clinic.clock.now,
      }),
    )
    await expect(owner.link(atA.id, atB.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await countLinks()).toBe(0)
  })

  test('nobody between two owners’ clinics, or with one that is closed', async () => {
    const { b } = owner
    await setOwner(database, b.clinic.clinicId, b.clinic.people.admin)
    await expect(owner.link(atA.id, atB.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await setOwner(database, b.clinic.clinicId, owner.a.clinic.people.admin)
    const closed = { ...b.clinic.settings, active: false }
    await b.clinic.within((tx) =>
      replaceSettings(tx, closed, {
        name: 'replaceSettings',
        by: b.clinic.people.admin,
        now: b.clinic.clock.now + DAY,
        jobs: owner.jobs,
      }),
    )
    await expect(owner.link(atA.id, atB.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('a patient is one other at a clinic, and saying it twice is saying it once', async () => {
    await owner.link(atA.id, atB.id)
    await owner.link(atA.id, atB.id)
    const second = await knownAt(owner.b)
    await expect(owner.link(atA.id, second.id)).rejects.toMatchObject({ code: 'INVALID' })
    const third = await knownAt(owner.a)
    await expect(owner.link(third.id, atB.id)).rejects.toMatchObject({ code: 'INVALID' })
    expect(await countLinks()).toBe(2)
  })

  test('likely pairs are offered where they may be linked, and nothing is said of other clinics', async () => {
    const { a, b } = owner
    const { admin } = a.clinic.people
    const { clinicId } = a.clinic
    const ask = (by = admin) => readSharing(database.pool, { clinicId, patientId: atA.id, by })
    expect(await ask()).toMatchObject([
      {
        clinicId: b.clinic.clinicId,
        linked: null,
        suggestions: [{ ...told(atB), likeness: 'NAME_AND_PHONE' }],
      },
    ])
    await owner.link(atA.id, atB.id)
    const linked = { ...told(atB), agreed: false }
    expect(await ask()).toMatchObject([{ linked, suggestions: [] }])
    // What they said here is known here; what they said there is told along.
    await take(a.desk, consent(a.desk, atA.id, true))
    expect(await ask()).toMatchObject([{ linked }])
    await take(b.desk, consent(b.desk, atB.id, true))
    expect(await ask()).toMatchObject([{ linked: { agreed: true } }])
    await setOwner(database, b.clinic.clinicId, b.clinic.people.admin)
    expect(await ask()).toEqual([])
    await setOwner(database, b.clinic.clinicId, admin)
    await b.clinic.within((tx) =>
      changeStaff(tx, {
        userId: admin,
        change: { roles: ['DOCTOR'] },
        by: b.clinic.people.admin,
        now: b.clinic.clock.now,
      }),
    )
    expect(await ask()).toEqual([])
  })

  test('two who link at once do not wait for each other for ever', async () => {
    const third = await knownAt(owner.a)
    const fourth = await knownAt(owner.b)
    const back = {
      clinicId: owner.b.clinic.clinicId,
      patientId: fourth.id,
      otherClinicId: owner.a.clinic.clinicId,
      otherPatientId: third.id,
    }
    const { admin } = owner.a.clinic.people
    await Promise.all([linkPatients(deps(), link(), admin), linkPatients(deps(), back, admin)])
    expect(await countLinks()).toBe(4)
  })
})

test('across two clinics each statement still sees one, and no third can be named', async () => {
  const both = [owner.a.clinic.clinicId, owner.b.clinic.clinicId] as const
  const audit = { reason: 'a test', log: () => undefined }
  const seen = await acrossClinicsOfOwner(database.pool, both, audit, async (within) => {
    await lockFeeds(within, both)
    const read = (clinicId: ClinicId) =>
      within(clinicId, async (tx) => {
        const { rows } = await tx.query<{ id: string }>(
          'SELECT DISTINCT clinic_id AS id FROM documents',
        )
        return rows.map(({ id }) => id)
      })
    return [await read(both[0]), await read(both[1]), await read(both[0])]
  })
  expect(seen).toEqual([[both[0]], [both[1]], [both[0]]])
  await expect(
    acrossClinicsOfOwner(database.pool, both, audit, (within) =>
      within(newId<ClinicId>(), () => Promise.resolve()),
    ),
  ).rejects.toThrow('was not named')
  await expect(
    acrossClinicsOfOwner(database.pool, both, audit, async (within) => {
      const left = await within(both[0], (tx) => Promise.resolve(tx))
      return within(both[1], () => left.query('SELECT 1'))
    }),
  ).rejects.toThrow('outside of its clinic')
})

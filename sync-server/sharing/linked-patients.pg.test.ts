import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ClinicId } from '#shared/ids.ts'
import type { Patient } from '#shared/patient.ts'
import { replaceSettings } from '../clinics/settings.ts'
import { changeStaff } from '../clinics/staff.ts'
import { acrossClinicsOfOwner } from '../database/clinic-tx.ts'
import { DAY, newId } from '../sync/test-clinic.ts'
import { linkPatients } from './link-patients.ts'
import { readSharing } from './read-sharing.ts'
import { lockFeeds } from './share-history.ts'
import {
  countLinks,
  createSharingDatabase,
  type KnownAtBoth,
  knownAt,
  openKnownAtBoth,
  type SharingDatabase,
  take,
} from './test-known-at-both.ts'
import { consent, setOwner, type TestOwner } from './test-owner.ts'

const log = pino({ level: 'silent' })

let db: SharingDatabase
let known: KnownAtBoth
let owner: TestOwner
let atA: Patient
let atB: Patient

beforeAll(async () => {
  db = await createSharingDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  known = await openKnownAtBoth(db)
  ;({ owner, atA, atB } = known)
})
afterEach(() => known.close())

describe('who may link', () => {
  const told = ({ id: patientId, name, phones, birthDate }: Patient) => ({
    patientId,
    name,
    phones,
    birthDate,
  })
  const deps = () => ({ pool: db.database.pool, log, now: Date.now, jobs: owner.jobs })
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
    expect(await countLinks(db, known)).toBe(0)
  })

  test('nobody between two owners’ clinics, or with one that is closed', async () => {
    const { b } = owner
    await setOwner(db.database, b.clinic.clinicId, b.clinic.people.admin)
    await expect(owner.link(atA.id, atB.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await setOwner(db.database, b.clinic.clinicId, owner.a.clinic.people.admin)
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
    // So nobody is offered who is somebody else already.
    const { clinicId, people } = owner.a.clinic
    const asked = { clinicId, patientId: third.id, by: people.admin }
    expect(await readSharing(db.database.pool, asked)).toMatchObject([
      { linked: null, suggestions: [{ patientId: second.id }] },
    ])
    expect(await countLinks(db, known)).toBe(2)
  })

  test('likely pairs are offered where they may be linked, and nothing is said of other clinics', async () => {
    const { a, b } = owner
    const { admin } = a.clinic.people
    const { clinicId } = a.clinic
    const ask = (by = admin) => readSharing(db.database.pool, { clinicId, patientId: atA.id, by })
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
    await setOwner(db.database, b.clinic.clinicId, b.clinic.people.admin)
    expect(await ask()).toEqual([])
    await setOwner(db.database, b.clinic.clinicId, admin)
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
    expect(await countLinks(db, known)).toBe(4)
  })
})

test('across two clinics each statement still sees one, and no third can be named', async () => {
  const both = [owner.a.clinic.clinicId, owner.b.clinic.clinicId] as const
  const audit = { reason: 'a test', log: () => undefined }
  const seen = await acrossClinicsOfOwner(db.database.pool, both, audit, async (within) => {
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
    acrossClinicsOfOwner(db.database.pool, both, audit, (within) =>
      within(newId<ClinicId>(), () => Promise.resolve()),
    ),
  ).rejects.toThrow('was not named')
  await expect(
    acrossClinicsOfOwner(db.database.pool, both, audit, async (within) => {
      const left = await within(both[0], (tx) => Promise.resolve(tx))
      return within(both[1], () => left.query('SELECT 1'))
    }),
  ).rejects.toThrow('outside of its clinic')
})

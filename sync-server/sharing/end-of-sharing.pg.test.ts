import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Patient } from '#shared/patient.ts'
import { erasePatient } from '../audit/erase-patient.ts'
import { changeOwner } from '../clinics/change-owner.ts'
import { replaceSettings } from '../clinics/settings.ts'
import { withClinic } from '../database/clinic-tx.ts'
import {
  ALLERGY,
  countLinks,
  createSharingDatabase,
  type KnownAtBoth,
  openKnownAtBoth,
  share,
  type SharingDatabase,
  take,
  treat,
} from './test-known-at-both.ts'
import { consent, copiesAt, type OwnersClinic, type TestOwner } from './test-owner.ts'

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

/** Everything that a clinic's rows say, audit and jobs too. */
async function everythingAt({ clinic }: OwnersClinic): Promise<string> {
  const { rows } = await db.superuser.query<{ said: string }>(
    `SELECT d::text AS said FROM documents d WHERE clinic_id = $1
     UNION ALL SELECT p::text FROM audit_payloads p WHERE clinic_id = $1
     UNION ALL SELECT c::text FROM commands c WHERE clinic_id = $1
     UNION ALL SELECT j::text FROM jobs.job j`,
    [clinic.clinicId],
  )
  return rows.map(({ said }) => said).join('\n')
}

describe('what ends it', () => {
  /** Each goes whole: copies, their text in rows, and at the stations. */
  async function expectGone(): Promise<void> {
    expect(await copiesAt(owner.b)).toEqual([])
    const { rows } = await db.superuser.query<{ doc: object; deleted: boolean }>(
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
    await share(known)
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
    await share(known)
    await owner.unlink(atA.id)
    await owner.work()
    await expectGone()
    expect(await countLinks(db, known)).toBe(0)
  })

  test.each(['a', 'b'] as const)(
    'an erasure of the patient at %s, and the link goes too',
    async (at) => {
      await share(known)
      const { clinic } = owner[at]
      const act = { by: clinic.people.admin, now: clinic.clock.now, jobs: owner.jobs }
      const id = at === 'a' ? atA.id : atB.id
      await clinic.within((tx) => erasePatient(tx, id, act))
      await owner.work()
      await expectGone()
      expect(await countLinks(db, known)).toBe(0)
    },
  )

  test.each(['a', 'b'] as const)('the closing of clinic %s, until it is open again', async (at) => {
    await share(known)
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
    await share(known)
    const { clinicId, clock, people } = owner.b.clinic
    const change = { to: people.admin, now: clock.now, jobs: owner.jobs }
    await withClinic(db.database.ownerPool, clinicId, (tx) => changeOwner(tx, change))
    await owner.work()
    await expectGone()
    expect(await countLinks(db, known)).toBe(0)
  })

  const WAYS = [0, 1] as const
  test.each(WAYS)(
    'a withdrawal that meets a copying under way ends it, whichever lock that waits for (%s)',
    async (which) => {
      await share(known)
      await treat(owner.a, atA)
      const clinics = [owner.a.clinic.clinicId, owner.b.clinic.clinicId].toSorted()
      const held = clinics[which] ?? expect.fail('two clinics')
      await db.superuser.query('BEGIN')
      await db.superuser.query('SELECT 1 FROM feeds WHERE clinic_id = $1 FOR UPDATE', [held])
      const copying = owner.work()
      await pause(100)
      const withdrawing = take(owner.a.desk, consent(owner.a.desk, atA.id, false))
      await pause(100)
      await db.superuser.query('COMMIT')
      await Promise.all([copying, withdrawing])
      await owner.work()
      await expectGone()
    },
  )

  test('words that change while many workers copy end as the last of them says', async () => {
    await share(known)
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

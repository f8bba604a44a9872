import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Patient } from '#shared/patient.ts'
import type { Visit } from '#shared/visit.ts'
import { TODAY } from '../sync/test-clinic.ts'
import { checkIn, entryOf } from '../sync/test-commands.ts'
import {
  ALLERGY,
  allergic,
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

async function headOf({ clinic }: OwnersClinic): Promise<number> {
  const { rows } = await clinic.within((tx) =>
    tx.query<{ head: number }>('SELECT head FROM feeds WHERE clinic_id = $1', [tx.clinicId]),
  )
  return rows[0]?.head ?? 0
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
    await share(known)
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
    await share(known)
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
    await share(known)
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
    const { rows } = await db.superuser.query<{ content: string }>(
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
    const { rows } = await db.superuser.query('SELECT 1 FROM jobs.job')
    expect(rows).toEqual([])
  })
})

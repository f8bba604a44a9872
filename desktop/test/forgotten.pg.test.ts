import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStore } from '#desktop/station/storage/store.ts'
import { NO_JOBS } from '#server/jobs/test-jobs.ts'
import { erasePatient } from '#server/audit/erase-patient.ts'
import { verifyAudit } from '#server/audit/verify-audit.ts'
import { withClinic } from '#server/database/clinic-tx.ts'
import type { EntryId, LabResultId, PatientId, VisitId } from '#shared/ids.ts'
import { LINE as PRESCRIBED } from '#shared/test-values.ts'
import { draftOf, inboxOf, LINE } from './support/desk-work.ts'
import { type Desk, KEY, openWorld, userIdOf, type World } from './support/station-in-process.ts'

/** Who must be forgotten is found nowhere: not at the server, and in no station's file after its next pull. */

let world: World
let office: Desk
let desk: Desk
let superuser: pg.Client

beforeEach(async () => {
  world = await openWorld('2026-11-23T10:00:00Z')
  office = await world.openDesk('office')
  desk = await world.openDesk('desk')
  superuser = new pg.Client({ connectionString: world.server.database.superuserUrl })
  await superuser.connect()
})
afterEach(async () => {
  await superuser.end()
  await world.close()
})

/** Words that only this patient has; as the search index has them, too. */
const MARKERS = ['zubaida', 'erasable', 'rasabl', '1009998887', '29003121301235']

const isMarked = (value: unknown): boolean => {
  const text = Buffer.isBuffer(value) ? value.toString('latin1') : String(value)
  return MARKERS.some((marker) => text.toLowerCase().includes(marker))
}

/** Tables of the whole database with a marker in whatever column of whatever row. */
async function markedAtServer(): Promise<string[]> {
  const { rows } = await superuser.query<{ name: string }>(`
    SELECT c.oid::regclass::text AS name FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition`)
  const found: string[] = []
  for (const { name } of rows) {
    const { rowCount } = await superuser.query(
      `SELECT 1 FROM ${name} t WHERE lower(t::text) LIKE ANY ($1) LIMIT 1`,
      [MARKERS.map((marker) => `%${marker}%`)],
    )
    if ((rowCount ?? 0) > 0) found.push(name)
  }
  return found.toSorted()
}

/** The same of a station's file, the pieces of its search index among them. */
async function markedAt(station: Desk): Promise<string[]> {
  const found = new Set<string>()
  await station.restart(async () => {
    const store = openStore({ path: join(station.folder, 'clinic.db'), key: KEY })
    const tables = store.db
      .prepare<[], { name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .all()
    for (const { name } of tables) {
      const rows = store.db.prepare<[], Record<string, unknown>>(`SELECT * FROM "${name}"`)
      for (const row of rows.iterate()) if (Object.values(row).some(isMarked)) found.add(name)
    }
    store.db.exec(
      `CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, 'dawr/patients/0#search', 'row')`,
    )
    const terms = store.db.prepare<[], string>('SELECT term FROM temp.terms').pluck().all()
    if (terms.some(isMarked)) found.add('terms')
    await store.close()
  })
  return [...found].toSorted()
}

const pounds = (minor: number) => ({ minor: minor * 100, currency: 'EGP' as const })

/** Every kind of thing that can be written about a patient, by one who may do nearly all of it. */
async function writeEverything(): Promise<{ patientId: PatientId; paymentId: EntryId }> {
  const { act } = office.window
  const { patientId } = await act('registerPatient', {
    draft: {
      ...draftOf('Zubaida Erasable', '+201009998887'),
      nationalId: '29003121301235',
      address: 'Erasable street',
      note: 'Erasable note',
    },
  })
  const booking = { patientId, doctorId: LINE, day: '2026-11-24', time: null }
  const { appointmentId } = await act('bookAppointment', {
    ...booking,
    visitType: 'EXAMINATION',
    note: 'Erasable booking',
  })
  await act('cancelAppointment', { appointmentId, reason: 'Erasable reason' })
  const arrive = (): Promise<{ visitId: VisitId }> =>
    act('checkIn', {
      patient: { kind: 'KNOWN', patientId },
      doctorId: LINE,
      visitType: 'EXAMINATION',
      priority: 'NORMAL',
      payment: null,
    })
  const { visitId: left } = await arrive()
  await act('setPriority', { visitId: left, priority: 'URGENT', reason: 'Erasable pain' })
  await act('cancel', { visitId: left, reason: 'Erasable excuse' })
  const { visitId } = await arrive()
  await act('startVisit', { visitId, to: 'WITH_DOCTOR' })
  const labResultId = await writeRecord(patientId, visitId)
  await act('waiveFee', { visitId, amount: pounds(10), reason: 'Erasable cousin' })
  await act('finishVisit', { visitId })
  const about = { kind: 'ORDERED' as const, labResultId }
  await act('fileResult', { about, text: 'Erasable result', attachments: [] })
  await act('reviewResult', { labResultId, note: 'Erasable review' })
  const { entryId: paymentId } = await act('takePayment', {
    visitId,
    amount: pounds(100),
    method: 'CASH',
  })
  const lines = [{ text: 'Erasable service', quantity: 1, amount: pounds(100) }]
  const { invoiceId } = await act('issueInvoice', { visitId, lines })
  await act('voidInvoice', { invoiceId, reason: 'Erasable mistake' })
  return { patientId, paymentId }
}

async function writeRecord(patientId: PatientId, visitId: VisitId): Promise<LabResultId> {
  const { act } = office.window
  await act('writeNotes', {
    visitId,
    complaint: 'Erasable complaint',
    notes: 'Erasable notes',
    diagnoses: [{ code: null, text: 'Erasable diagnosis' }],
    plan: 'Erasable plan',
    orders: ['Erasable order'],
  })
  const signs = {
    temperature: 37,
    pulse: null,
    respiration: null,
    systolic: null,
    diastolic: null,
    oxygen: null,
    glucose: null,
    weight: null,
    height: null,
    note: 'Erasable sign',
  }
  await act('recordVitals', { visitId, signs, replaces: null })
  await act('editAllergies', {
    patientId,
    allergies: [
      { substance: 'Erasable drug', reaction: 'Erasable', severity: 'MILD', retracts: null },
    ],
    conditions: [{ name: 'Erasable condition', retracts: null }],
  })
  const lines = [{ ...PRESCRIBED, drug: 'Erasable pills', instructions: 'Erasable hint' }]
  const draft = { visitId, prescriptionId: null, lines, note: 'Erasable' }
  const { prescriptionId } = await act('draftPrescription', draft)
  const final = await act('finalizePrescription', { prescriptionId })
  await act('appendAddendum', {
    visitId,
    relation: 'CANCELS',
    prescriptionId: final.prescriptionId,
    replacementId: null,
    text: 'Erasable addendum',
  })
  const { labResultId } = await act('orderLab', {
    visitId,
    test: 'Erasable test',
    instructions: 'Erasable',
  })
  return labResultId
}

test('a patient who must be forgotten is found nowhere: no column, no file, no outbox, no inbox', async () => {
  await office.signIn('owner')
  await desk.signIn('reception2')
  const { patientId, paymentId } = await writeEverything()
  await office.isSettled(0)
  const knows = ({ hits }: { hits: readonly unknown[] }): boolean => hits.length === 1
  await desk.window.until('search', { text: 'Zubaida', limit: 5 }, knows)
  await desk.window.until('patient', { patientId }, ({ visits }) =>
    visits.some(({ payments }) => payments.length > 0),
  )
  // The next day: who was seen is edited by the desk again.
  world.passMinutes(24 * 60)
  // Both pay back the same, and two write one address: a refusal and a value that lost.
  await desk.goOffline()
  const back = { method: 'CASH' as const, amount: pounds(100), reason: 'Erasable' }
  const refund = { paymentId, ...back }
  await office.window.act('refund', refund)
  await office.window.act('editPatient', { patientId, changes: { address: 'Erasable road' } })
  await office.isSettled(0)
  await desk.window.act('refund', refund)
  await desk.window.act('editPatient', { patientId, changes: { address: 'Erasable lane' } })
  await desk.goOnline()
  await inboxOf(desk.window, 'REJECTED', 1)
  expect(await markedAtServer()).toEqual(['audit_payloads', 'documents'])
  const before = await markedAt(desk)
  expect(before).toEqual(expect.arrayContaining(['accepted', 'rejected', 'terms']))
  // What a desk that is away still writes is refused, and kept for nobody to enter again.
  await desk.signIn('reception2')
  await desk.goOffline()
  await desk.window.act('editPatient', { patientId, changes: { note: 'Erasable late' } })

  const { pool } = world.server.database
  const act = { by: userIdOf('admin'), now: world.now(), jobs: NO_JOBS }
  const erased = await withClinic(pool, world.clinicId, (tx) => erasePatient(tx, patientId, act))
  expect(erased.documents).toBeGreaterThan(10)
  expect(await markedAtServer()).toEqual([])
  await desk.goOnline()
  await office.window.act('syncNow', {})
  await office.window.until('patient', { patientId }, ({ draft }) => draft.name === '——')
  await desk.window.until('patient', { patientId }, ({ draft }) => draft.name === '——')
  expect(await inboxOf(desk.window, 'REJECTED', 0)).toEqual([])
  for (const station of [office, desk]) expect(await markedAt(station)).toEqual([])
  expect(await markedAtServer()).toEqual([])

  // The books are whole, and the chain tells of it.
  await withClinic(pool, world.clinicId, async (tx) => {
    expect(await verifyAudit(tx)).toMatchObject({ ok: true })
    const { rows } = await tx.query<{ kind: string; minor: number }>(
      `SELECT doc -> 'body' ->> 'kind' AS kind, (doc -> 'body' -> 'amount' ->> 'minor')::int AS minor
       FROM documents WHERE clinic_id = $1 AND patient_id = $2 AND collection = 'entries'
         AND doc -> 'body' ? 'amount' ORDER BY seq`,
      [tx.clinicId, patientId],
    )
    expect(rows.toSorted((a, b) => (a.kind < b.kind ? -1 : 1))).toEqual([
      { kind: 'PAYMENT', minor: 10_000 },
      { kind: 'REFUND', minor: 10_000 },
      { kind: 'WAIVER', minor: 1_000 },
    ])
  })
})

import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Command } from '#shared/commands.ts'
import { createTestClinic, type Desk, type TestClinic } from '../sync/test-clinic.ts'
import {
  checkIn,
  editPatient,
  madePatient,
  madeVisit,
  register,
  step,
} from '../sync/test-commands.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { eraseFromAudit } from './erase-record.ts'
import { auditOfPerson, auditOfRecord } from './read-audit.ts'
import { verifyAudit } from './verify-audit.ts'

let database: TestDatabase
let superuser: pg.Client
let clinic: TestClinic
let desk: Desk
let registered: Command
let edited: Command
/** Entries of the clinic's making, before the first command. */
let before: number

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
  clinic = await createTestClinic(database)
  desk = await clinic.openDesk('reception', 'doctor')
  const made = await verify()
  if (!made.ok) throw new Error('the chain is broken from the start')
  before = made.entries
  registered = register(desk, 'reception')
  edited = editPatient(desk, 'reception', madePatient(registered), { note: 'near the door' })
  const arrival = checkIn(desk, 'reception', { number: 1 })
  const begun = step(desk, 'doctor', madeVisit(arrival), ['startVisit', 'WITH_DOCTOR'])
  const refused = register(desk, 'reception2')
  await desk.push(registered, edited, refused)
  await desk.push(arrival, begun)
})

const LATEST = { limit: 10, before: null }
const verify = () => clinic.within(verifyAudit)
const byAdmin = () => ({ by: clinic.people.admin, now: clinic.clock.now })
const patient = () => ({ collection: 'patients', id: madePatient(registered).id }) as const

test('each accepted command, and nothing else, is an entry of a whole chain', async () => {
  expect(await verify()).toEqual({ ok: true, entries: before + 4, erased: 0 })
  await desk.push(edited)
  expect(await verify()).toEqual({ ok: true, entries: before + 4, erased: 0 })
})

test('what was done to a record, and what a person did', async () => {
  const done = await clinic.within((tx) => auditOfRecord(tx, patient(), LATEST))
  expect(done.map(({ entry }) => entry.commandId)).toEqual([edited.commandId, registered.commandId])
  expect(done[0]?.content).toMatchObject({
    before: { note: null },
    after: { note: 'near the door' },
  })
  expect(done[1]?.content).toMatchObject({ before: null, after: madePatient(registered) })
  const byDoctor = await clinic.within((tx) => auditOfPerson(tx, clinic.people.doctor, LATEST))
  expect(byDoctor).toMatchObject([
    { name: 'startVisit', stationId: desk.stationId, seq: before + 4 },
  ])
})

test('an erasure takes the contents and leaves the chain whole', async () => {
  const erased = await clinic.within((tx) => eraseFromAudit(tx, patient(), byAdmin()))
  expect(erased).toBe(2)
  expect(await verify()).toEqual({ ok: true, entries: before + 5, erased: 2 })
  const [acts] = await clinic.within((tx) => auditOfPerson(tx, clinic.people.admin, LATEST))
  const { collection, id } = patient()
  expect(acts).toMatchObject({ name: 'eraseRecord', touches: [`${collection}:${id}`] })
  const done = await clinic.within((tx) => auditOfRecord(tx, patient(), LATEST))
  expect(done.map(({ content }) => content)).toEqual([null, null])
  const { rows } = await superuser.query(
    `SELECT 1 FROM audit_payloads WHERE clinic_id = $1 AND id = $2 AND content IS NOT NULL
     UNION ALL SELECT 1 FROM commands
     WHERE clinic_id = $1 AND response::text LIKE '%' || $2 || '%'`,
    [clinic.clinicId, patient().id],
  )
  expect(rows).toEqual([])
  const [replayed] = await desk.push(edited)
  expect(replayed).toMatchObject({ verdict: 'ACCEPTED', documents: [] })
})

test('a chain is read as it was at one moment, whatever is done and erased meanwhile', async () => {
  const between = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const verified = clinic.within((tx) =>
    verifyAudit({
      ...tx,
      query: async (text, values) => {
        const result = await tx.query(text, values)
        if (text.includes('audit_head')) {
          between.resolve()
          await goOn.promise
        }
        return result
      },
    }),
  )
  await between.promise
  await desk.push(editPatient(desk, 'reception', madePatient(edited), { note: 'meanwhile' }))
  await clinic.within((tx) => eraseFromAudit(tx, patient(), byAdmin()))
  goOn.resolve()
  expect(await verified).toMatchObject({ ok: true, entries: before + 4, erased: 0 })
  expect(await verify()).toMatchObject({ ok: true, entries: before + 6, erased: 3 })
})

test.each([
  [
    'an author',
    `UPDATE audit_entries SET author_id = gen_random_uuid() WHERE seq = $2`,
    2,
    'ENTRY',
  ],
  [
    'a time',
    `UPDATE audit_entries SET recorded_at = recorded_at + '1 second' WHERE seq = $2`,
    3,
    'ENTRY',
  ],
  ['a digest', `UPDATE audit_entries SET digests = '{00}' WHERE seq = $2`, 1, 'ENTRY'],
  [
    'what a document was',
    `UPDATE audit_payloads SET content = '{"before":null}' WHERE seq = $2`,
    2,
    'CONTENT',
  ],
  ['a content taken out', `DELETE FROM audit_payloads WHERE seq = $2`, 3, 'CONTENT'],
  ['an entry taken out', `DELETE FROM audit_entries WHERE seq = $2`, 2, 'MISSING'],
  ['the last entry taken out', `DELETE FROM audit_entries WHERE seq = $2`, 4, 'MISSING'],
  ['the head set back', `UPDATE feeds SET audit_head = $2 - 1 WHERE audit_head = $2`, 4, 'HEAD'],
])('a change behind our back is found: %s', async (_, sql, nth, reason) => {
  const seq = before + nth
  await superuser.query(`${sql} AND clinic_id = $1`, [clinic.clinicId, seq])
  expect(await verify()).toEqual({ ok: false, seq, reason })
})

test('contents emptied without an erasure that names them, or after it, are found', async () => {
  const empty = (seq: number) =>
    superuser.query(
      'UPDATE audit_payloads SET salt = NULL, content = NULL WHERE clinic_id = $1 AND seq = $2',
      [clinic.clinicId, seq],
    )
  await clinic.within((tx) => eraseFromAudit(tx, patient(), byAdmin()))
  const again = editPatient(desk, 'reception', madePatient(edited), { note: 'again' })
  await desk.push(again)
  expect(await verify()).toMatchObject({ ok: true })
  await empty(before + 6)
  expect(await verify()).toEqual({ ok: false, seq: before + 6, reason: 'CONTENT' })
  await empty(before + 3)
  expect(await verify()).toEqual({ ok: false, seq: before + 3, reason: 'CONTENT' })
})

test('an erasure of another clinic, or out of its place, does nothing', async () => {
  const entry = { seq: 1, authorId: clinic.people.admin, touches: ['patients:x'], hash: '00' }
  await expect(
    clinic.within((tx) => tx.query('SELECT erase_from_audit($1)', [JSON.stringify(entry)])),
  ).rejects.toMatchObject({ code: '23514' })
  const neighbour = await createTestClinic(database)
  const erased = await neighbour.within((tx) => eraseFromAudit(tx, patient(), byAdmin()))
  expect(erased).toBe(0)
  expect(await verify()).toEqual({ ok: true, entries: before + 4, erased: 0 })
})

test.each([
  'UPDATE audit_payloads SET salt = NULL, content = NULL',
  'UPDATE audit_entries SET name = name',
  'DELETE FROM audit_entries',
  'TRUNCATE audit_entries',
  'DELETE FROM audit_payloads',
  'UPDATE audit_payloads SET id = id',
])('the serving role may not %s', async (sql) => {
  await expect(clinic.within((tx) => tx.query(sql))).rejects.toMatchObject({ code: '42501' })
})

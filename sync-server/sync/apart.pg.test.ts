import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { CommandResult } from '#shared/protocol.ts'
import { changeStaff } from '../clinics/staff.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { createTestClinic, type Desk, type TestClinic } from './test-clinic.ts'
import { editPatient, madePatient, register } from './test-commands.ts'

let database: TestDatabase
let superuser: pg.Client
let clinic: TestClinic
let desk: Desk

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
  desk = await clinic.openDesk('reception')
})

function verdicts(results: readonly CommandResult[]): string[] {
  return results.map(({ verdict, code }) => (code === null ? verdict : `${verdict} ${code}`))
}

test('what the database refuses does not take the rest of its push with it', async () => {
  await superuser.query(
    `ALTER TABLE documents ADD CONSTRAINT refuses CHECK (doc ->> 'note' IS DISTINCT FROM 'no')`,
  )
  const bad = register(desk, 'reception', { note: 'no' })
  const commands = [register(desk, 'reception'), bad, register(desk, 'reception')]
  const results = await desk.push(...commands)
  await superuser.query('ALTER TABLE documents DROP CONSTRAINT refuses')
  expect(verdicts(results)).toEqual(['ACCEPTED', 'REJECTED INVALID', 'ACCEPTED'])
  await desk.pull()
  const pulled = commands.map((each) => desk.documents.has(`patients:${madePatient(each).id}`))
  expect(pulled).toEqual([true, false, true])
})

test('a fault of ours holds what runs into it, and what builds on that, until it is mended', async () => {
  const known = register(desk, 'reception')
  await desk.push(known)
  const { id } = madePatient(known)
  const setName = (name: string) =>
    superuser.query(
      `UPDATE documents SET doc = doc || jsonb_build_object('name', $3::jsonb)
       WHERE clinic_id = $1 AND id = $2`,
      [clinic.clinicId, id, name],
    )
  await setName('7')
  const edited = editPatient(desk, 'reception', madePatient(known), { note: 'one' })
  const again = editPatient(desk, 'reception', madePatient(edited), { note: 'two' })
  const other = register(desk, 'reception')
  const held = ['HELD INTERNAL', 'HELD INTERNAL', 'ACCEPTED']
  expect(verdicts(await desk.push(edited, again, other))).toEqual(held)
  expect(verdicts(await desk.push(edited, again, other))).toEqual(held)
  await setName('"منى"')
  expect(verdicts(await desk.push(again))).toEqual(['HELD PARENT_HELD'])
  expect(verdicts(await desk.push(edited, again))).toEqual(['ACCEPTED', 'ACCEPTED'])
})

async function withName<T>(id: string, name: string, run: () => Promise<T>): Promise<T> {
  const set = (value: string) =>
    superuser.query(
      `UPDATE documents SET doc = doc || jsonb_build_object('name', $3::jsonb)
       WHERE clinic_id = $1 AND id = $2`,
      [clinic.clinicId, id, value],
    )
  await set(name)
  try {
    return await run()
  } finally {
    await set('"منى"')
  }
}

async function withRefusedNote<T>(run: () => Promise<T>): Promise<T> {
  await superuser.query(
    `ALTER TABLE documents ADD CONSTRAINT refuses CHECK (doc ->> 'note' IS DISTINCT FROM 'no')`,
  )
  try {
    return await run()
  } finally {
    await superuser.query('ALTER TABLE documents DROP CONSTRAINT refuses')
  }
}

test('what the database refuses is answered with what stands', async () => {
  const known = register(desk, 'reception')
  const [first] = await desk.push(known)
  const edited = editPatient(desk, 'reception', madePatient(known), { note: 'no' })
  const [refused] = await withRefusedNote(() => desk.push(edited))
  expect(refused).toMatchObject({ verdict: 'REJECTED', code: 'INVALID' })
  expect(refused?.documents).toEqual(first?.documents)
})

test('a fault of ours does not take back what was answered before it', async () => {
  const known = register(desk, 'reception')
  const edited = editPatient(desk, 'reception', madePatient(known), { note: 'one' })
  const [, first] = await desk.push(known, edited)
  const { id } = madePatient(known)
  const misplaced = { ...editPatient(desk, 'reception', madePatient(known), {}), seq: 0 }
  const [again, refused] = await withName(id, '7', () => desk.push(edited, misplaced))
  expect(again).toMatchObject({ verdict: 'ACCEPTED', details: {} })
  expect(refused).toMatchObject({ verdict: 'REJECTED', documents: [{ doc: { name: 7 } }] })
  expect(await desk.push(edited)).toMatchObject([{ ...first, documents: [{ id }] }])
})

test('one held before keeps its reason; refused by the database it lets go of what waits', async () => {
  const arrival = register(desk, 'reception', { note: 'no' })
  const child = editPatient(desk, 'reception', madePatient(arrival), { note: 'child' })
  await clinic.within((tx) =>
    changeStaff(tx, {
      userId: clinic.people.reception,
      change: { active: false },
      by: clinic.people.admin,
      now: clinic.clock.now - 1,
    }),
  )
  expect(verdicts(await desk.push(arrival, child))).toEqual([
    'HELD QUARANTINED',
    'HELD PARENT_HELD',
  ])
  const asked = `quarantined:${arrival.commandId}`
  const setReason = (reason: string) =>
    superuser.query(
      `UPDATE documents SET doc = jsonb_set(doc, '{body,reason}', $3::jsonb)
       WHERE clinic_id = $1 AND id = $2`,
      [clinic.clinicId, asked, reason],
    )
  await setReason('7')
  expect(verdicts(await desk.push(arrival))).toEqual(['HELD INTERNAL'])
  await setReason('"MEMBER_INACTIVE"')
  const { rows } = await superuser.query(
    `SELECT code, payload IS NULL AS empty FROM commands WHERE command_id = $1`,
    [arrival.commandId],
  )
  expect(rows).toEqual([{ code: 'QUARANTINED', empty: false }])
  // The person is let in again: now it would be written, and the database refuses it.
  await superuser.query('DELETE FROM membership_history WHERE clinic_id = $1 AND NOT active', [
    clinic.clinicId,
  ])
  expect(verdicts(await withRefusedNote(() => desk.push(arrival)))).toEqual(['REJECTED INVALID'])
  expect(verdicts(await desk.push(arrival, child))).toEqual([
    'REJECTED INVALID',
    'REJECTED NOT_FOUND',
  ])
  await desk.pull()
  expect(desk.documents.get(`clinic:${asked}`)).toMatchObject({ body: { decision: 'REJECTED' } })
})

test('without its database the server takes nothing and answers nothing', async () => {
  const command = register(desk, 'reception')
  await superuser.query('ALTER TABLE commands RENAME TO gone')
  await expect(desk.push(command)).rejects.toMatchObject({ code: '42P01' })
  await superuser.query('ALTER TABLE gone RENAME TO commands')
  expect(verdicts(await desk.push(command))).toEqual(['ACCEPTED'])
})

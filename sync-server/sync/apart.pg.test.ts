import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { CommandResult } from '#shared/protocol.ts'
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

test('without its database the server takes nothing and answers nothing', async () => {
  const command = register(desk, 'reception')
  await superuser.query('ALTER TABLE commands RENAME TO gone')
  await expect(desk.push(command)).rejects.toMatchObject({ code: '42P01' })
  await superuser.query('ALTER TABLE gone RENAME TO commands')
  expect(verdicts(await desk.push(command))).toEqual(['ACCEPTED'])
})

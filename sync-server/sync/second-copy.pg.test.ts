import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { StationEntry } from '#shared/clinic.ts'
import type { Command } from '#shared/commands.ts'
import type { CommandResult } from '#shared/protocol.ts'
import { auditOfRecord } from '../audit/read-audit.ts'
import { changeLetter } from '../clinics/stations.ts'
import { startSession } from '../identity/station-session.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { createTestClinic, type Desk, MINUTE, type TestClinic } from './test-clinic.ts'
import { checkIn, editPatient, madePatient, register } from './test-commands.ts'

/** An old copy of a station's file counts on from where it was: its outbox numbers come a second time. */

let database: TestDatabase
let clinic: TestClinic
let desk: Desk
let other: Desk

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  clinic = await createTestClinic(database)
  desk = await clinic.openDesk('reception')
  other = await clinic.openDesk('reception2')
  await other.pull()
})

const verdicts = (results: readonly CommandResult[]) => results.map(({ verdict }) => verdict)

async function letter(): Promise<string> {
  await other.pull()
  const doc = other.documents.get(`clinic:station:${desk.stationId}`)
  return StationEntry.parse((doc as { body: unknown }).body).letter
}

/** As the copy made it, under a number of its own choice. */
function as(seq: number, command: Command): Command {
  return { ...command, seq }
}

test('both acts under one number count, and the station has another letter from then on', async () => {
  const [first, second] = [register(desk, 'reception'), register(desk, 'reception')]
  expect(verdicts(await desk.push(first, second))).toEqual(['ACCEPTED', 'ACCEPTED'])
  const copied = as(2, register(desk, 'reception'))
  expect(verdicts(await desk.push(copied))).toEqual(['ACCEPTED'])
  expect(await letter()).toBe('C')
  await other.pull()
  for (const command of [first, second, copied]) {
    expect(other.documents.has(`patients:${madePatient(command).id}`)).toBe(true)
  }
  // The audit says so, as an act of its own.
  const [entry] = await clinic.within((tx) =>
    auditOfRecord(
      tx,
      { collection: 'clinic', id: `station:${desk.stationId}` },
      { limit: 1, before: null },
    ),
  )
  expect(entry?.entry).toMatchObject({ name: 'changeLetter', commandId: null })
  expect(entry?.content).toMatchObject({
    before: { body: { letter: 'A' } },
    after: { body: { letter: 'C' } },
  })
  expect((await clinic.openDesk('reception')).letter).toBe('D')
})

test('one new letter is enough for all that the copy brings, push by push', async () => {
  const sent = Array.from({ length: 4 }, () => register(desk, 'reception'))
  await desk.push(...sent)
  for (const seq of [2, 3, 4, 5]) await desk.push(as(seq, register(desk, 'reception')))
  expect(await letter()).toBe('C')
  // A third copy, of the same moment: the numbers of the second are not its own.
  await desk.push(as(2, register(desk, 'reception')))
  expect(await letter()).toBe('D')
})

test('who has taken a new letter before bringing it keeps that one', async () => {
  await desk.push(register(desk, 'reception'), register(desk, 'reception'))
  await clinic.within((tx) => changeLetter(tx, desk.stationId, clinic.clock.now))
  expect(await letter()).toBe('C')
  const arrival = as(2, checkIn(desk, 'reception', { number: 1 }))
  await desk.push(arrival)
  expect(await letter()).toBe('C')
})

test('nothing is a second copy that only comes late, again or out of its place', async () => {
  const [first, second, third] = [1, 2, 3].map(() => register(desk, 'reception'))
  if (first === undefined || second === undefined || third === undefined) throw new Error('none')
  await desk.push(first, third)
  // Kept back at the station until now.
  await desk.push(second)
  await desk.push(first, second, third)
  const held = desk.make('registerPatient', 'reception2', () => first.writes)
  await desk.push(held)
  await desk.push(held)
  expect(await letter()).toBe('A')
})

test('what the copy did in sight of less is judged as ever, and nothing of it is lost', async () => {
  const registered = register(desk, 'reception')
  await desk.push(registered)
  await desk.pull()
  const patient = madePatient(registered)
  await desk.push(editPatient(desk, 'reception', patient, { note: 'من الأصل' }))
  clinic.clock.now += MINUTE
  const copied = as(2, editPatient(desk, 'reception', patient, { note: 'من النسخة' }))
  expect(verdicts(await desk.push(copied))).toEqual(['ACCEPTED'])
  await other.pull()
  expect(other.documents.get(`patients:${patient.id}`)).toMatchObject({
    note: 'من النسخة',
    superseded: [{ field: 'note', value: 'من الأصل' }],
  })
})

test('the work of a station in whose place another goes on changes no letter', async () => {
  await desk.push(register(desk, 'reception'))
  const next = await clinic.goOnAs(desk)
  const copied = as(1, register(desk, 'reception'))
  expect(verdicts(await next.send([desk.sign(copied)]))).toEqual(['ACCEPTED'])
  expect(await letter()).toBe('A')
})

test('what the other copy left held here does not hold up this one for ever', async () => {
  const registered = register(desk, 'reception')
  await desk.push(registered)
  await desk.pull()
  const patient = madePatient(registered)
  // Made by somebody who has not signed in here yet; and its file is lost before they do.
  const lost = editPatient(desk, 'reception2', patient, { address: 'شارع الأصل' })
  expect(verdicts(await desk.push(lost))).toEqual(['HELD'])
  clinic.clock.now += MINUTE
  const copied = editPatient(desk, 'reception', patient, { note: 'من النسخة' })
  expect((await desk.push(copied)).map(({ code }) => code)).toEqual(['PARENT_HELD'])
  await clinic.within((tx) => startSession(tx, desk.stationId, clinic.people.reception2))
  expect(verdicts(await desk.push(copied))).toEqual(['ACCEPTED'])
  await other.pull()
  expect(other.documents.get(`patients:${patient.id}`)).toMatchObject({
    note: 'من النسخة',
    address: 'شارع الأصل',
  })
  // Should it come once more all the same, it is answered for good.
  expect(verdicts(await desk.push(lost))).toEqual(['ACCEPTED'])
  const { rows } = await clinic.within((tx) =>
    tx.query<{ name: string }>(
      'SELECT name FROM audit_entries WHERE clinic_id = $1 AND command_id = $2',
      [clinic.clinicId, lost.commandId],
    ),
  )
  expect(rows).toEqual([{ name: 'editPatient' }])
})

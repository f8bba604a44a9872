import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStore } from '#desktop/station/storage/store.ts'
import { type Contents, readContents, readServerContents } from './support/compare.ts'
import { checkIn, inboxOf } from './support/desk-work.ts'
import { type Desk, KEY, openWorld, type World } from './support/station-in-process.ts'

/** Clinical text that two people changed without seeing each other: both survive, and a person settles it. */

let world: World
let first: Desk
let second: Desk

beforeEach(async () => {
  world = await openWorld('2026-11-23T10:00:00Z')
  first = await world.openDesk('first')
  second = await world.openDesk('second')
})
afterEach(() => world.close())

async function contentsOf(desk: Desk): Promise<Contents> {
  const read: Contents[] = []
  await desk.restart(async () => {
    const store = openStore({ path: join(desk.folder, 'clinic.db'), key: KEY })
    read.push(readContents(store.db))
    await store.close()
  })
  return read[0] ?? expect.fail('the file was not read')
}

test('two doctors write one encounter offline: both texts reach the doctor of the visit, who joins them', async () => {
  await first.signIn('reception')
  const { visitId } = await checkIn(first.window, 'نجلاء فتحي')
  await first.signIn('doctor')
  await second.signIn('doctor2')
  await first.window.act('startVisit', { visitId, to: 'WITH_DOCTOR' })
  await first.isSettled(0)
  await second.window.until('board', {}, ({ lines }) =>
    lines.some(({ withDoctor }) => withDoctor.some((row) => row.visitId === visitId)),
  )
  await first.goOffline()
  await second.goOffline()
  const [early, late] = ['ألم بالصدر منذ أسبوع', 'Chest pain, two days']
  await first.window.act('writeNotes', { visitId, notes: early, plan: 'رسم قلب' })
  world.passMinutes(1)
  await second.window.act('writeNotes', { visitId, notes: late })
  await second.goOnline()
  await first.goOnline()
  await second.window.act('syncNow', {})
  const [item] = await inboxOf(first.window, 'SUPERSEDED', 1)
  expect(item).toMatchObject({
    collection: 'encounters',
    field: 'notes',
    stands: late,
    lost: early,
  })
  // The other doctor's record: whoever helped in it does not read it without opening it.
  expect(await inboxOf(second.window, 'SUPERSEDED', 0)).toEqual([])
  await first.window.act('settle', { itemId: item?.itemId ?? '', choice: 'JOIN' })
  await first.isSettled(0)
  await inboxOf(first.window, 'SUPERSEDED', 0)
  const joined = `${late}\n\n${early}`
  await second.window.until('record', { visitId }, ({ isOpen }) => !isOpen)
  await second.window.act('openRecord', { visitId })
  await second.window.until('record', { visitId }, ({ encounter }) => encounter?.notes === joined)
  await second.isSettled(0)
  await first.window.act('syncNow', {})
  await first.window.until('record', { visitId }, ({ encounter }) => encounter?.plan === 'رسم قلب')

  const client = new pg.Client({ connectionString: world.server.database.appUrl })
  await client.connect()
  const server = await readServerContents(client, world.clinicId)
  await client.end()
  expect(server.get(`encounters/${visitId}`)).toContain(early)
  for (const desk of [first, second]) expect(await contentsOf(desk)).toEqual(server)
})

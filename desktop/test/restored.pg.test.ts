import { afterEach, beforeEach, expect, test } from 'vitest'
import { signIn } from '#server/test/test-server.ts'
import { DEMO_PASSWORD } from '#shared/demo-password.ts'
import { boardOf, checkIn, inboxOf, rowsOf } from './support/desk-work.ts'
import {
  type Desk,
  emailOf,
  openWorld,
  userIdOf,
  type World,
} from './support/station-in-process.ts'

/** A server restored from a backup has never heard of a desk that joined since: its work must come in. */

let world: World
let other: Desk

beforeEach(async () => {
  world = await openWorld('2026-11-23T10:00:00Z')
  other = await world.openDesk('other')
  await other.signIn('reception2')
})
afterEach(() => world.close())

const ADMIN = { email: emailOf('admin'), password: DEMO_PASSWORD }

const isForgotten = ({ window }: Desk) =>
  window.until('sync', {}, ({ code, mayRejoin }) => code === 'UNAUTHENTICATED' && mayRejoin)

async function rejoin({ window }: Desk): Promise<void> {
  await window.act('rejoin', ADMIN)
  await window.until('session', {}, ({ status }) => status === 'LOCKED')
}

/** An ADMIN ends the clinic's trust in it. */
async function revoke({ window }: Desk): Promise<void> {
  const { stations } = await window.until('sync', {}, (view) =>
    view.stations.some(({ isThis }) => isThis),
  )
  const own = stations.find(({ isThis }) => isThis)
  const path = `/v1/clinics/${world.clinicId}/stations/${own?.stationId}/revoke`
  await world.server.call('POST', path, { token: await signIn(world.server, 'admin') })
  await window.until('sync', {}, ({ code, mayRejoin }) => code === 'STATION_REVOKED' && mayRejoin)
}

/** Each patient's number on their slip, by name, once there are so many. */
async function ticketsAt({ window }: Desk, count: number): Promise<Map<string, string>> {
  const rows = rowsOf(await boardOf(window, (board) => rowsOf(board).length === count))
  expect(new Set(rows.map(({ ticket }) => ticket)).size).toBe(count)
  return new Map(rows.map(({ name, ticket }) => [name, ticket]))
}

/** All that was made at it is with the server, and nothing was refused. @param toTell who got another number */
async function hasBroughtAll(
  { window, isSettled }: Desk,
  toTell: readonly string[] = [],
): Promise<void> {
  await isSettled(0)
  await window.until('sync', {}, ({ state, mayRejoin }) => state === 'LIVE' && !mayRejoin)
  const { items } = await window.until('inbox', {}, () => true)
  const shown = items.map(({ kind, patientName }) => [kind, patientName])
  expect(shown).toEqual(toTell.map((name) => ['GIVEN_ANEW', name]))
}

test('a desk that joined after the backup brings all it ever made, under the numbers it gave', async () => {
  await world.server.backUp()
  const desk = await world.openDesk('desk')
  await desk.signIn('reception')
  const { visitId } = await checkIn(desk.window, 'قبل الاستعادة')
  await desk.isSettled(0)
  await ticketsAt(other, 1)
  await world.server.restore()
  await isForgotten(desk)
  // People go on, also with what only the lost hours knew.
  await desk.window.act('setPriority', { visitId, priority: 'URGENT', reason: 'حالة طارئة' })
  await checkIn(desk.window, 'بعد الاستعادة')
  const given = await ticketsAt(desk, 2)
  await rejoin(desk)
  await desk.signIn('reception')
  await hasBroughtAll(desk)
  expect(await ticketsAt(other, 2)).toEqual(given)
  expect(await ticketsAt(desk, 2)).toEqual(given)
})

test('one that had joined again since the backup comes back with all that it was before', async () => {
  await world.server.backUp()
  const desk = await world.openDesk('desk')
  await desk.signIn('reception')
  await checkIn(desk.window, 'باسمه الأول')
  await desk.isSettled(0)
  await revoke(desk)
  await checkIn(desk.window, 'بعد الإزالة')
  await rejoin(desk)
  await desk.signIn('reception')
  await checkIn(desk.window, 'باسمه الثاني')
  await desk.isSettled(0)
  const given = await ticketsAt(other, 3)
  await world.server.restore()
  await isForgotten(desk)
  await rejoin(desk)
  await desk.signIn('reception')
  await hasBroughtAll(desk)
  expect(await ticketsAt(other, 3)).toEqual(given)
})

test('of one who may sign in no more an ADMIN decides, and is told that nobody knows they ever had there', async () => {
  await world.server.backUp()
  const desk = await world.openDesk('desk')
  await desk.signIn('reception')
  const { visitId } = await checkIn(desk.window, 'مقبولة')
  world.passMinutes(1)
  await checkIn(desk.window, 'مرفوضة')
  await desk.isSettled(0)
  await ticketsAt(other, 2)
  await world.server.restore()
  await isForgotten(desk)
  world.passMinutes(10)
  await world.server.call('PATCH', `/v1/clinics/${world.clinicId}/staff/${userIdOf('reception')}`, {
    token: await signIn(world.server, 'admin'),
    body: { active: false },
  })
  await rejoin(desk)
  await expect(desk.signIn('reception')).rejects.toMatchObject({ code: 'MEMBER_INACTIVE' })
  await desk.isSettled(2)
  await other.signIn('admin')
  const [rejected, accepted] = await inboxOf(other.window, 'QUARANTINED', 2)
  expect([accepted, rejected]).toMatchObject([
    { command: 'checkIn', reason: 'SESSION_UNKNOWN', byName: 'سعاد محمود', patientName: 'مقبولة' },
    { command: 'checkIn', reason: 'SESSION_UNKNOWN', byName: 'سعاد محمود', patientName: 'مرفوضة' },
  ])
  const decide = (item: typeof accepted, accept: boolean) =>
    other.window.act('decideQuarantined', {
      commandId: item?.commandId ?? expect.fail('nothing to decide'),
      accept,
    })
  await decide(accepted, true)
  await decide(rejected, false)
  await desk.window.act('syncNow', {})
  await desk.isSettled(0)
  const board = await boardOf(other.window, (view) => rowsOf(view).length === 1)
  expect(rowsOf(board)).toMatchObject([{ visitId, name: 'مقبولة' }])
  await desk.signIn('reception2')
  const refused = await inboxOf(desk.window, 'REJECTED', 1)
  expect(refused).toMatchObject([{ code: 'MEMBER_INACTIVE', patientName: 'مرفوضة' }])
})

test('its letter is given to another meanwhile: all comes in, and no number is there twice', async () => {
  await world.server.backUp()
  const desk = await world.openDesk('desk')
  await desk.signIn('reception')
  await checkIn(desk.window, 'أولى')
  await checkIn(desk.window, 'ثانية')
  await desk.isSettled(0)
  await desk.goOffline()
  await world.server.restore()
  const newcomer = await world.openDesk('newcomer')
  await newcomer.signIn('reception')
  await checkIn(newcomer.window, 'عند الجديد')
  const [taken] = (await ticketsAt(newcomer, 1)).values()
  expect([...(await ticketsAt(desk, 2)).values()]).toContain(taken)
  desk.proxy.set('PASS')
  await desk.window.act('syncNow', {})
  await isForgotten(desk)
  await rejoin(desk)
  await desk.signIn('reception')
  await hasBroughtAll(desk, ['أولى'])
  const given = await ticketsAt(other, 3)
  expect(given.get('عند الجديد')).toBe(taken)
  expect(await ticketsAt(desk, 3)).toEqual(given)
})

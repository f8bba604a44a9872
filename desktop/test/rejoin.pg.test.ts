import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { DEMO_PASSWORD } from '#shared/demo-password.ts'
import { signIn } from '#server/test/test-server.ts'
import { boardOf, checkIn, draftOf, rowsOf } from './support/desk-work.ts'
import { type Desk, emailOf, openWorld, type World } from './support/station-in-process.ts'

/** A desk that the server no longer takes has work that nobody else has: it must come in. */

let world: World
let desk: Desk
let other: Desk

beforeEach(async () => {
  world = await openWorld('2026-11-23T10:00:00Z')
  desk = await world.openDesk('desk')
  other = await world.openDesk('other')
  await desk.signIn('reception')
  await other.signIn('reception2')
})
afterEach(() => world.close())

const person = (account: string, password: string = DEMO_PASSWORD) => ({
  email: emailOf(account),
  password,
})

const isRefused = (code: string) =>
  desk.window.until('sync', {}, (view) => view.code === code && view.mayRejoin)

/** All that others see, once there is so much. */
async function seen(count: number): Promise<{ names: string[]; tickets: string[] }> {
  const rows = rowsOf(await boardOf(other.window, (board) => rowsOf(board).length === count))
  const tickets = rows.map(({ ticket }) => ticket)
  expect(new Set(tickets).size).toBe(count)
  return { names: rows.map(({ name }) => name).toSorted(), tickets }
}

async function rejoin(): Promise<void> {
  await desk.window.act('rejoin', person('admin'))
  await desk.window.until('session', {}, ({ status }) => status === 'LOCKED')
  await desk.isSettled(0)
  await desk.window.until('sync', {}, ({ state, mayRejoin }) => state === 'LIVE' && !mayRejoin)
}

const FILES = ['clinic.db', 'clinic.db-wal', 'clinic.db-key']
function copyFiles(from: (name: string) => string, to: (name: string) => string): void {
  for (const name of FILES) {
    rmSync(to(name), { force: true })
    if (existsSync(from(name))) copyFileSync(from(name), to(name))
  }
}
const inFolder = (name: string): string => join(desk.folder, name)
const inImage = (name: string): string => join(desk.folder, `${name}.image`)

/** So long that the token was renewed several times. */
async function passAnHour(): Promise<void> {
  for (let n = 0; n < 3; n += 1) {
    world.passMinutes(20)
    await desk.window.act('syncNow', {})
    await checkIn(desk.window, `ساعة ${n}`)
    await desk.isSettled(0)
  }
}

test('a disk image of this morning: what was made on it since comes in, and no number stands twice', async () => {
  await desk.goOffline()
  await checkIn(desk.window, 'أولى')
  await desk.restart(() => copyFiles(inFolder, inImage))
  await desk.signIn('reception')
  await desk.goOnline()
  await passAnHour()
  await desk.restart(() => copyFiles(inImage, inFolder))
  await isRefused('REFRESH_REUSED')
  await desk.signIn('reception')
  // Its counter gives numbers once more that are on people's slips by now.
  for (const name of ['ثانية', 'ثالثة']) await checkIn(desk.window, name)
  await desk.window.until('sync', {}, ({ unsynced }) => unsynced === 3)
  await rejoin()
  const all = ['أولى', 'ثالثة', 'ثانية', 'ساعة 0', 'ساعة 1', 'ساعة 2'].toSorted()
  expect((await seen(all.length)).names).toEqual(all)
  const letters = (tickets: readonly string[]) =>
    new Set(tickets.map((ticket) => ticket.split('-')[0]))
  const before = letters((await seen(all.length)).tickets)
  await desk.signIn('reception')
  await checkIn(desk.window, 'رابعة')
  const { tickets } = await seen(all.length + 1)
  // Under a letter that nobody had.
  expect(letters(tickets).size).toBe(before.size + 1)
  const mine = rowsOf(
    await boardOf(desk.window, (board) => rowsOf(board).length === tickets.length),
  )
  expect(mine.map(({ ticket }) => ticket).toSorted()).toEqual(tickets.toSorted())
  // Nothing was refused; but who holds a slip with somebody else's number must be told.
  const { items } = await desk.window.until('inbox', {}, () => true)
  expect(items.map(({ kind, patientName }) => [kind, patientName])).toEqual([
    ['GIVEN_ANEW', 'ثالثة'],
    ['GIVEN_ANEW', 'ثانية'],
  ])
})

test('from its daily copy a desk goes on without numbers, and with them once it has joined again', async () => {
  await checkIn(desk.window, 'قبل التلف')
  await desk.isSettled(0)
  await desk.restart(() => copyFileSync(inFolder('clinic.db'), inFolder('clinic.backup.db')))
  await desk.signIn('reception')
  await passAnHour()
  await desk.restart(() => {
    const bytes = readFileSync(inFolder('clinic.db'))
    bytes[500] = (bytes[500] ?? 0) ^ 1
    writeFileSync(inFolder('clinic.db'), bytes)
  })
  await isRefused('REFRESH_REUSED')
  await desk.signIn('reception')
  await desk.window.act('registerPatient', { draft: draftOf('بعد التلف') })
  await expect(checkIn(desk.window, 'بلا رقم')).rejects.toMatchObject({ code: 'OFFLINE' })
  await desk.window.until('sync', {}, ({ unsynced }) => unsynced === 1)
  await rejoin()
  const { hits } = await other.window.until(
    'search',
    { text: 'بعد التلف', limit: 5 },
    (view) => view.hits.length > 0,
  )
  expect(hits).toHaveLength(1)
  await desk.signIn('reception')
  await checkIn(desk.window, 'بحرف جديد')
  expect((await seen(5)).names).toContain('بحرف جديد')
})

test('a desk that was removed by mistake: nobody but an ADMIN lets it go on', async () => {
  await desk.goOffline()
  await checkIn(desk.window, 'قبل الإزالة')
  const token = await signIn(world.server, 'admin')
  const listed = await world.server.call('GET', `/v1/clinics/${world.clinicId}/stations`, { token })
  const { stations } = z
    .object({ stations: z.array(z.object({ stationId: z.string(), name: z.string() })) })
    .parse(listed.body)
  const own = stations.find(({ name }) => name === 'desk')
  await world.server.call(
    'POST',
    `/v1/clinics/${world.clinicId}/stations/${own?.stationId}/revoke`,
    { token },
  )
  await expect(desk.window.act('rejoin', person('admin'))).rejects.toMatchObject({
    code: 'INVALID',
  })
  desk.proxy.set('PASS')
  await desk.window.act('syncNow', {})
  await isRefused('STATION_REVOKED')
  await checkIn(desk.window, 'بعد الإزالة')
  for (const [who, code] of [
    [person('reception'), 'FORBIDDEN'],
    [person('doctor'), 'FORBIDDEN'],
    [person('admin', 'ليست كلمة السر'), 'SIGN_IN_FAILED'],
  ] as const) {
    await expect(desk.window.act('rejoin', who)).rejects.toMatchObject({ code })
  }
  // Refused, it is as it was: at work, with what waits.
  await checkIn(desk.window, 'بعد الرفض')
  await desk.window.until('sync', {}, ({ unsynced }) => unsynced === 3)
  await rejoin()
  expect((await seen(3)).names).toEqual(['بعد الإزالة', 'بعد الرفض', 'قبل الإزالة'])
  await desk.restart()
  await desk.signIn('reception')
  await checkIn(desk.window, 'بعد الانضمام')
  await seen(4)
})

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connect } from '#desktop/station/storage/connection.ts'
import { boardOf, checkIn, inboxOf, rowsOf } from './support/desk-work.ts'
import { type Desk, KEY, openWorld, type World } from './support/station-in-process.ts'

/** A desk's file breaks while it has work that no server has heard of. */

const PAGE = 4096

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

/** Breaks one page: of the first table, and of none of the others. */
function breakPageOf(desk: Desk, table: string, others: readonly string[]): void {
  const path = join(desk.folder, 'clinic.db')
  const intact = readFileSync(path)
  // Not as a store: one reads the ends of its tables as it opens.
  const isReadable = (name: string): boolean => {
    try {
      const { db } = connect(path, KEY)
      try {
        return db.prepare(`SELECT * FROM "${name}" NOT INDEXED`).all().length > 0
      } finally {
        db.close()
      }
    } catch {
      return false
    }
  }
  for (let page = intact.length / PAGE - 1; page > 0; page -= 1) {
    const broken = Buffer.from(intact)
    broken[page * PAGE + 50] = (broken[page * PAGE + 50] ?? 0) ^ 1
    writeFileSync(path, broken)
    if (!isReadable(table) && others.every(isReadable)) return
  }
  expect.fail(`no page is only of ${table}`)
}

async function workOffline(): Promise<string[]> {
  await checkIn(desk.window, 'قبل القطع')
  await desk.isSettled(0)
  await desk.goOffline()
  const names = ['أولى بلا شبكة', 'ثانية بلا شبكة', 'ثالثة بلا شبكة']
  for (const name of names) {
    world.passMinutes(1)
    await checkIn(desk.window, name)
  }
  return names
}

/** Uses the desk until it has met the broken page and begun anew; then signs in. */
async function goThroughDamage({ window, signIn }: Desk) {
  await expect
    .poll(
      async () => {
        await signIn('reception').catch(() => undefined)
        await boardOf(window).catch(() => undefined)
        const sync = await window.until('sync', {}, () => true).catch(() => null)
        return sync?.damage?.kind
      },
      { timeout: 20_000 },
    )
    .toBe('REPLACED')
  await signIn('reception')
  return (await window.until('sync', {}, () => true)).damage
}

function ticketsOf(board: Awaited<ReturnType<typeof boardOf>>): string[] {
  return rowsOf(board).map(({ ticket }) => ticket)
}

test('a broken page of documents: the desk goes on by itself, and all its work arrives', async () => {
  const names = await workOffline()
  await desk.restart(() => breakPageOf(desk, 'dawr/visits/0', ['outbox', 'counters', 'people']))
  // Still offline. Signing in and the line need nobody else.
  await desk.window.until('session', {}, ({ status }) => status === 'LOCKED')
  expect(await goThroughDamage(desk)).toMatchObject({
    kind: 'REPLACED',
    kept: names.length,
    listed: 0,
  })
  const mine = await boardOf(desk.window)
  expect(rowsOf(mine).map(({ name }) => name)).toEqual(expect.arrayContaining(names))
  expect(readdirSync(desk.folder).some((name) => name.startsWith('set-aside-'))).toBe(true)

  // Its numbers were readable: it goes on with its letter, and gives none twice.
  await checkIn(desk.window, 'بعد الإصلاح')
  await desk.goOnline()
  const theirs = await boardOf(other.window, (board) => rowsOf(board).length === names.length + 2)
  expect(new Set(ticketsOf(theirs)).size).toBe(names.length + 2)
  expect(new Set(ticketsOf(theirs).map((ticket) => ticket.split('-')[0])).size).toBe(1)
  await desk.window.act('dismissDamage', {})
  await desk.window.until('sync', {}, ({ damage }) => damage === null)
})

test('a broken page of the outbox: another letter before the next number, and a list of what is missing', async () => {
  const names = await workOffline()
  await desk.restart(() => breakPageOf(desk, 'outbox', ['dawr/visits/0', 'dawr/patients/0']))
  await desk.window.until('session', {}, ({ status }) => status === 'LOCKED')
  const damage = await goThroughDamage(desk)
  expect(damage).toMatchObject({ kind: 'REPLACED', whole: false })
  await expect(checkIn(desk.window, 'بلا رقم')).rejects.toMatchObject({ code: 'OFFLINE' })
  await desk.goOnline()
  await checkIn(desk.window, 'بحرف جديد')
  await desk.isSettled(0)
  const kept = damage?.kept ?? 0
  expect(kept).toBeLessThan(names.length)
  const theirs = await boardOf(other.window, (board) => rowsOf(board).length === kept + 2)
  const tickets = ticketsOf(theirs)
  expect(new Set(tickets.map((ticket) => ticket.split('-')[0])).size).toBe(2)
  // Whoever is on no other board is named to a person, with what was entered.
  const listed = await inboxOf(desk.window, 'REJECTED', 2 * (names.length - kept))
  expect(new Set(listed.map(({ code }) => code))).toEqual(new Set(['DAMAGED']))
})

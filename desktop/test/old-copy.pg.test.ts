import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { InboxItem } from '#desktop/station/contract/inbox-view.ts'
import { openStore } from '#desktop/station/storage/store.ts'
import { numberKey } from '#shared/collection-rules.ts'
import { type CollectionName, COLLECTIONS } from '#shared/collections.ts'
import type { PatientId, VisitId } from '#shared/ids.ts'
import { type Contents, readContents, readServerContents } from './support/compare.ts'
import { boardOf, checkIn, LINE, rowsOf } from './support/desk-work.ts'
import { type Desk, KEY, openWorld, type World } from './support/station-in-process.ts'

/** An old copy of a desk's file is put back while its token is still good: nobody refuses it. */

let world: World
let desk: Desk
let other: Desk

beforeEach(async () => {
  world = await openWorld('2026-11-23T10:00:00Z')
  desk = await world.openDesk('desk')
  other = await world.openDesk('other')
  await desk.signIn('doctor')
  await desk.signIn('reception')
  await other.signIn('reception2')
})
afterEach(() => world.close())

type GivenAnew = Extract<InboxItem, { kind: 'GIVEN_ANEW' }>

const FEE = { minor: 10_000, currency: 'EGP' as const }
const PAID = { amount: FEE, method: 'CASH' as const }

const image = (): string => `${desk.folder}.image`
const takeCopy = (): Promise<void> => cp(desk.folder, image(), { recursive: true })
async function putBack(): Promise<void> {
  await rm(desk.folder, { recursive: true })
  await cp(image(), desk.folder, { recursive: true })
}

async function done(name: string): Promise<{ visitId: VisitId; patientId: PatientId }> {
  await desk.signIn('reception')
  const { visitId, patientId } = await checkIn(desk.window, name)
  await desk.signIn('doctor')
  await desk.window.act('startVisit', { visitId, to: 'WITH_DOCTOR' })
  await desk.window.act('finishVisit', { visitId })
  return { visitId, patientId }
}

/** Each of the numbers that a desk gives out, as it stands on the papers. */
async function giveNumbers(
  name: string,
  of: { visitId: VisitId; patientId: PatientId },
): Promise<string[]> {
  const { act } = desk.window
  const { visitId } = await checkIn(desk.window, name, { payment: PAID })
  const { receipt } = await act('takePayment', { visitId, ...PAID })
  const lines = [{ text: 'كشف', quantity: 1, amount: FEE }]
  const invoice = await act('issueInvoice', { visitId: of.visitId, lines })
  const { number } = await act('bookAppointment', {
    patientId: of.patientId,
    doctorId: LINE,
    day: '2026-11-24',
    time: null,
    visitType: 'EXAMINATION',
    note: name,
  })
  return [receipt, invoice.number, `${number.letter}-${number.number}`]
}

async function serverContents(): Promise<Contents> {
  const client = new pg.Client({ connectionString: world.server.database.appUrl })
  await client.connect()
  const contents = await readServerContents(client, world.clinicId)
  await client.end()
  return contents
}

async function contentsOf(station: Desk): Promise<Contents> {
  const read: Contents[] = []
  await station.restart(async () => {
    const store = openStore({ path: join(station.folder, 'clinic.db'), key: KEY })
    read.push(readContents(store.db))
    await store.close()
  })
  return read[0] ?? expect.fail('the file was not read')
}

function numbersIn(contents: Contents): string[] {
  return [...contents].flatMap(([key, text]) => {
    // Cast: the rules of its own collection read it
    const { numbers } = COLLECTIONS[key.split('/')[0] as CollectionName] as {
      numbers: (document: unknown) => readonly Parameters<typeof numberKey>[0][]
    }
    return numbers(JSON.parse(text)).map(numberKey)
  })
}

/** Whom a desk has to tell that their number is another now; it has nothing else to look at. */
async function anewAt(station: Desk): Promise<GivenAnew[]> {
  await station.signIn('admin')
  const { items } = await station.window.until('inbox', {}, () => true)
  return items.map((item) => (item.kind === 'GIVEN_ANEW' ? item : expect.fail(item.kind)))
}

/** Everybody has the same, nobody has to look at anything but numbers given twice, and no number stands twice. */
async function allIsWell(names: readonly string[]): Promise<Contents> {
  const rows = rowsOf(await boardOf(other.window, (board) => rowsOf(board).length === names.length))
  expect(rows.map(({ name }) => name).toSorted()).toEqual(names.toSorted())
  const told = await anewAt(desk)
  expect(await anewAt(other)).toEqual([])
  await desk.goOnline()
  await other.goOnline()
  const server = await serverContents()
  const numbers = numbersIn(server)
  expect(numbers.length).toBeGreaterThan(names.length)
  expect(new Set(numbers).size).toBe(numbers.length)
  for (const station of [desk, other]) expect(await contentsOf(station)).toEqual(server)
  // They restarted for that.
  expect(await anewAt(desk)).toEqual(told)
  return server
}

test('it gives the numbers of a lost afternoon once more: nothing is lost, and no number stands twice', async () => {
  const first = await done('أولى')
  const second = await done('ثانية')
  await desk.isSettled(0)
  await desk.restart(takeCopy)
  await desk.signIn('reception')
  const before = await giveNumbers('من الأصل', first)
  await desk.isSettled(0)
  await desk.restart(async () => {
    desk.proxy.set('CLOSED')
    await putBack()
  })
  await desk.signIn('reception')
  // The same numbers once more, to other people, and some beyond.
  expect(await giveNumbers('من النسخة', second)).toEqual(before)
  for (const name of ['بعدها', 'وبعدها']) await checkIn(desk.window, name, { payment: PAID })
  await desk.goOnline()
  expect(desk.logged).toContain('new-letter')
  await desk.signIn('reception')
  const { slip } = await checkIn(desk.window, 'بحرف جديد')
  expect(slip.ticket).toMatch(/^[C-Z]-/)
  await desk.isSettled(0)
  const server = await allIsWell([
    'أولى',
    'ثانية',
    'من الأصل',
    'من النسخة',
    'بعدها',
    'وبعدها',
    'بحرف جديد',
  ])
  // What the original gave is what stands on its papers.
  const numbers = numbersIn(server).map((key) => key.slice(key.lastIndexOf('/') + 1))
  expect(numbers).toEqual(expect.arrayContaining(before))
  // Whom it must be told, the desk that gave it is told, until somebody saw to it.
  const told = await anewAt(desk)
  expect(told.map(({ patientName }) => patientName)).toEqual([
    'ثانية',
    'ثانية',
    'من النسخة',
    'من النسخة',
  ])
  const given = told.flatMap(({ numbers: all }) => all)
  expect(given.map(({ kind }) => kind)).toEqual([
    'BOOKING',
    'INVOICE',
    'RECEIPT',
    'TICKET',
    'RECEIPT',
  ])
  expect(given.map(({ taken }) => taken)).toEqual(expect.arrayContaining(before))
  for (const { given: now } of given) expect(numbers).toContain(now)
  for (const { itemId } of told) await desk.window.act('settle', { itemId, choice: 'DISMISS' })
  expect(await anewAt(desk)).toEqual([])
})

test('with less on it than was lost it knows itself at the first word of the server, and gives no number before', async () => {
  const first = await done('أولى')
  await desk.isSettled(0)
  await desk.restart(takeCopy)
  await desk.signIn('reception')
  await giveNumbers('من الأصل', first)
  await desk.isSettled(0)
  await desk.restart(async () => {
    desk.proxy.set('CLOSED')
    await putBack()
  })
  expect(desk.logged).not.toContain('old-copy')
  await desk.signIn('reception')
  await checkIn(desk.window, 'من النسخة', { payment: PAID })
  await desk.goOnline()
  expect(desk.logged.filter((event) => event === 'old-copy')).toHaveLength(1)
  // One new letter is enough, whoever saw first that it was needed.
  expect(desk.logged.filter((event) => event === 'new-letter')).toHaveLength(1)
  const { slip } = await checkIn(desk.window, 'بحرف جديد', { payment: PAID })
  expect(slip.ticket).toMatch(/^C-/)
  await desk.isSettled(0)
  await allIsWell(['أولى', 'من الأصل', 'من النسخة', 'بحرف جديد'])
})

test('a server that was set back knows less, and no desk takes itself for a copy', async () => {
  await world.server.backUp()
  const first = await done('أولى')
  await desk.signIn('reception')
  const given = await giveNumbers('ثانية', first)
  await desk.isSettled(0)
  await world.server.restore()
  await desk.restart()
  await desk.signIn('reception')
  await desk.goOnline()
  expect(desk.logged).not.toContain('old-copy')
  expect(desk.logged).not.toContain('new-letter')
  const server = await allIsWell(['أولى', 'ثانية'])
  const numbers = numbersIn(server).map((key) => key.slice(key.lastIndexOf('/') + 1))
  expect(numbers).toEqual(expect.arrayContaining(given))
})

import { afterEach, beforeEach, expect, test } from 'vitest'
import { signIn } from '#server/test/test-server.ts'
import type { PatientId, VisitId } from '#shared/ids.ts'
import { boardOf, checkIn, inboxOf, rowsOf, statusOn } from './support/desk-work.ts'
import { type Desk, openWorld, type World } from './support/station-in-process.ts'

/**
 * A server set back by an hour: one desk checked somebody in, another took it from there, and the server
 * knows of neither. Each sends its own again; the other's stands on what may not have come yet.
 */

let world: World
let front: Desk
let back: Desk
let visitId: VisitId
let patientId: PatientId

const FEE = { minor: 10_000, currency: 'EGP' as const }

beforeEach(async () => {
  world = await openWorld('2026-11-23T10:00:00Z')
  front = await world.openDesk('front')
  await front.signIn('reception')
  back = await world.openDesk('back')
  await back.signIn('reception2')
  await world.server.backUp()
  await Promise.all([front, back].map((desk) => desk.goOnline()))
  ;({ visitId, patientId } = await checkIn(front.window, 'سعاد كمال'))
  await front.isSettled(0)
  await boardOf(back.window, (board) => statusOn(board, visitId) === 'WAITING')
  world.passMinutes(1)
  await back.window.act('startVisit', { visitId, to: 'WITH_DOCTOR' })
  await back.isSettled(0)
  // Of somebody else, whose visit this desk writes nothing of.
  await boardOf(front.window, (board) => statusOn(board, visitId) === 'WITH_DOCTOR')
  world.passMinutes(1)
})
afterEach(() => world.close())

const payAt = ({ window }: Desk, of: VisitId) =>
  window.act('takePayment', { visitId: of, amount: FEE, method: 'CASH' })

/** It has heard of the restore, sent what it had, and pulled anew. */
async function isBack({ window }: Desk, held: number): Promise<void> {
  await window.act('syncNow', {})
  await window.until('sync', {}, (view) => view.state === 'LIVE' && view.held === held)
}

async function stands(desk: Desk): Promise<void> {
  const board = await boardOf(desk.window, (view) => statusOn(view, visitId) === 'WITH_DOCTOR')
  expect(rowsOf(board).map(({ name }) => name)).toEqual(['سعاد كمال', 'هدى'])
  await desk.window.until('patient', { patientId }, ({ visits }) => visits.length === 1)
  const { items } = await desk.window.until('inbox', {}, ({ items: all }) => all.length === 0)
  expect(items).toEqual([])
}

test('whoever comes first: what stands on the other waits and is seen, and all of it comes in', async () => {
  const other = await checkIn(front.window, 'هدى')
  await front.isSettled(0)
  await boardOf(back.window, (board) => statusOn(board, other.visitId) === 'WAITING')
  await payAt(back, other.visitId)
  await back.isSettled(0)
  await front.goOffline()
  world.passMinutes(1)
  await world.server.restore()
  await isBack(back, 2)
  const held = await inboxOf(back.window, 'HELD', 2)
  expect(held.map(({ command, code, details }) => [command, code, details])).toEqual([
    ['takePayment', 'PARENT_HELD', { lost: true }],
    ['startVisit', 'PARENT_HELD', { lost: true }],
  ])
  // Whom it is about is still known here, and the desk works on.
  expect(held.map(({ patientName }) => patientName)).toEqual(['هدى', 'سعاد كمال'])
  const board = await boardOf(back.window)
  expect(rowsOf(board).map(({ name }) => name)).toEqual(['سعاد كمال', 'هدى'])
  await back.window.act('setPriority', {
    visitId: other.visitId,
    priority: 'URGENT',
    reason: 'ألم شديد',
  })
  await back.isSettled(3)
  await front.goOnline()
  await isBack(back, 0)
  for (const desk of [front, back]) await stands(desk)
})

test('in the other order nothing waits, whatever came in between', async () => {
  const other = await checkIn(front.window, 'هدى')
  await front.isSettled(0)
  await boardOf(back.window, (board) => statusOn(board, other.visitId) === 'WAITING')
  await payAt(back, other.visitId)
  await back.isSettled(0)
  await back.goOffline()
  world.passMinutes(1)
  await world.server.restore()
  await front.goOnline()
  world.passMinutes(1)
  await back.goOnline()
  expect(await inboxOf(back.window, 'HELD', 0)).toEqual([])
  for (const desk of [front, back]) await stands(desk)
})

test('the other never comes: it waits until an ADMIN says so, and is then listed with what was entered', async () => {
  const other = await checkIn(front.window, 'هدى')
  await front.isSettled(0)
  await boardOf(back.window, (board) => statusOn(board, other.visitId) === 'WAITING')
  await payAt(back, other.visitId)
  await back.isSettled(0)
  const stationId = await idOf(front)
  await front.goOffline()
  world.passMinutes(1)
  await world.server.restore()
  await isBack(back, 2)
  world.passMinutes(13 * 24 * 60)
  await isBack(back, 2)
  const path = `/v1/clinics/${world.clinicId}/stations/${stationId}/revoke`
  await world.server.call('POST', path, { token: await signIn(world.server, 'admin') })
  await isBack(back, 0)
  const refused = await inboxOf(back.window, 'REJECTED', 2)
  expect(refused.map(({ command, patientName }) => [command, patientName])).toEqual([
    ['takePayment', 'هدى'],
    ['startVisit', 'سعاد كمال'],
  ])
  expect(refused[0]?.entered).toMatchObject([
    { field: 'amount', money: FEE },
    { field: 'method' },
    { field: 'receipt' },
  ])
  // What only the two of them knew is not shown as if it stood, once this desk has compared itself.
  world.passMinutes(61)
  await back.window.act('syncNow', {})
  await boardOf(back.window, (board) => rowsOf(board).length === 0)
})

async function idOf({ window }: Desk): Promise<string> {
  const { stations } = await window.until('sync', {}, (view) =>
    view.stations.some(({ isThis }) => isThis),
  )
  return stations.find(({ isThis }) => isThis)?.stationId ?? expect.fail('it knows itself')
}

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { withClinic } from '#server/database/clinic-tx.ts'
import type { VisitId } from '#shared/ids.ts'
import { boardOf, checkIn, inboxOf, lineOf, statusOn } from './support/desk-work.ts'
import { type Desk, openWorld, type World } from './support/station-in-process.ts'

/**
 * A clinic that works past midnight, on a night like any other, on the one whose 00:00 is missing,
 * and on the one whose 23:00 comes twice. Instants are UTC; beside them what Cairo's wall shows.
 */
const NIGHTS = [
  {
    night: 'an ordinary night',
    day: '2026-05-13',
    opens: '2026-05-13T19:00:00Z', // 22:00
    arrivals: [
      '2026-05-13T20:58:00Z', // 23:58
      '2026-05-13T20:59:59.999Z', // 23:59
      '2026-05-13T21:00:00Z', // 00:00
      '2026-05-13T21:01:00Z', // 00:01
      '2026-05-14T00:30:00Z', // 03:30
      '2026-05-14T01:59:00Z', // 04:59
    ],
    cutOver: '2026-05-14T02:00:00Z', // 05:00
    nextDay: '2026-05-14',
  },
  {
    night: '24 April 2026, whose 00:00 does not exist',
    day: '2026-04-23',
    opens: '2026-04-23T20:00:00Z', // 22:00
    arrivals: [
      '2026-04-23T21:58:00Z', // 23:58
      '2026-04-23T21:59:59.999Z', // 23:59
      '2026-04-23T22:00:00Z', // 01:00
      '2026-04-23T22:01:00Z', // 01:01
      '2026-04-24T00:30:00Z', // 03:30
      '2026-04-24T01:59:00Z', // 04:59
    ],
    cutOver: '2026-04-24T02:00:00Z', // 05:00
    nextDay: '2026-04-24',
  },
  {
    night: '29 October 2026, whose 23:00 comes twice',
    day: '2026-10-29',
    opens: '2026-10-29T19:00:00Z', // 22:00
    arrivals: [
      '2026-10-29T20:50:00Z', // 23:50, the first time
      '2026-10-29T21:10:00Z', // 23:10, the second time: later, though the wall shows less
      '2026-10-29T21:50:00Z', // 23:50, the second time
      '2026-10-29T22:00:00Z', // 00:00
      '2026-10-30T01:30:00Z', // 03:30
      '2026-10-30T02:59:00Z', // 04:59
    ],
    cutOver: '2026-10-30T03:00:00Z', // 05:00
    nextDay: '2026-10-30',
  },
] as const

type Night = (typeof NIGHTS)[number]

let world: World
let first: Desk
let second: Desk

/** One after the other: the first has the letter A. */
async function openDesks(): Promise<void> {
  first = await world.openDesk('first')
  second = await world.openDesk('second')
  await first.signIn('reception')
  await second.signIn('reception2')
}

describe.each(NIGHTS)('$night', (night) => {
  beforeEach(async () => {
    world = await openWorld(night.opens)
    await openDesks()
  })
  afterEach(() => world.close())

  test('is one queue day on two desks without internet, and ends at 05:00', async () => {
    await Promise.all([first.goOffline(), second.goOffline()])
    const visits = await workThroughNight(night)
    await Promise.all([first.goOnline(), second.goOnline()])
    for (const { window } of [first, second]) {
      const board = await boardOf(window, (view) => lineOf(view).waiting.length === visits.length)
      expect(board.queueDay).toBe(night.day)
      expect(lineOf(board).waiting.map(({ visitId }) => visitId)).toEqual(visits)
      // Each desk's own counter runs on over midnight.
      const tickets = lineOf(board).waiting.map(({ ticket }) => ticket)
      expect(tickets).toEqual(['A-1', 'B-1', 'A-2', 'B-2', 'A-3', 'B-3'])
      expect(board.leftOpen).toEqual([])
    }
    await endsAtCutOver(night, visits)
    expect(await refusedOrHeld()).toEqual([])
  })

  test('is the same day while both desks are online', async () => {
    const visits = await workThroughNight(night)
    for (const { window } of [first, second]) {
      const board = await boardOf(window, (view) => lineOf(view).waiting.length === visits.length)
      expect(lineOf(board).waiting.map(({ visitId }) => visitId)).toEqual(visits)
    }
    await second.isSettled(0)
    expect(await queueDaysOnServer()).toEqual([{ day: night.day, visits: visits.length }])
    await endsAtCutOver(night, visits)
    expect(await refusedOrHeld()).toEqual([])
  })
})

describe('a desk whose clock runs six hours ahead', () => {
  const [night] = NIGHTS
  beforeEach(async () => {
    world = await openWorld(night.arrivals[0])
    await openDesks()
  })
  afterEach(() => world.close())

  test('gives out numbers of a day that has not begun; they are put right, and none is double', async () => {
    const made = [await checkIn(first.window, 'قبل العطل')]
    await first.isSettled(0)
    await first.goOffline()
    // After a restart without internet nobody tells it the time.
    first.skew = 6 * 3_600_000
    await first.restart()
    await first.signIn('reception')
    const early = await checkIn(first.window, 'ساعة خاطئة')
    expect(early.slip).toMatchObject({ queueDay: night.nextDay, ticket: 'A-1' })
    made.push(early, await checkIn(second.window, 'ساعة صحيحة'))
    await first.goOnline()
    world.passMinutes(1)
    made.push(await checkIn(first.window, 'بعد التصحيح'))
    await first.isSettled(0)
    for (const { window } of [first, second]) {
      const board = await boardOf(window, (view) => lineOf(view).waiting.length === made.length)
      expect(board.queueDay).toBe(night.day)
      const { waiting } = lineOf(board)
      expect(new Set(waiting.map(({ ticket }) => ticket)).size).toBe(made.length)
      expect(new Set(waiting.map(({ visitId }) => visitId))).toEqual(
        new Set(made.map(({ visitId }) => visitId)),
      )
    }
    const { clockAheadMinutes } = await first.window.until('sync', {}, () => true)
    expect(clockAheadMinutes).toBe(360)
  })
})

/** By turns at both desks, each asked what day it is. */
async function workThroughNight({ arrivals, day }: Night): Promise<VisitId[]> {
  const visits: VisitId[] = []
  for (const [index, instant] of arrivals.entries()) {
    world.setTime(instant)
    const { window } = index % 2 === 0 ? first : second
    const { visitId, slip } = await checkIn(window, `مريض ${index + 1}`)
    expect(slip.queueDay, instant).toBe(day)
    visits.push(visitId)
  }
  return visits
}

/** At 05:00 both begin anew with ticket 1; who waits still is shown, and settled by a person. */
async function endsAtCutOver({ cutOver, nextDay, day }: Night, visits: VisitId[]): Promise<void> {
  await Promise.all([first.isSettled(0), second.isSettled(0)])
  world.setTime(cutOver)
  for (const { window } of [first, second]) {
    const board = await boardOf(window)
    expect(board.queueDay).toBe(nextDay)
    expect(lineOf(board)).toMatchObject({ waiting: [], done: [], aside: [] })
    expect(board.leftOpen.map(({ visitId }) => visitId)).toEqual(visits)
  }
  // The desk that gave out last night's last ticket gives out this day's first.
  const morning = await checkIn(second.window, 'مريض الصباح')
  expect(morning.slip).toMatchObject({ queueDay: nextDay, ticket: 'B-1', before: 0 })
  const [noShow, paid] = visits
  if (noShow === undefined || paid === undefined) throw new Error('nobody was left')
  const amount = { minor: 300_00, currency: 'EGP' } as const
  // Two desks, so that neither waits for the other's news.
  await first.window.act('takePayment', { visitId: noShow, amount, method: 'CASH' })
  await first.window.act('markNoShow', { visitId: noShow })
  for (const { window } of [first, second]) {
    const board = await boardOf(
      window,
      ({ leftOpen, lines }) =>
        leftOpen.length === visits.length - 1 && lines.some(({ waiting }) => waiting.length === 1),
    )
    expect(board.leftOpen.map(({ visitId }) => visitId)).toEqual(visits.slice(1))
    expect(statusOn(board, morning.visitId)).toBe('WAITING')
    expect(await inboxOf(window, 'REJECTED', 0)).toEqual([])
  }
  await first.isSettled(0)
  expect(await queueDaysOnServer()).toEqual([
    { day, visits: visits.length },
    { day: nextDay, visits: 1 },
  ])
}

function queueDaysOnServer(): Promise<Array<{ day: string; visits: number }>> {
  return withClinic(world.server.database.pool, world.clinicId, async (tx) => {
    const { rows } = await tx.query<{ day: string; visits: number }>(
      `SELECT doc ->> 'queueDay' AS day, count(*)::int AS visits FROM documents
       WHERE clinic_id = $1 AND collection = 'visits' GROUP BY 1 ORDER BY 1`,
      [tx.clinicId],
    )
    return rows
  })
}

function refusedOrHeld(): Promise<unknown[]> {
  return withClinic(world.server.database.pool, world.clinicId, async (tx) => {
    const { rows } = await tx.query(
      `SELECT name, verdict, code FROM commands WHERE clinic_id = $1 AND verdict <> 'ACCEPTED'`,
      [tx.clinicId],
    )
    return rows
  })
}

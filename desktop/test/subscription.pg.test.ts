import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { withClinic } from '#server/database/clinic-tx.ts'
import { recordSubscription } from '#server/subscriptions/subscription.ts'
import { renewSubscription, type Subscription } from '#shared/entitlement.ts'
import type { VisitId } from '#shared/ids.ts'
import {
  boardOf,
  checkIn,
  draftOf,
  inboxOf,
  lineOf,
  rowsOf,
  statusOn,
} from './support/desk-work.ts'
import { type Desk, openWorld, userIdOf, type World } from './support/station-in-process.ts'

/**
 * The trial begins on 23 November at noon in Cairo, and so ends at noon on 7 December: in the middle
 * of a session, which may go on until the cut-over, at 05:00.
 */
const START = '2026-11-23T10:00:00Z'
const END = '2026-12-07T10:00:00Z'
const CUT_OVER = '2026-12-08T03:00:00Z'
const LAST_MOMENT = '2026-12-08T02:59:00Z'
const FEE = { minor: 300_00, currency: 'EGP' } as const

let world: World
let desk: Desk

beforeEach(async () => {
  world = await openWorld(START)
  desk = await world.openDesk('desk')
  await desk.signInWithPin('doctor')
  await desk.signInWithPin('reception')
})
afterEach(() => world.close())

const REFUSED = { code: 'SUBSCRIPTION' }

function subscribe(next: (current: Subscription) => Subscription): Promise<void> {
  const trial: Subscription = {
    plan: 'STARTER',
    kind: 'TRIAL',
    endsAt: new Date(END).toISOString(),
  }
  return withClinic(world.server.database.pool, world.clinicId, (tx) =>
    recordSubscription(tx, next(trial), world.now()),
  )
}

function pay(): Promise<void> {
  return subscribe((current) => renewSubscription(current, world.now(), 'STARTER'))
}

function verdicts(): Promise<Array<{ name: string; verdict: string }>> {
  return withClinic(world.server.database.pool, world.clinicId, async (tx) => {
    const { rows } = await tx.query<{ name: string; verdict: string }>(
      `SELECT name, verdict FROM commands WHERE clinic_id = $1 ORDER BY station_id, station_seq`,
      [tx.clinicId],
    )
    return rows
  })
}

/** Three arrivals: before the end, after it, and in the last moment of its session. */
async function workThroughEnd(): Promise<VisitId[]> {
  const visits: VisitId[] = []
  for (const instant of ['2026-12-07T09:00:00Z', '2026-12-07T10:01:00Z', LAST_MOMENT]) {
    world.setTime(instant)
    visits.push((await checkIn(desk.window, `مريض ${instant}`)).visitId)
    expect(await desk.window.until('session', {}, () => true)).toMatchObject({
      subscription: { status: 'TRIAL', canWrite: true },
    })
  }
  return visits
}

/** From the cut-over on nothing new begins here, and what is open is finished and paid. */
async function finishWhatIsOpen(visitId: VisitId): Promise<void> {
  const { act, until } = desk.window
  const before = (await until('sync', {}, () => true)).unsynced
  const [row] = (await boardOf(desk.window)).leftOpen
  if (row === undefined) throw new Error('nobody was left')
  const { patientId } = row
  await expect(checkIn(desk.window, 'جديد')).rejects.toMatchObject(REFUSED)
  await expect(
    checkIn(desk.window, 'معروف', { patient: { kind: 'KNOWN', patientId } }),
  ).rejects.toMatchObject(REFUSED)
  await expect(act('registerPatient', { draft: draftOf('جديد') })).rejects.toMatchObject(REFUSED)
  await expect(act('editPatient', { patientId, changes: { note: 'تعديل' } })).rejects.toMatchObject(
    REFUSED,
  )
  expect((await until('sync', {}, () => true)).unsynced).toBe(before)
  expect(await until('session', {}, () => true)).toMatchObject({
    subscription: { canWrite: false },
  })
  await act('takePayment', { visitId, amount: FEE, method: 'CASH' })
  await desk.unlock('doctor')
  await act('startVisit', { visitId, to: 'WITH_DOCTOR' })
  await act('finishVisit', { visitId })
  await desk.unlock('reception')
}

const ALL_WORK = ['checkIn', 'checkIn', 'checkIn', 'takePayment', 'startVisit', 'finishVisit'].map(
  (name) => ({ name, verdict: 'ACCEPTED' }),
)

describe('a trial that ends while the desk has no internet', () => {
  beforeEach(() => desk.goOffline())

  test('lets the session go on to the cut-over, and then only what is open; all of it arrives', async () => {
    const visits = await workThroughEnd()
    world.setTime(CUT_OVER)
    const [finished, ...open] = visits
    if (finished === undefined) throw new Error('nobody came')
    await finishWhatIsOpen(finished)
    // Two days later, in the grace.
    world.setTime('2026-12-10T09:00:00Z')
    await desk.goOnline()
    await desk.isSettled(0)
    expect(await verdicts()).toEqual(ALL_WORK)
    expect(await inboxOf(desk.window, 'REJECTED', 0)).toEqual([])
    expect((await boardOf(desk.window)).leftOpen.map(({ visitId }) => visitId)).toEqual(open)
    expect(await desk.window.until('session', {}, () => true)).toMatchObject({
      subscription: { status: 'PAST_DUE', canWrite: false },
    })
    // Online it is no different: nothing new, and who is open may be seen.
    await expect(checkIn(desk.window, 'جديد')).rejects.toMatchObject(REFUSED)
    for (const visitId of open) {
      await desk.window.act('cancel', { visitId, reason: null })
    }
    await desk.isSettled(0)
    await pay()
    await desk.window.until(
      'session',
      {},
      (view) => view.status === 'SIGNED_IN' && view.subscription.canWrite,
    )
    const next = await checkIn(desk.window, 'بعد الدفع')
    expect(next.slip).toMatchObject({ queueDay: '2026-12-10', ticket: '1' })
    await desk.isSettled(0)
  })

  test('takes its work in after the grace too; what is here is read, and a payment opens it again', async () => {
    const visits = await workThroughEnd()
    const [finished] = visits
    if (finished === undefined) throw new Error('nobody came')
    world.setTime(CUT_OVER)
    await finishWhatIsOpen(finished)
    world.setTime('2026-12-20T09:00:00Z')
    desk.proxy.set('PASS')
    await desk.window.act('syncNow', {})
    // Sync stops, once what the desk had to say is said.
    const { code } = await desk.window.until(
      'sync',
      {},
      ({ state, unsynced }) => state === 'NEEDS_ATTENTION' && unsynced === 0,
    )
    expect(code).toBe('SUBSCRIPTION')
    expect(await verdicts()).toEqual(ALL_WORK)
    expect(await desk.window.until('session', {}, () => true)).toMatchObject({
      subscription: { status: 'EXPIRED', canWrite: false },
    })
    const { hits } = await desk.window.until('search', { text: 'مريض', limit: 10 }, () => true)
    expect(hits).toHaveLength(visits.length)
    expect(rowsOf(await boardOf(desk.window))).toHaveLength(visits.length - 1)
    await pay()
    await desk.goOnline()
    await checkIn(desk.window, 'بعد الدفع')
    await desk.isSettled(0)
  })
})

describe('a clock set back', () => {
  test('opens nothing that has ended, neither at once nor after a restart', async () => {
    await desk.goOffline()
    world.setTime(LAST_MOMENT)
    await checkIn(desk.window, 'قبل النهاية')
    world.setTime(CUT_OVER)
    await expect(checkIn(desk.window, 'بعد النهاية')).rejects.toMatchObject(REFUSED)
    desk.skew = -5 * 86_400_000
    await expect(checkIn(desk.window, 'ساعة إلى الوراء')).rejects.toMatchObject(REFUSED)
    await desk.restart()
    await desk.unlock('reception')
    await expect(checkIn(desk.window, 'بعد إعادة التشغيل')).rejects.toMatchObject(REFUSED)
  })

  test('opens nothing either if the end was only looked at', async () => {
    await desk.goOffline()
    world.setTime('2026-12-09T09:00:00Z')
    expect(await desk.window.until('session', {}, () => true)).toMatchObject({
      subscription: { canWrite: false },
    })
    desk.skew = -5 * 86_400_000
    await desk.restart()
    await desk.unlock('reception')
    await expect(checkIn(desk.window, 'بعد إعادة التشغيل')).rejects.toMatchObject(REFUSED)
  })

  test('every evening wins no day: what runs on while the desk works counts', async () => {
    world.setTime('2026-12-05T08:00:00Z')
    await desk.goOnline()
    await desk.goOffline()
    for (let day = 0; day < 3; day += 1) {
      await checkIn(desk.window, `يوم ${day}`)
      world.passMinutes(24 * 60)
      desk.skew -= 86_400_000
    }
    // The wall still shows the morning of 5 December; it is the 8th.
    await expect(checkIn(desk.window, 'اليوم الرابع')).rejects.toMatchObject(REFUSED)
    await desk.restart()
    await desk.unlock('reception')
    await expect(checkIn(desk.window, 'بعد إعادة التشغيل')).rejects.toMatchObject(REFUSED)
  })

  test('while the desk is switched off is found out at the first word of the server', async () => {
    await desk.goOffline()
    world.setTime('2026-12-12T08:00:00Z')
    desk.skew = Date.parse('2026-12-01T08:00:00Z') - world.now()
    await desk.restart()
    await desk.unlock('reception')
    // Nobody can tell this from a desk that worked on 1 December; it is taken as such.
    const { visitId } = await checkIn(desk.window, 'ساعة متأخرة')
    await desk.goOnline()
    await desk.window.until(
      'session',
      {},
      (view) => view.status === 'SIGNED_IN' && !view.subscription.canWrite,
    )
    expect((await boardOf(desk.window)).leftOpen.map((row) => row.visitId)).toEqual([visitId])
    await expect(checkIn(desk.window, 'بعد الاتصال')).rejects.toMatchObject(REFUSED)
    await desk.goOffline()
    await desk.restart()
    await desk.unlock('reception')
    await expect(checkIn(desk.window, 'بعد إعادة التشغيل')).rejects.toMatchObject(REFUSED)
  })
})

describe('a paid clinic', () => {
  test('works 30 days without internet, and the session of the last day to its end', async () => {
    world.passMinutes(1)
    await subscribe((trial) => ({ ...trial, kind: 'PAID', endsAt: '2027-11-23T10:00:00.000Z' }))
    await desk.window.until(
      'session',
      {},
      (view) => view.status === 'SIGNED_IN' && view.subscription.status === 'ACTIVE',
    )
    await desk.goOffline()
    // 30 days after the last contact: noon of the 23rd.
    const instants = ['2026-12-23T09:59:00Z', '2026-12-23T10:01:00Z', '2026-12-24T02:59:00Z']
    for (const instant of instants) {
      world.setTime(instant)
      await expect(checkIn(desk.window, `مريض ${instant}`), instant).resolves.toBeDefined()
    }
    world.setTime('2026-12-24T03:00:00Z')
    await expect(checkIn(desk.window, 'بعد الحد')).rejects.toMatchObject(REFUSED)
    await desk.goOnline()
    await desk.isSettled(0)
    await checkIn(desk.window, 'بعد الاتصال')
    await desk.isSettled(0)
  })
})

describe('a subscription cut short while the desk has no internet', () => {
  test('what was made without it is held, shown, and accepted after the payment as it was', async () => {
    const other = await world.openDesk('other')
    await other.signIn('reception2')
    world.passMinutes(1)
    await subscribe((trial) => ({ ...trial, kind: 'PAID', endsAt: '2027-01-23T10:00:00.000Z' }))
    await desk.window.until(
      'session',
      {},
      (view) => view.status === 'SIGNED_IN' && view.subscription.status === 'ACTIVE',
    )
    await desk.goOffline()
    world.setTime('2026-12-01T10:00:00Z')
    const { visitId: inTime } = await checkIn(desk.window, 'قبل النهاية')
    // The payment was taken back; the desk goes on in good faith.
    world.setTime('2026-12-02T10:00:00Z')
    await subscribe((trial) => ({ ...trial, kind: 'CANCELED', endsAt: '2026-12-02T10:00:00.000Z' }))
    world.setTime('2026-12-04T09:00:00Z')
    const late = await checkIn(desk.window, 'بعد النهاية', {
      payment: { amount: FEE, method: 'CASH' },
    })
    await desk.unlock('doctor')
    await desk.window.act('startVisit', { visitId: late.visitId, to: 'WITH_DOCTOR' })
    await desk.unlock('reception')

    desk.proxy.set('PASS')
    await desk.window.act('syncNow', {})
    await desk.isSettled(2)
    const held = await inboxOf(desk.window, 'HELD', 2)
    expect(held.map(({ command, code }) => `${command} ${code}`).toSorted()).toEqual([
      'checkIn SUBSCRIPTION',
      'startVisit PARENT_HELD',
    ])
    const kept = lineOf(await boardOf(desk.window)).withDoctor
    expect(kept).toMatchObject([{ visitId: late.visitId, held: true, paid: 'PAID' }])
    // Also through a restart.
    await desk.restart()
    await desk.unlock('reception')
    await desk.isSettled(2)

    world.passMinutes(60)
    await pay()
    await desk.goOnline()
    await desk.isSettled(0)
    await other.goOnline()
    const stands = [desk, other].map(async ({ window }) => {
      const board = await boardOf(window, (view) => statusOn(view, late.visitId) === 'WITH_DOCTOR')
      expect(board.leftOpen.map(({ visitId }) => visitId)).toEqual([inTime])
      return lineOf(board).withDoctor.map(({ ticket, name, held: isHeld }) => [
        ticket,
        name,
        isHeld,
      ])
    })
    expect(await Promise.all(stands)).toEqual([
      [[late.slip.ticket, 'بعد النهاية', false]],
      [[late.slip.ticket, 'بعد النهاية', false]],
    ])
    expect(await inboxOf(desk.window, 'HELD', 0)).toEqual([])
    await desk.unlock('doctor')
    await desk.window.act('finishVisit', { visitId: late.visitId })
    await desk.isSettled(0)
    expect(userIdOf('doctor')).toBe(lineOf(await boardOf(desk.window)).doctorId)
  })
})

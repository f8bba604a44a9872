import { afterEach, beforeEach, expect, test } from 'vitest'
import { withClinic } from '#server/database/clinic-tx.ts'
import { signIn } from '#server/test/test-server.ts'
import type { InboxItem } from '#desktop/station/contract/inbox-view.ts'
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
import { type Desk, openWorld, PIN, userIdOf, type World } from './support/station-in-process.ts'

/**
 * A receptionist is deactivated while her desk has no internet. What she made before stands; what
 * she made after waits for an ADMIN, and nothing of it is lost whatever they decide.
 */

const FEE = { minor: 300_00, currency: 'EGP' } as const
const PAID = { payment: { amount: FEE, method: 'CASH' } } as const

let world: World
/** Hers, and the doctor's. */
let desk: Desk
/** The ADMIN's. */
let office: Desk
/** Another reception's: a replica that only looks on. */
let other: Desk

beforeEach(async () => {
  world = await openWorld('2026-11-23T10:00:00Z')
  desk = await world.openDesk('desk')
  office = await world.openDesk('office')
  other = await world.openDesk('other')
  await desk.signIn('reception2')
  await desk.signInWithPin('doctor')
  await desk.signInWithPin('reception')
  await office.signIn('admin')
  await other.signIn('reception2')
})
afterEach(() => world.close())

async function setActive(account: string, active: boolean): Promise<void> {
  const { status } = await world.server.call(
    'PATCH',
    `/v1/clinics/${world.clinicId}/staff/${userIdOf(account)}`,
    { token: await signIn(world.server, 'admin'), body: { active } },
  )
  expect(status).toBe(200)
}

interface Night {
  before: VisitId
  accepted: VisitId
  rejected: VisitId
}

/** Three check-ins, the last two after the deactivation; the doctor has begun on both of these. */
async function workOffline(): Promise<Night> {
  const { window } = desk
  await desk.goOffline()
  const before = await checkIn(window, 'قبل الإيقاف', PAID)
  world.passMinutes(10)
  await setActive('reception', false)
  world.passMinutes(10)
  const accepted = await checkIn(window, 'مقبول لاحقا', PAID)
  const rejected = await checkIn(window, 'مرفوض لاحقا', { ...PAID, phone: '01005550001' })
  world.passMinutes(10)
  await desk.unlock('doctor')
  await window.act('startVisit', { visitId: accepted.visitId, to: 'WITH_DOCTOR' })
  await window.act('startVisit', { visitId: rejected.visitId, to: 'WITH_DOCTOR' })
  await desk.unlock('reception')
  return {
    before: before.visitId,
    accepted: accepted.visitId,
    rejected: rejected.visitId,
  }
}

/** The commands that wait for an ADMIN, by the patient whom their station knows. */
async function quarantinedCommands(): Promise<Map<string, Extract<InboxItem, { kind: 'HELD' }>>> {
  const held = await inboxOf(desk.window, 'HELD', 4)
  return new Map(
    held.filter(({ code }) => code === 'QUARANTINED').map((item) => [item.patientName ?? '', item]),
  )
}

function mustHave<T>(value: T | undefined): T {
  return value ?? expect.fail('it is not there')
}

test('her work from before stands, from after waits, and an ADMIN decides each', async () => {
  const { before, accepted, rejected } = await workOffline()
  await desk.goOnline()
  await desk.isSettled(4)

  // On the other replicas only what was made in time.
  for (const { window } of [office, other]) {
    const board = await boardOf(window, (view) => statusOn(view, before) !== null)
    expect(rowsOf(board).map(({ visitId }) => visitId)).toEqual([before])
  }
  // At her desk nobody loses sight of the patients who stand there.
  await desk.signIn('reception2')
  const atDesk = await boardOf(desk.window)
  expect(new Map(rowsOf(atDesk).map(({ visitId, held }) => [visitId, held]))).toEqual(
    new Map([
      [before, false],
      [accepted, true],
      [rejected, true],
    ]),
  )
  const held = await inboxOf(desk.window, 'HELD', 4)
  expect(held.map(({ command, code }) => `${command} ${code}`).toSorted()).toEqual([
    'checkIn QUARANTINED',
    'checkIn QUARANTINED',
    'startVisit PARENT_HELD',
    'startVisit PARENT_HELD',
  ])

  const shown = await inboxOf(office.window, 'QUARANTINED', 2)
  for (const item of shown) {
    expect(item).toMatchObject({
      command: 'checkIn',
      reason: 'MEMBER_INACTIVE',
      mayDecide: true,
      byName: 'سعاد محمود',
    })
  }
  expect(new Set(shown.map(({ patientName }) => patientName))).toEqual(
    new Set(['مرفوض لاحقا', 'مقبول لاحقا']),
  )
  expect(shown.find(({ patientName }) => patientName === 'مرفوض لاحقا')?.entered).toEqual(
    expect.arrayContaining([
      { field: 'name', kind: 'TEXT', value: 'مرفوض لاحقا' },
      { field: 'phones', kind: 'PHONES', value: ['+201005550001'] },
      expect.objectContaining({ field: 'amount', kind: 'MONEY', value: '300.00 EGP' }),
    ]),
  )
  // Nobody else may decide, nor is asked to.
  expect(await inboxOf(other.window, 'QUARANTINED', 0)).toEqual([])
  const waits = await quarantinedCommands()
  const yes = mustHave(waits.get('مقبول لاحقا'))
  const no = mustHave(waits.get('مرفوض لاحقا'))
  await expect(
    other.window.act('decideQuarantined', { commandId: yes.commandId, accept: true }),
  ).rejects.toMatchObject({ code: 'FORBIDDEN' })

  // Accepted: real everywhere, with the doctor's step on it, and still hers.
  await office.window.act('decideQuarantined', { commandId: yes.commandId, accept: true })
  for (const { window } of [office, other, desk]) {
    const board = await boardOf(window, (view) => statusOn(view, accepted) === 'WITH_DOCTOR')
    expect(lineOf(board).withDoctor.find(({ visitId }) => visitId === accepted)).toMatchObject({
      name: 'مقبول لاحقا',
    })
  }
  await desk.isSettled(2)
  expect(await authorsOf(yes.commandId)).toEqual([
    { author: userIdOf('reception'), admitted: userIdOf('admin') },
  ])

  // Rejected: gone everywhere, and at her desk what was entered is kept.
  await office.window.act('decideQuarantined', { commandId: no.commandId, accept: false })
  await desk.isSettled(0)
  for (const { window } of [office, other, desk]) {
    const board = await boardOf(window, (view) => statusOn(view, rejected) === null)
    expect(new Set(rowsOf(board).map(({ visitId }) => visitId))).toEqual(
      new Set([before, accepted]),
    )
    const { hits } = await window.until('search', { text: 'مرفوض', limit: 5 }, () => true)
    expect(hits).toEqual([])
  }
  const refused = await inboxOf(desk.window, 'REJECTED', 2)
  expect(mustHave(refused.find(({ command }) => command === 'checkIn'))).toMatchObject({
    code: 'MEMBER_INACTIVE',
    byName: 'سعاد محمود',
    patientName: 'مرفوض لاحقا',
    entered: expect.arrayContaining([
      { field: 'name', kind: 'TEXT', value: 'مرفوض لاحقا' },
      { field: 'phones', kind: 'PHONES', value: ['+201005550001'] },
      expect.objectContaining({ field: 'amount', kind: 'MONEY', value: '300.00 EGP' }) as unknown,
    ]) as unknown,
  })
  expect(refused.find(({ command }) => command === 'startVisit')).toBeDefined()
  expect(await inboxOf(office.window, 'QUARANTINED', 0)).toEqual([])
  expect(await inboxOf(desk.window, 'HELD', 0)).toEqual([])
  // What stands can be gone on with.
  await desk.unlock('doctor')
  await desk.window.act('finishVisit', { visitId: accepted })
  await boardOf(office.window, (view) => statusOn(view, accepted) === 'DONE')
})

test('she is out as soon as her desk hears of it, and stays out without internet', async () => {
  await workOffline()
  await expect(checkIn(desk.window, 'ما زالت تعمل')).resolves.toBeDefined()
  await desk.goOnline()
  // Her session ends under her hands.
  await desk.window.until('session', {}, ({ status }) => status === 'LOCKED')
  await expect(checkIn(desk.window, 'بعد العلم')).rejects.toMatchObject({ code: 'SESSION_LOCKED' })
  const isOut = async (): Promise<void> => {
    await expect(desk.signIn('reception')).rejects.toMatchObject({ code: 'MEMBER_INACTIVE' })
    await expect(desk.unlock('reception')).rejects.toMatchObject({ code: 'MEMBER_INACTIVE' })
    const people = await desk.window.until('people', {}, () => true)
    expect(people.map(({ userId }) => userId)).not.toContain(userIdOf('reception'))
    expect(await desk.window.until('session', {}, () => true)).toMatchObject({ status: 'LOCKED' })
  }
  await isOut()
  await desk.goOffline()
  await isOut()
  await desk.restart()
  await isOut()
  await expect(
    desk.window.act('unlock', { userId: userIdOf('doctor'), pin: PIN }),
  ).resolves.toBeDefined()
})

test('a clock set back does not carry what she makes to before her deactivation', async () => {
  await desk.goOffline()
  world.passMinutes(30)
  await setActive('reception', false)
  world.passMinutes(30)
  await checkIn(desk.window, 'بعد الإيقاف')
  await desk.restart()
  desk.skew = -2 * 3_600_000
  await desk.unlock('reception')
  const late = await checkIn(desk.window, 'ساعة إلى الوراء')
  await desk.goOnline()
  await desk.isSettled(2)
  await desk.signIn('reception2')
  const held = await inboxOf(desk.window, 'HELD', 2)
  expect(held.map(({ code }) => code)).toEqual(['QUARANTINED', 'QUARANTINED'])
  expect(statusOn(await boardOf(other.window), late.visitId)).toBeNull()
})

test('who comes back finds their work let in by an ADMIN, or by nobody', async () => {
  const { before } = await workOffline()
  await desk.goOnline()
  await desk.isSettled(4)
  await setActive('reception', true)
  await desk.window.until('people', {}, (people) =>
    people.some(({ userId }) => userId === userIdOf('reception')),
  )
  await desk.unlock('reception')
  // She was no member when she made it: her return decides nothing.
  await desk.window.act('syncNow', {})
  expect(await inboxOf(office.window, 'QUARANTINED', 2)).toHaveLength(2)
  expect(statusOn(await boardOf(office.window), before)).toBe('WAITING')
  await desk.window.act('editPatient', {
    patientId: mustHave(
      rowsOf(await boardOf(desk.window)).find(({ visitId }) => visitId === before),
    ).patientId,
    changes: { name: draftOf('قبل الإيقاف المعدل').name },
  })
  await desk.isSettled(4)
})

function authorsOf(commandId: string): Promise<Array<{ author: string; admitted: string | null }>> {
  return withClinic(world.server.database.pool, world.clinicId, async (tx) => {
    const { rows } = await tx.query<{ author: string; admitted: string | null }>(
      `SELECT author_id AS author, admitted_by AS admitted FROM audit_entries
       WHERE clinic_id = $1 AND command_id = $2`,
      [tx.clinicId, commandId],
    )
    return rows
  })
}

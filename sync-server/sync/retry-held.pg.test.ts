import pino from 'pino'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Command } from '#shared/commands.ts'
import { verifyAudit } from '../audit/verify-audit.ts'
import { changeStaff } from '../clinics/staff.ts'
import { revokeStation } from '../clinics/stations.ts'
import type { JobSender } from '../jobs/job-sender.ts'
import { recordSubscription } from '../subscriptions/subscription.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { retryHeld } from './retry-held.ts'
import { createTestClinic, DAY, type Desk, MINUTE, type TestClinic } from './test-clinic.ts'
import { editPatient, madePatient, register } from './test-commands.ts'

/** What a desk had sent and the server held, when that desk never speaks again. */

let database: TestDatabase
let clinic: TestClinic
let desk: Desk
let office: Desk

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  clinic = await createTestClinic(database)
  desk = await clinic.openDesk('reception', 'doctor')
  office = await clinic.openDesk('admin')
  await desk.pull()
  clinic.jobs = jobs
  sent = []
})

const log = pino({ level: 'silent' })
const retry = (hours = 1): Promise<void> =>
  retryHeld(
    { pool: database.pool, now: () => clinic.clock.now, log, jobs },
    { clinicId: clinic.clinicId, stationId: desk.stationId, hours },
  )

/** Keys of what was sent, with how many seconds later it is due. */
let sent: [string, number | undefined][]
const jobs: JobSender = {
  send: (_tx, name, all) => {
    sent.push(
      ...all.map(({ key, afterSeconds }): [string, number | undefined] => [
        `${name} ${key}`,
        afterSeconds,
      ]),
    )
    return Promise.resolve()
  },
}
const dueIn = (hours: number): [string, number] => [
  `retry-held ${clinic.clinicId}:${desk.stationId}`,
  hours * 3_600,
]

/** The trial and its grace are over. */
function end(): void {
  clinic.clock.now += 22 * DAY
}

async function renew(): Promise<void> {
  const { now } = clinic.clock
  const endsAt = new Date(now + 30 * DAY).toISOString()
  await clinic.within((tx) => recordSubscription(tx, { plan: 'PRO', kind: 'PAID', endsAt }, now))
}

async function verdictOf({ commandId }: Command): Promise<string | undefined> {
  const { rows } = await clinic.within((tx) =>
    tx.query<{ verdict: string }>(
      'SELECT verdict FROM commands WHERE clinic_id = $1 AND command_id = $2',
      [clinic.clinicId, commandId],
    ),
  )
  return rows[0]?.verdict
}

const documentKeys = async (): Promise<string[]> => {
  await office.pull()
  return [...office.documents.keys()]
}

test('once the clinic has paid, what waited for that goes in, in order, and everybody hears of it', async () => {
  end()
  const arrival = register(desk, 'reception')
  const edit = editPatient(desk, 'reception', madePatient(arrival), { note: 'later' })
  const held = await desk.push(arrival, edit)
  expect(held.map(({ code }) => code)).toEqual(['SUBSCRIPTION', 'PARENT_HELD'])
  expect(sent).toEqual([dueIn(1)])
  // What never goes in is asked about ever more rarely.
  for (const hours of [1, 2, 16, 24]) await retry(hours)
  expect(sent.splice(0)).toEqual([dueIn(1), dueIn(2), dueIn(4), dueIn(24), dueIn(24)])
  await renew()
  await retry(24)
  expect(sent).toEqual([])
  expect(await documentKeys()).toContain(`patients:${madePatient(arrival).id}`)
  expect(await clinic.within(verifyAudit)).toMatchObject({ ok: true })
  // Should the desk live after all, it is told what became of it.
  const again = await desk.push(arrival, edit)
  expect(again.map(({ verdict }) => verdict)).toEqual(['ACCEPTED', 'ACCEPTED'])
  expect(again[1]?.documents[0]?.doc).toMatchObject({ note: 'later' })
})

test('also of a desk that may speak no more', async () => {
  end()
  const command = register(desk, 'reception')
  await desk.push(command)
  await renew()
  await clinic.within((tx) =>
    revokeStation(tx, desk.stationId, clinic.people.admin, clinic.clock.now),
  )
  await expect(desk.push(command)).rejects.toMatchObject({ code: 'STATION_REVOKED' })
  await retry()
  expect(await documentKeys()).toContain(`patients:${madePatient(command).id}`)
})

test('a whole day of it', async () => {
  end()
  const commands = Array.from({ length: 230 }, () => register(desk, 'reception'))
  for (let sent = 0; sent < commands.length; sent += 50) {
    await desk.push(...commands.slice(sent, sent + 50))
  }
  await renew()
  await retry()
  expect(new Set(await Promise.all(commands.map(verdictOf)))).toEqual(new Set(['ACCEPTED']))
})

test('what would be refused waits for its desk, in whose inbox what was entered is to be', async () => {
  end()
  const arrival = register(desk, 'reception')
  const forbidden = editPatient(desk, 'doctor', madePatient(arrival), { note: 'not theirs' })
  expect(await desk.push(arrival, forbidden)).toMatchObject([
    { code: 'SUBSCRIPTION' },
    { code: 'PARENT_HELD' },
  ])
  const onIt = editPatient(desk, 'reception', madePatient(forbidden), { note: 'mine' })
  expect(await desk.push(onIt)).toMatchObject([{ code: 'PARENT_HELD' }])
  await renew()
  sent = []
  await retry()
  expect(await verdictOf(arrival)).toBe('ACCEPTED')
  expect(await verdictOf(forbidden)).toBe('HELD')
  // Nor is what stands on it torn from it.
  expect(await verdictOf(onIt)).toBe('HELD')
  expect(sent).toEqual([dueIn(1)])
  expect(await desk.push(forbidden)).toMatchObject([{ verdict: 'REJECTED', code: 'FORBIDDEN' }])
})

test('what an ADMIN decides on is theirs to decide', async () => {
  await clinic.within((tx) =>
    changeStaff(tx, {
      userId: clinic.people.reception,
      change: { active: false },
      by: clinic.people.admin,
      now: clinic.clock.now,
    }),
  )
  clinic.clock.now += MINUTE
  const command = register(desk, 'reception')
  expect(await desk.push(command)).toMatchObject([{ code: 'QUARANTINED' }])
  await retry()
  expect(await verdictOf(command)).toBe('HELD')
  expect(sent).toEqual([])
})

test('one of which the server can make nothing stops no other', async () => {
  end()
  const [first, second] = [register(desk, 'reception'), register(desk, 'reception')]
  await desk.push(first, second)
  await renew()
  // As a version that is no more may have kept it.
  await clinic.within((tx) =>
    tx.query(`UPDATE commands SET payload = '{}' WHERE clinic_id = $1 AND command_id = $2`, [
      clinic.clinicId,
      first.commandId,
    ]),
  )
  sent = []
  await retry()
  expect(await verdictOf(first)).toBe('HELD')
  expect(await verdictOf(second)).toBe('ACCEPTED')
  expect(sent).toEqual([dueIn(1)])
})

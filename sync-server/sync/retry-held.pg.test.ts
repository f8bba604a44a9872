import pino from 'pino'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Command } from '#shared/commands.ts'
import { verifyAudit } from '../audit/verify-audit.ts'
import { changeStaff } from '../clinics/staff.ts'
import { revokeStation } from '../clinics/stations.ts'
import { NO_JOBS } from '../jobs/test-jobs.ts'
import { recordSubscription } from '../subscriptions/subscription.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { retryAllHeld, retryHeld } from './retry-held.ts'
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
})

const log = pino({ level: 'silent' })
const depsOf = ({ clock }: TestClinic) => ({
  pool: database.pool,
  now: () => clock.now,
  log,
  jobs: NO_JOBS,
})
const retry = (station: Desk = desk): Promise<number> =>
  retryHeld(depsOf(clinic), clinic.clinicId, station.stationId)

/** The trial and its grace are over. */
function end(of: TestClinic): void {
  of.clock.now += 22 * DAY
}

async function renew(of: TestClinic): Promise<void> {
  const { now } = of.clock
  const endsAt = new Date(now + 30 * DAY).toISOString()
  await of.within((tx) => recordSubscription(tx, { plan: 'PRO', kind: 'PAID', endsAt }, now))
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
  end(clinic)
  const arrival = register(desk, 'reception')
  const edit = editPatient(desk, 'reception', madePatient(arrival), { note: 'later' })
  const held = await desk.push(arrival, edit)
  expect(held.map(({ code }) => code)).toEqual(['SUBSCRIPTION', 'PARENT_HELD'])
  expect(await retry()).toBe(0)
  await renew(clinic)
  expect(await retry()).toBe(2)
  expect(await documentKeys()).toContain(`patients:${madePatient(arrival).id}`)
  expect(await clinic.within(verifyAudit)).toMatchObject({ ok: true })
  expect(await retry()).toBe(0)
  // Should the desk live after all, it is told what became of it.
  const again = await desk.push(arrival, edit)
  expect(again.map(({ verdict }) => verdict)).toEqual(['ACCEPTED', 'ACCEPTED'])
  expect(again[1]?.documents[0]?.doc).toMatchObject({ note: 'later' })
})

test('also of a desk that may speak no more', async () => {
  end(clinic)
  const command = register(desk, 'reception')
  await desk.push(command)
  await renew(clinic)
  await clinic.within((tx) =>
    revokeStation(tx, desk.stationId, clinic.people.admin, clinic.clock.now),
  )
  await expect(desk.push(command)).rejects.toMatchObject({ code: 'STATION_REVOKED' })
  expect(await retry()).toBe(1)
  expect(await documentKeys()).toContain(`patients:${madePatient(command).id}`)
})

test('more than are tried together', async () => {
  end(clinic)
  const commands = Array.from({ length: 230 }, () => register(desk, 'reception'))
  for (let sent = 0; sent < commands.length; sent += 50) {
    await desk.push(...commands.slice(sent, sent + 50))
  }
  await renew(clinic)
  expect(await retry()).toBe(230)
})

test('what would be refused waits for its desk, in whose inbox what was entered is to be', async () => {
  end(clinic)
  const arrival = register(desk, 'reception')
  const forbidden = editPatient(desk, 'doctor', madePatient(arrival), { note: 'not theirs' })
  expect(await desk.push(arrival, forbidden)).toMatchObject([
    { code: 'SUBSCRIPTION' },
    { code: 'PARENT_HELD' },
  ])
  await renew(clinic)
  expect(await retry()).toBe(1)
  expect(await verdictOf(forbidden)).toBe('HELD')
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
  expect(await retry()).toBe(0)
  expect(await verdictOf(command)).toBe('HELD')
})

test('the job goes through all clinics, and one of which it can make nothing stops no other', async () => {
  const other = await createTestClinic(database)
  const elsewhere = await other.openDesk('reception')
  end(clinic)
  other.clock.now = clinic.clock.now
  const here = register(desk, 'reception')
  const there = register(elsewhere, 'reception')
  await desk.push(here)
  await elsewhere.push(there)
  await renew(clinic)
  await renew(other)
  // What stands in the row of one is no command of any version.
  await clinic.within((tx) =>
    tx.query(`UPDATE commands SET payload = '{}' WHERE clinic_id = $1 AND command_id = $2`, [
      clinic.clinicId,
      here.commandId,
    ]),
  )
  await retryAllHeld(depsOf(other))
  await other.within(async (tx) => {
    const { rows } = await tx.query<{ verdict: string }>(
      'SELECT verdict FROM commands WHERE clinic_id = $1',
      [other.clinicId],
    )
    expect(rows).toEqual([{ verdict: 'ACCEPTED' }])
  })
  expect(await verdictOf(here)).toBe('HELD')
})

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Quarantined } from '#shared/clinic.ts'
import type { Command } from '#shared/commands.ts'
import { renewSubscription } from '#shared/entitlement.ts'
import type { CommandResult } from '#shared/protocol.ts'
import { changeStaff } from '../clinics/staff.ts'
import { startSession } from '../identity/station-session.ts'
import { sweepExpired } from '../jobs/sweep-expired.ts'
import pino from 'pino'
import { recordSubscription } from '../subscriptions/subscription.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { writeClinicDocuments } from './feed.ts'
import {
  createTestClinic,
  DAY,
  type Desk,
  MINUTE,
  type Person,
  type TestClinic,
} from './test-clinic.ts'
import { checkIn, editPatient, madePatient, madeVisit, register, step } from './test-commands.ts'

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
  desk = await clinic.openDesk('reception', 'reception2', 'doctor')
  office = await clinic.openDesk('admin')
  await desk.pull()
})

function verdicts(results: readonly CommandResult[]): string[] {
  return results.map(({ verdict, code }) => (code === null ? verdict : `${verdict} ${code}`))
}

async function deactivate(person: 'reception' | 'doctor', active = false): Promise<void> {
  await clinic.within((tx) =>
    changeStaff(tx, {
      userId: clinic.people[person],
      change: { active },
      by: clinic.people.admin,
      now: clinic.clock.now,
    }),
  )
}

async function setClinicActive(active: boolean): Promise<void> {
  const body = { ...clinic.settings, active }
  await clinic.within((tx) =>
    writeClinicDocuments(
      tx,
      [{ id: 'settings', clinicId: clinic.clinicId, body }],
      clinic.clock.now,
    ),
  )
}

async function decide(command: Command, accept: boolean): Promise<CommandResult | undefined> {
  const decision = office.make('decideQuarantined', 'admin', () => [], {
    decision: { commandId: command.commandId, accept },
  })
  return (await office.push(decision))[0]
}

async function quarantined(command: Command): Promise<Quarantined> {
  await office.pull()
  const doc = office.documents.get(`clinic:quarantined:${command.commandId}`)
  return Quarantined.parse((doc as { body: unknown }).body)
}

describe('a person deactivated while their station was offline', () => {
  test('work from before is accepted, from after is quarantined once, and shown', async () => {
    const before = register(desk, 'reception')
    clinic.clock.now += MINUTE
    await deactivate('reception')
    clinic.clock.now += MINUTE
    const after = register(desk, 'reception')
    expect(verdicts(await desk.push(before, after))).toEqual(['ACCEPTED', 'HELD QUARANTINED'])
    expect(await quarantined(after)).toMatchObject({
      reason: 'MEMBER_INACTIVE',
      decision: 'PENDING',
      by: clinic.people.reception,
      patientId: madePatient(after).id,
      entered: expect.arrayContaining([
        { field: 'name', kind: 'TEXT', value: madePatient(after).name },
      ]) as unknown,
      touches: [{ collection: 'patients', id: madePatient(after).id }],
    })
    const { checkpoint } = office
    expect(verdicts(await desk.push(after))).toEqual(['HELD QUARANTINED'])
    await office.pull()
    expect(office.checkpoint).toEqual(checkpoint)
  })

  test("an ADMIN lets it in: it is applied, stays its author's, and its station hears of it", async () => {
    await deactivate('reception')
    clinic.clock.now += MINUTE
    const arrival = checkIn(desk, 'reception', { number: 1 })
    const begun = step(desk, 'doctor', madeVisit(arrival), ['startVisit', 'WITH_DOCTOR'])
    expect(verdicts(await desk.push(arrival, begun))).toEqual([
      'HELD QUARANTINED',
      'HELD PARENT_HELD',
    ])
    const [, child] = await desk.push(arrival, begun)
    expect(child?.details).toEqual({ parent: arrival.commandId })
    const decided = await decide(arrival, true)
    expect(decided).toMatchObject({ verdict: 'ACCEPTED', details: { verdict: 'ACCEPTED' } })
    expect(decided?.documents.map(({ collection }) => collection)).toEqual([
      'patients',
      'visits',
      'clinic',
    ])
    expect(await quarantined(arrival)).toMatchObject({ decision: 'ACCEPTED' })
    const retried = await desk.push(arrival, begun)
    expect(verdicts(retried)).toEqual(['ACCEPTED', 'ACCEPTED'])
    const { rows } = await clinic.within((tx) =>
      tx.query<{ author: string; admitted: string }>(
        `SELECT author_id AS author, admitted_by AS admitted FROM audit_entries
         WHERE clinic_id = $1 AND command_id = $2`,
        [clinic.clinicId, arrival.commandId],
      ),
    )
    expect(rows).toEqual([{ author: clinic.people.reception, admitted: clinic.people.admin }])
  })

  test('an ADMIN rejects it: that is final', async () => {
    await deactivate('reception')
    clinic.clock.now += MINUTE
    const arrival = checkIn(desk, 'reception', { number: 1 })
    const begun = step(desk, 'doctor', madeVisit(arrival), ['startVisit', 'WITH_DOCTOR'])
    await desk.push(arrival, begun)
    expect(await decide(arrival, false)).toMatchObject({ verdict: 'ACCEPTED' })
    const decided = await quarantined(arrival)
    expect(decided).toMatchObject({ decision: 'REJECTED' })
    // What the patient had told is not kept a second time.
    expect(decided.entered).toBeUndefined()
    const results = await desk.push(arrival, begun)
    expect(verdicts(results)).toEqual(['REJECTED MEMBER_INACTIVE', 'REJECTED NOT_FOUND'])
    expect(results[0]?.documents.every(({ doc }) => doc === null)).toBe(true)
    expect(await decide(arrival, true)).toMatchObject({ verdict: 'REJECTED', code: 'IMMUTABLE' })
  })

  test('nobody but an ADMIN decides, and on nothing that is not there', async () => {
    await deactivate('reception')
    clinic.clock.now += MINUTE
    const command = register(desk, 'reception')
    await desk.push(command)
    const decision = { commandId: command.commandId, accept: true }
    const bold = desk.make('decideQuarantined', 'reception2', () => [], { decision })
    expect(verdicts(await desk.push(bold))).toEqual(['REJECTED FORBIDDEN'])
    const other = register(desk, 'reception2')
    await desk.push(other)
    expect(await decide(other, true)).toMatchObject({ verdict: 'REJECTED', code: 'NOT_FOUND' })
  })

  test('whoever knew of it is refused', async () => {
    await deactivate('reception')
    await desk.pull()
    clinic.clock.now += MINUTE
    const command = register(desk, 'reception')
    expect(verdicts(await desk.push(command))).toEqual(['REJECTED MEMBER_INACTIVE'])
  })

  test('a station cannot claim not to have seen what it acknowledged', async () => {
    const { checkpoint } = desk
    await deactivate('reception')
    await desk.pull()
    // The acknowledgement goes with the next pull.
    await desk.pull()
    clinic.clock.now += MINUTE
    const forged = { ...register(desk, 'reception'), seen: checkpoint?.seq ?? 0 }
    expect(verdicts(await desk.push(forged))).toEqual(['REJECTED MEMBER_INACTIVE'])
  })

  describe('cannot understate what it has seen', () => {
    const demote = (person: Person) =>
      clinic.within((tx) =>
        changeStaff(tx, {
          userId: clinic.people[person],
          change: { roles: ['INVENTORY'] },
          by: clinic.people.admin,
          now: clinic.clock.now,
        }),
      )

    test('by a number that was used up before', async () => {
      await desk.push(register(desk, 'reception'), register(desk, 'reception'))
      await demote('reception')
      await desk.pull()
      await desk.pull()
      const forged = { ...register(desk, 'reception'), seq: 2, seen: 0 }
      expect(verdicts(await desk.push(forged))).toEqual(['REJECTED FORBIDDEN'])
      const [first, second] = [register(desk, 'reception'), register(desk, 'reception')]
      const late = { ...register(desk, 'reception'), seq: first.seq, seen: 0 }
      expect(verdicts(await desk.push(second, late))).toEqual([
        'REJECTED FORBIDDEN',
        'REJECTED FORBIDDEN',
      ])
    })

    test('by a station enrolled later, or by signing in at it later', async () => {
      await demote('reception')
      const fresh = await clinic.openDesk('reception', 'doctor')
      expect(verdicts(await fresh.push(register(fresh, 'reception')))).toEqual([
        'REJECTED FORBIDDEN',
      ])
      await demote('reception2')
      await clinic.within((tx) => startSession(tx, office.stationId, clinic.people.reception2))
      expect(verdicts(await office.push(register(office, 'reception2')))).toEqual([
        'REJECTED FORBIDDEN',
      ])
    })

    test('by a last command that it never made, whatever is swept', async () => {
      for (let made = 0; made < 40; made += 1) desk.make('registerPatient', 'reception', () => [])
      await demote('reception')
      await desk.pull()
      await desk.pull()
      const forged = { ...register(desk, 'reception'), seen: 0 }
      while (desk.make('registerPatient', 'reception', () => []).seq < 256 * 20);
      await desk.pull()
      const log = pino({ level: 'silent' })
      await sweepExpired({ pool: database.pool, log, now: () => clinic.clock.now })
      expect(verdicts(await desk.push(forged))).toEqual(['REJECTED FORBIDDEN'])
    })

    test('what a person was told when they signed in says nothing of visits', async () => {
      const arrival = checkIn(desk, 'reception', { number: 1 })
      await desk.push(arrival)
      await office.pull()
      const begun = step(desk, 'doctor', madeVisit(arrival), ['startVisit', 'WITH_DOCTOR'])
      await desk.push(begun)
      await clinic.within((tx) => startSession(tx, office.stationId, clinic.people.reception))
      const canceled = step(office, 'reception', madeVisit(arrival), ['cancel', 'CANCELED'])
      expect(verdicts(await office.push(canceled))).toEqual(['ACCEPTED'])
    })
  })

  test('what was made before the acknowledgement is judged by what was seen then', async () => {
    clinic.clock.now += MINUTE
    await deactivate('reception')
    clinic.clock.now += MINUTE
    const offline = register(desk, 'reception')
    await desk.pull()
    await desk.pull()
    expect(verdicts(await desk.push(offline))).toEqual(['HELD QUARANTINED'])
  })
})

test('work of one who has not signed in here is held until they do, and what builds on it', async () => {
  const early = register(desk, 'accountant')
  const bold = register(desk, 'admin')
  const child = editPatient(desk, 'reception', madePatient(bold), { note: 'child' })
  expect(verdicts(await desk.push(early, bold, child))).toEqual([
    'HELD NOT_SIGNED_IN_HERE',
    'HELD NOT_SIGNED_IN_HERE',
    'HELD PARENT_HELD',
  ])
  await clinic.within((tx) => startSession(tx, desk.stationId, clinic.people.accountant))
  await clinic.within((tx) => startSession(tx, desk.stationId, clinic.people.admin))
  expect(verdicts(await desk.push(early, bold, child))).toEqual([
    'REJECTED FORBIDDEN',
    'ACCEPTED',
    'ACCEPTED',
  ])
})

test('what settles by itself is taken back from the ADMINs', async () => {
  clinic.clock.now += MINUTE
  await deactivate('reception')
  clinic.clock.now += MINUTE
  const known = register(desk, 'reception')
  const copied = madePatient(known)
  expect(verdicts(await desk.push(known))).toEqual(['HELD QUARANTINED'])
  // The same patient reaches the server by another way: the held one can never be made again.
  const { stationId } = office
  await clinic.within((tx) => startSession(tx, stationId, clinic.people.reception2))
  const there = office.make('registerPatient', 'reception2', (author) => [
    {
      collection: 'patients',
      id: copied.id,
      base: null,
      next: { ...copied, created: { ...author } },
    },
  ])
  expect(verdicts(await office.push(there))).toEqual(['ACCEPTED'])
  expect(verdicts(await desk.push(known))).toEqual(['REJECTED IMMUTABLE'])
  expect(await quarantined(known)).toMatchObject({ decision: 'REJECTED' })
})

describe('a clinic closed while a station was offline', () => {
  test('new visits are quarantined, care goes on, and what is known is refused', async () => {
    const arrival = checkIn(desk, 'reception', { number: 1 })
    await desk.push(arrival)
    await desk.pull()
    clinic.clock.now += MINUTE
    await setClinicActive(false)
    clinic.clock.now += MINUTE
    const begun = step(desk, 'doctor', madeVisit(arrival), ['startVisit', 'WITH_DOCTOR'])
    const late = checkIn(desk, 'reception', { number: 2 })
    expect(verdicts(await desk.push(begun, late))).toEqual(['ACCEPTED', 'HELD QUARANTINED'])
    expect(await quarantined(late)).toMatchObject({ reason: 'CLINIC_INACTIVE' })
    expect(await decide(late, true)).toMatchObject({ details: { verdict: 'ACCEPTED' } })
    await desk.pull()
    const known = checkIn(desk, 'reception', { number: 3 })
    expect(verdicts(await desk.push(known))).toEqual(['REJECTED CLINIC_INACTIVE'])
    await setClinicActive(true)
    await desk.pull()
    const open = checkIn(desk, 'reception', { number: 4 })
    expect(verdicts(await desk.push(open))).toEqual(['ACCEPTED'])
  })

  test('rules narrowed meanwhile do not bind who could not know them', async () => {
    const body = {
      ...clinic.settings,
      narrowing: { RECEPTION: ['REGISTER_PATIENT'] as 'REGISTER_PATIENT'[] },
    }
    await clinic.within((tx) =>
      writeClinicDocuments(tx, [{ id: 'settings', clinicId: clinic.clinicId, body }]),
    )
    expect(verdicts(await desk.push(register(desk, 'reception')))).toEqual(['ACCEPTED'])
    await desk.pull()
    expect(verdicts(await desk.push(register(desk, 'reception')))).toEqual(['REJECTED FORBIDDEN'])
  })
})

describe('a subscription that ended while a station was offline', () => {
  test('lets in what was done before, finishes what is open, and holds new work until renewal', async () => {
    const trialEnds = clinic.clock.now + 13 * DAY
    const valid = checkIn(desk, 'reception', { number: 1 })
    // The end is at noon; the session goes on until the cut-over, at five in the morning.
    clinic.clock.now = trialEnds + 3 * 3_600_000
    const sameSession = register(desk, 'reception')
    clinic.clock.now = trialEnds + DAY
    const late = register(desk, 'reception')
    const child = editPatient(desk, 'reception', madePatient(late), { note: 'late' })
    const care = step(desk, 'doctor', madeVisit(valid), ['startVisit', 'WITH_DOCTOR'])
    expect(verdicts(await desk.push(valid, sameSession, late, child, care))).toEqual([
      'ACCEPTED',
      'ACCEPTED',
      'HELD SUBSCRIPTION',
      'HELD PARENT_HELD',
      'ACCEPTED',
    ])
    expect(verdicts(await desk.push(late, child))).toEqual([
      'HELD SUBSCRIPTION',
      'HELD PARENT_HELD',
    ])
    const ended = {
      plan: 'STARTER',
      kind: 'TRIAL',
      endsAt: new Date(trialEnds).toISOString(),
    } as const
    await clinic.within((tx) =>
      recordSubscription(
        tx,
        renewSubscription(ended, clinic.clock.now, 'GROWTH'),
        clinic.clock.now,
      ),
    )
    expect(verdicts(await desk.push(late, child))).toEqual(['ACCEPTED', 'ACCEPTED'])
  })

  test('after the grace there is nothing more to pull, until renewal', async () => {
    await office.push(register(office, 'admin'))
    clinic.clock.now += 22 * DAY
    await expect(desk.pull()).rejects.toMatchObject({ code: 'SUBSCRIPTION' })
    const { clock } = clinic
    const endsAt = new Date(clock.now + DAY).toISOString()
    await clinic.within((tx) =>
      recordSubscription(tx, { plan: 'PRO', kind: 'PAID', endsAt }, clock.now),
    )
    const page = await desk.pull()
    expect(page.upToDate).toBe(true)
  })
})

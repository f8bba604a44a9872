import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Quarantined, SESSION_UNKNOWN } from '#shared/clinic.ts'
import type { Command } from '#shared/commands.ts'
import type { Invoice } from '#shared/invoice.ts'
import type { Patient } from '#shared/patient.ts'
import type { CommandResult, StaffChange } from '#shared/protocol.ts'
import type { Visit } from '#shared/visit.ts'
import { verifyAudit } from '../audit/verify-audit.ts'
import { changeStaff } from '../clinics/staff.ts'
import { revokeStation } from '../clinics/stations.ts'
import { startSession } from '../identity/station-session.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { beginEpochs } from './begin-epoch.ts'
import { createTestClinic, DAY, type Desk, MINUTE, newId, type TestClinic } from './test-clinic.ts'
import {
  checkIn,
  editPatient,
  madePatient,
  madeVisit,
  pay,
  register,
  setField,
  step,
} from './test-commands.ts'

/**
 * The server was set back: what one desk had made and another had built on is gone, and each sends
 * again what was accepted of its own. What is called lost here the server of this test never had.
 */

let database: TestDatabase
let clinic: TestClinic
/** Whose work was lost. */
let first: Desk
/** Who had seen it. */
let second: Desk
/** Numbers of the feed before the restore, of what was lost. */
let seen: number

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  clinic = await createTestClinic(database)
  first = await clinic.openDesk('reception', 'doctor')
  second = await clinic.openDesk('reception', 'reception2', 'doctor')
  for (const desk of [first, second]) {
    await desk.pull()
    await desk.pull()
  }
  seen = (second.checkpoint?.seq ?? 0) + 20
})

async function restore(): Promise<void> {
  clinic.clock.now += MINUTE
  await beginEpochs(database.ownerPool, [clinic.clinicId], clinic.clock.now)
  for (const desk of [first, second]) desk.checkpoint = null
  clinic.clock.now += MINUTE
}

/** All it had is sent, and it pulls anew. */
async function comesBack(desk: Desk, ...lost: Command[]): Promise<string[]> {
  const verdicts = lost.length === 0 ? [] : await pushed(desk, ...lost)
  await desk.pull()
  await desk.pull()
  return verdicts
}

async function pushed(desk: Desk, ...commands: Command[]): Promise<string[]> {
  return (await desk.push(...commands)).map(verdictOf)
}

function verdictOf({ verdict, code }: CommandResult): string {
  return code === null ? verdict : `${verdict} ${code}`
}

/** As the feed before had told it: under numbers that mean nothing here. */
const asSeen = (command: Command): Command => ({ ...command, seen })

async function docOf<T>(collection: string, id: string): Promise<T> {
  const { rows } = await clinic.within((tx) =>
    tx.query<{ doc: T }>(
      'SELECT doc FROM documents WHERE clinic_id = $1 AND collection = $2 AND id = $3',
      [clinic.clinicId, collection, id],
    ),
  )
  return rows[0]?.doc ?? expect.fail(`no ${collection}`)
}

/** Makes the second desk's work on a visit of the first desk's. */
function workOn(visit: Visit): Command[] {
  clinic.clock.now += MINUTE
  const begun = asSeen(step(second, 'doctor', visit, ['startVisit', 'WITH_DOCTOR']))
  clinic.clock.now += MINUTE
  return [begun, asSeen(pay(second, 'reception', visit, 10_000))]
}

describe('a visit that is gone', () => {
  let arrival: Command
  let visit: Visit
  let onIt: Command[]

  beforeEach(() => {
    arrival = checkIn(first, 'reception', { number: 1 })
    visit = madeVisit(arrival)
    onIt = workOn(visit)
  })

  test('what stands on it is refused where nothing was ever restored', async () => {
    expect(await pushed(second, ...onIt)).toEqual(['REJECTED NOT_FOUND', 'REJECTED NOT_FOUND'])
  })

  test('what stands on it waits, and goes in once it is there, under whatever number', async () => {
    await restore()
    const held = await second.push(...onIt)
    expect(held.map(verdictOf)).toEqual(['HELD PARENT_HELD', 'HELD PARENT_HELD'])
    expect(held[0]?.details).toEqual({ lost: true })
    // Whoever comes in between takes the numbers that were its own.
    const other = await clinic.openDesk('reception2')
    for (let made = 0; made < 25; made += 1) await other.push(register(other, 'reception2'))
    await comesBack(second)
    expect(await pushed(second, ...onIt)).toEqual(['HELD PARENT_HELD', 'HELD PARENT_HELD'])
    expect(await comesBack(first, arrival)).toEqual(['ACCEPTED'])
    expect(await pushed(second, ...onIt)).toEqual(['ACCEPTED', 'ACCEPTED'])
    expect(await docOf<Visit>('visits', visit.id)).toMatchObject({ status: 'WITH_DOCTOR' })
    expect(await clinic.within(verifyAudit)).toMatchObject({ ok: true })
  })

  test('in the other order all goes in at once', async () => {
    await restore()
    const other = await clinic.openDesk('reception2')
    for (let made = 0; made < 25; made += 1) await other.push(register(other, 'reception2'))
    expect(await comesBack(first, arrival)).toEqual(['ACCEPTED'])
    expect(await pushed(second, ...onIt)).toEqual(['ACCEPTED', 'ACCEPTED'])
  })

  test('what is made on it later waits as well, of whatever epoch', async () => {
    await restore()
    await pushed(second, ...onIt)
    await comesBack(second)
    const patient = editPatient(second, 'reception', madePatient(arrival), { note: 'later' })
    expect(await pushed(second, patient)).toEqual(['HELD PARENT_HELD'])
    await comesBack(first, arrival)
    expect(await pushed(second, ...onIt, patient)).toEqual(['ACCEPTED', 'ACCEPTED', 'ACCEPTED'])
  })

  test('it never comes: refused for the inbox after as many days as a desk keeps what it sent', async () => {
    await restore()
    await comesBack(second)
    clinic.clock.now += 13 * DAY
    expect(await pushed(second, ...onIt)).toEqual(['HELD PARENT_HELD', 'HELD PARENT_HELD'])
    clinic.clock.now += DAY
    expect(await pushed(second, ...onIt)).toEqual(['REJECTED NOT_FOUND', 'REJECTED NOT_FOUND'])
  })

  test('or at once, when an ADMIN says that the desk will not come back', async () => {
    await restore()
    expect(await pushed(second, ...onIt)).toEqual(['HELD PARENT_HELD', 'HELD PARENT_HELD'])
    const { now } = clinic.clock
    await clinic.within((tx) => revokeStation(tx, first.stationId, clinic.people.admin, now))
    expect(await pushed(second, ...onIt)).toEqual(['REJECTED NOT_FOUND', 'REJECTED NOT_FOUND'])
  })

  test('the desk is here, and who made it has yet to sign in there: it waits for that too', async () => {
    const strange = checkIn(first, 'reception2', { number: 2 })
    const begun = workOn(madeVisit(strange))
    await restore()
    expect(await comesBack(first, strange)).toEqual(['HELD NOT_SIGNED_IN_HERE'])
    await comesBack(first, register(first, 'reception'))
    expect(await pushed(second, ...begun)).toEqual(['HELD PARENT_HELD', 'HELD PARENT_HELD'])
    await clinic.within((tx) => startSession(tx, first.stationId, clinic.people.reception2))
    await pushed(first, strange)
    expect(await pushed(second, ...begun)).toEqual(['ACCEPTED', 'ACCEPTED'])
  })

  test('a desk that the restore forgot may have made it: it waits for that one too', async () => {
    await restore()
    await comesBack(first, register(first, 'reception'))
    const stationId = newId<typeof first.stationId>(clinic.clock.now - DAY)
    const made = { ...visit, created: { ...visit.created, stationId } }
    const begun = asSeen(step(second, 'doctor', made, ['startVisit', 'WITH_DOCTOR']))
    expect(await pushed(second, begun)).toEqual(['HELD PARENT_HELD'])
  })

  test('all are back and nobody has it: refused at once', async () => {
    await restore()
    await comesBack(first, register(first, 'reception'))
    expect(await pushed(second, ...onIt)).toEqual(['REJECTED NOT_FOUND', 'REJECTED NOT_FOUND'])
  })

  test('two desks that stand on it do not wait for each other', async () => {
    const third = await clinic.openDesk('reception2')
    clinic.clock.now += MINUTE
    const canceled = asSeen(step(third, 'reception2', visit, ['cancel', 'CANCELED']))
    await restore()
    expect(await pushed(second, ...onIt)).toEqual(['HELD PARENT_HELD', 'HELD PARENT_HELD'])
    expect(await pushed(third, canceled)).toEqual(['HELD PARENT_HELD'])
    await comesBack(first, register(first, 'reception'))
    for (const desk of [second, third]) await comesBack(desk)
    // The later one may stand on the other desk's; not the other way round.
    expect(await pushed(third, canceled)).toEqual(['HELD PARENT_HELD'])
    expect(await pushed(second, ...onIt)).toEqual(['REJECTED NOT_FOUND', 'REJECTED NOT_FOUND'])
    expect(await pushed(third, canceled)).toEqual(['REJECTED NOT_FOUND'])
  })

  test('what was made since the restore was not lost by it: answered as ever', async () => {
    await restore()
    await comesBack(second)
    const forged = madeVisit(
      checkIn(first, 'reception', {
        number: 3,
        patientId: newId(clinic.clock.now),
        visit: { id: newId(clinic.clock.now) },
      }),
    )
    const begun = step(second, 'doctor', forged, ['startVisit', 'WITH_DOCTOR'])
    const paid = pay(second, 'reception', forged, 10_000)
    expect(await pushed(second, begun, paid)).toEqual(['REJECTED NOT_FOUND', 'REJECTED NOT_FOUND'])
  })
})

describe('a visit that is here as it was before', () => {
  test('a step on a lost step waits for it, and so does what needs no base', async () => {
    const arrival = checkIn(first, 'reception', { number: 1 })
    const visit = madeVisit(arrival)
    await first.push(arrival)
    seen += 20
    clinic.clock.now += MINUTE
    const lost = step(first, 'doctor', visit, ['startVisit', 'WITH_DOCTOR'])
    clinic.clock.now += MINUTE
    const finished = asSeen(step(second, 'doctor', madeVisit(lost), ['finishVisit', 'DONE']))
    clinic.clock.now += MINUTE
    const invoice = asSeen(invoiceOf(madeVisit(lost)))
    await restore()
    expect(await pushed(second, finished, invoice)).toEqual([
      'HELD PARENT_HELD',
      'HELD PARENT_HELD',
    ])
    expect((await docOf<Visit>('visits', visit.id)).transitions).toHaveLength(1)
    expect(await comesBack(first, arrival, lost)).toEqual(['ACCEPTED', 'ACCEPTED'])
    expect(await pushed(second, finished, invoice)).toEqual(['ACCEPTED', 'ACCEPTED'])
    const stands = await docOf<Visit>('visits', visit.id)
    expect(stands.status).toBe('DONE')
    expect(stands.transitions.map(({ status }) => status)).toEqual([
      'WAITING',
      'WITH_DOCTOR',
      'DONE',
    ])
  })

  test('an edit over a lost edit goes in, brings nothing in on its back, and neither is lost or doubled', async () => {
    const made = register(first, 'reception', { note: 'as backed up', address: 'old' })
    await first.push(made)
    clinic.clock.now += MINUTE
    const changes = { note: 'lost', address: 'lost too' }
    const lost = editPatient(first, 'reception', madePatient(made), changes)
    clinic.clock.now += MINUTE
    const over = asSeen(editPatient(second, 'reception', madePatient(lost), { note: 'over it' }))
    await restore()
    expect(await pushed(second, over)).toEqual(['ACCEPTED'])
    const { id } = madePatient(made)
    expect(await docOf<Patient>('patients', id)).toMatchObject({ note: 'over it', address: 'old' })
    expect(await comesBack(first, made, lost)).toEqual(['ACCEPTED', 'ACCEPTED'])
    const stands = await docOf<Patient>('patients', id)
    expect(stands).toMatchObject({ note: 'over it', address: 'lost too' })
    // The price of not waiting: what was replaced knowingly is listed as if it had lost.
    expect(stands.superseded.map(({ field, value }) => [field, value])).toEqual([['note', 'lost']])
  })

  test('whoever was deactivated since is judged by when they made it, not by a number of the feed before', async () => {
    const arrival = checkIn(first, 'reception', { number: 1 })
    await first.push(arrival)
    seen += 20
    const named = asSeen(
      setField(second, 'reception2', madeVisit(arrival), {
        name: 'setPriority',
        field: 'priority',
        value: 'URGENT',
      }),
    )
    await restore()
    await clinic.within((tx) =>
      changeStaff(tx, {
        userId: clinic.people.reception2,
        change: { active: false },
        by: clinic.people.admin,
        now: clinic.clock.now,
      }),
    )
    expect(await pushed(second, named)).toEqual(['ACCEPTED'])
  })
})

describe('work of one of whom nobody knows whether they had signed in at that desk', () => {
  let office: Desk
  let arrival: Command
  let begun: Command

  beforeEach(async () => {
    office = await clinic.openDesk('admin')
    arrival = checkIn(first, 'reception2', { number: 1 })
    begun = step(first, 'doctor', madeVisit(arrival), ['startVisit', 'WITH_DOCTOR'])
  })

  const change = (person: 'reception2' | 'accountant', changes: StaffChange) =>
    clinic.within((tx) =>
      changeStaff(tx, {
        userId: clinic.people[person],
        change: changes,
        by: clinic.people.admin,
        now: clinic.clock.now,
      }),
    )

  const decide = (command: Command, accept: boolean): Promise<string[]> =>
    pushed(
      office,
      office.make('decideQuarantined', 'admin', () => [], {
        decision: { commandId: command.commandId, accept },
      }),
    )

  test('waits for them, and for an ADMIN once they may sign in no more, who is told why', async () => {
    await restore()
    const waits = ['HELD NOT_SIGNED_IN_HERE', 'HELD PARENT_HELD']
    expect(await pushed(first, arrival, begun)).toEqual(waits)
    await change('reception2', { active: false })
    expect(await pushed(first, arrival, begun)).toEqual(['HELD QUARANTINED', 'HELD PARENT_HELD'])
    const asked = await docOf<{ body: unknown }>('clinic', `quarantined:${arrival.commandId}`)
    expect(Quarantined.parse(asked.body)).toMatchObject({
      by: clinic.people.reception2,
      touches: expect.arrayContaining([
        { collection: SESSION_UNKNOWN, id: clinic.people.reception2 },
      ]) as unknown,
    })
    expect(await decide(arrival, true)).toEqual(['ACCEPTED'])
    expect(await pushed(first, arrival, begun)).toEqual(['ACCEPTED', 'ACCEPTED'])
    const { rows } = await clinic.within((tx) =>
      tx.query<{ author: string; admitted: string }>(
        `SELECT author_id AS author, admitted_by AS admitted FROM audit_entries
         WHERE clinic_id = $1 AND command_id = $2`,
        [clinic.clinicId, arrival.commandId],
      ),
    )
    expect(rows).toEqual([{ author: clinic.people.reception2, admitted: clinic.people.admin }])
  })

  test('an ADMIN may refuse it, and it is theirs no more once the author has signed in after all', async () => {
    await restore()
    await change('reception2', { active: false })
    const other = register(first, 'reception2')
    await pushed(first, arrival, other)
    expect(await decide(arrival, false)).toEqual(['ACCEPTED'])
    expect(await pushed(first, arrival)).toEqual(['REJECTED MEMBER_INACTIVE'])
    await change('reception2', { active: true })
    await clinic.within((tx) => startSession(tx, first.stationId, clinic.people.reception2))
    expect(await pushed(first, other)).toEqual(['ACCEPTED'])
    expect(await decide(other, false)).toEqual(['REJECTED IMMUTABLE'])
  })

  test('it stays theirs where nothing was restored, and at a desk that joined since', async () => {
    await change('reception2', { active: false })
    expect(await pushed(first, arrival)).toEqual(['HELD NOT_SIGNED_IN_HERE'])
    await restore()
    const fresh = await clinic.openDesk('reception')
    expect(await pushed(fresh, register(fresh, 'reception2'))).toEqual(['HELD NOT_SIGNED_IN_HERE'])
  })

  test('what is unlawful without that too is asked of nobody, and nobody decides for an ADMIN', async () => {
    await change('accountant', { roles: ['ADMIN'] })
    await restore()
    await change('accountant', { active: false })
    await change('reception2', { active: false })
    await pushed(first, arrival)
    const decision = { commandId: arrival.commandId, accept: true }
    const bold = first.make('decideQuarantined', 'accountant', () => [], { decision })
    const notes = step(first, 'reception2', madeVisit(arrival), ['finishVisit', 'DONE'])
    expect(await pushed(first, bold)).toEqual(['HELD NOT_SIGNED_IN_HERE'])
    await decide(arrival, true)
    await comesBack(first)
    expect(await pushed(first, notes)).toEqual(['REJECTED UNLAWFUL_STEP'])
  })
})

function invoiceOf(visit: Visit): Command {
  const amount = { minor: 30_000, currency: 'EGP' } as const
  return second.make('issueInvoice', 'reception', (created) => {
    const next: Invoice = {
      id: newId(clinic.clock.now),
      clinicId: clinic.clinicId,
      visitId: visit.id,
      patientId: visit.patientId,
      doctorId: visit.doctorId,
      queueDay: visit.queueDay,
      number: { letter: second.letter, number: 1 },
      lines: [{ text: 'Examination', quantity: 1, amount }],
      total: amount,
      created,
    }
    return [{ collection: 'invoices', id: next.id, base: null, next }]
  })
}

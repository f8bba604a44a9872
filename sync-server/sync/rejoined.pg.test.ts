import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Command } from '#shared/commands.ts'
import type { CommandResult } from '#shared/protocol.ts'
import { startSession } from '../identity/station-session.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { createTestClinic, type Desk, MINUTE, type TestClinic } from './test-clinic.ts'
import { checkIn, madeVisit, pay, step } from './test-commands.ts'

/** What a desk does as a new station, on what it did as the one it was and the server has not heard yet. */

let database: TestDatabase
let clinic: TestClinic
let former: Desk

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  clinic = await createTestClinic(database)
  former = await clinic.openDesk('reception', 'doctor')
  await former.pull()
})

/** Goes on with the same file: as far in the feed, and counting on. */
async function goOn(made: readonly Command[]): Promise<{
  next: Desk
  bring: (...own: Command[]) => Promise<string[]>
}> {
  const next = await clinic.goOnAs(former)
  next.checkpoint = former.checkpoint
  const bring = async (...own: Command[]): Promise<string[]> => {
    const counted = own.map((command, index) =>
      next.sign({ ...command, seq: made.length + index + 1 }),
    )
    return (await next.send([...made.map(former.sign), ...counted])).map(verdictOf)
  }
  return { next, bring }
}

function verdictOf({ verdict, code }: CommandResult): string {
  return code === null ? verdict : `${verdict} ${code}`
}

test('it knows its own earlier steps, whether the server has said them or not', async () => {
  const other = await clinic.openDesk('reception')
  const arrival = checkIn(former, 'reception', { number: 1 })
  const visit = madeVisit(arrival)
  const { next, bring } = await goOn([arrival])
  clinic.clock.now += MINUTE
  // A payment does not say what stands: it is judged by what this desk had seen and done.
  expect(await bring(pay(next, 'reception', visit, 10_000))).toEqual(['ACCEPTED', 'ACCEPTED'])
  clinic.clock.now += MINUTE
  // Nobody else had seen the visit by then.
  const stranger = await other.push(pay(other, 'reception', visit, 10_000))
  expect(stranger.map(verdictOf)).toEqual(['REJECTED NOT_FOUND'])
})

test('what stands on earlier work that is held is held with it', async () => {
  const arrival = checkIn(former, 'reception2', { number: 1 })
  const visit = madeVisit(arrival)
  const { next, bring } = await goOn([arrival])
  clinic.clock.now += MINUTE
  const payment = pay(next, 'reception', visit, 10_000)
  expect(await bring(payment)).toEqual(['HELD NOT_SIGNED_IN_HERE', 'HELD PARENT_HELD'])
  await clinic.within((tx) => startSession(tx, next.stationId, clinic.people.reception2))
  expect(await bring(payment)).toEqual(['ACCEPTED', 'ACCEPTED'])
})

test('it is judged by what it had seen, not by what stood when it went on', async () => {
  const arrival = checkIn(former, 'reception', { number: 1 })
  await former.push(arrival)
  await former.pull()
  const visit = madeVisit(arrival)
  const office = await clinic.openDesk('reception')
  await office.pull()
  clinic.clock.now += MINUTE
  // The desk, offline meanwhile, does not know that the visit was cancelled elsewhere.
  await office.push(step(office, 'reception', visit, ['cancel', 'CANCELED']))
  const { next, bring } = await goOn([])
  clinic.clock.now += MINUTE
  expect(await bring(step(next, 'doctor', visit, ['startVisit', 'WITH_DOCTOR']))).toEqual([
    'ACCEPTED',
  ])
})

test('its seal says nothing of what another key had to sign', async () => {
  const arrival = checkIn(former, 'reception', { number: 1 })
  const { next } = await goOn([arrival])
  const forged = next.sign(arrival)
  const own = checkIn(next, 'reception', { number: 2 })
  const mixed = [forged, next.sign({ ...own, seq: 2 })]
  expect((await next.send(mixed, true)).map(verdictOf)).toEqual([
    'REJECTED BAD_SIGNATURE',
    'ACCEPTED',
  ])
})

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { StationEntry } from '#shared/clinic.ts'
import type { CommandResult } from '#shared/protocol.ts'
import { stampTime } from '#shared/stamp.ts'
import { Visit } from '#shared/visit.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { createTestClinic, DAY, type Desk, MINUTE, type TestClinic, TODAY } from './test-clinic.ts'
import { checkIn, madeEntry, madeVisit, pay, step } from './test-commands.ts'

let database: TestDatabase
let clinic: TestClinic
let desk: Desk
let other: Desk

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  clinic = await createTestClinic(database)
  desk = await clinic.openDesk('reception', 'doctor')
  other = await clinic.openDesk('reception2')
})

function visitIn(result: CommandResult | undefined): Visit {
  const found = result?.documents.find(({ collection }) => collection === 'visits')
  return Visit.parse(found?.doc)
}

async function stationLetter(): Promise<string> {
  await other.pull()
  const doc = other.documents.get(`clinic:station:${desk.stationId}`)
  return StationEntry.parse((doc as { body: unknown }).body).letter
}

describe('a ticket found taken', () => {
  test('gets another letter with its number; the station takes that letter, and none is lost', async () => {
    const first = checkIn(desk, 'reception', { number: 7 })
    const again = checkIn(desk, 'reception', { number: 7 })
    const third = checkIn(desk, 'reception', { number: 7 })
    const results = await desk.push(first, again, third)
    expect(results.map(({ verdict }) => verdict)).toEqual(['ACCEPTED', 'ACCEPTED', 'ACCEPTED'])
    expect(results.map((result) => visitIn(result).ticket)).toEqual([
      { letter: 'A', number: 7 },
      { letter: 'C', number: 7 },
      { letter: 'D', number: 7 },
    ])
    expect(results[1]?.details).toEqual({ taken: 'A-7', ticket: 'C-7' })
    expect(await stationLetter()).toBe('D')
    const { rows } = await clinic.within((tx) =>
      tx.query<{ letter: string }>(
        'SELECT letter FROM stations WHERE clinic_id = $1 AND station_id = $2',
        [clinic.clinicId, desk.stationId],
      ),
    )
    expect(rows).toEqual([{ letter: 'D' }])
    const next = await clinic.openDesk('reception')
    expect(next.letter).toBe('E')
  })

  test('by another station that uses the same letter (a copied profile)', async () => {
    await desk.push(checkIn(desk, 'reception', { number: 1 }))
    const copy = checkIn(other, 'reception2', {
      number: 1,
      visit: { ticket: { letter: desk.letter, number: 1 } },
    })
    const [result] = await other.push(copy)
    expect(visitIn(result).ticket).toEqual({ letter: other.letter, number: 1 })
    expect(await other.push(copy)).toEqual([result])
    // Its next step is taken by the visit, whatever ticket its base names.
    const canceled = step(other, 'reception2', madeVisit(copy), ['cancel', 'CANCELED'])
    const [after] = await other.push(canceled)
    expect(visitIn(after)).toMatchObject({
      status: 'CANCELED',
      ticket: { letter: other.letter, number: 1 },
    })
  })

  test('the same number of another day is free', async () => {
    await desk.push(checkIn(desk, 'reception', { number: 1 }))
    clinic.clock.now += DAY
    const visit = { queueDay: '2026-11-23' }
    const [result] = await desk.push(checkIn(desk, 'reception', { number: 1, visit }))
    expect(visitIn(result).ticket.letter).toBe(desk.letter)
  })

  test('two stations and a storm of the same numbers: no ticket twice', async () => {
    const storm = [desk, other].flatMap((each, person) =>
      Array.from({ length: 8 }, (_, index) =>
        each.push(
          checkIn(each, person === 0 ? 'reception' : 'reception2', {
            number: (index % 4) + 1,
            visit: { ticket: { letter: 'A', number: (index % 4) + 1 } },
          }),
        ),
      ),
    )
    const results = (await Promise.all(storm)).flat()
    expect(results.filter(({ verdict }) => verdict !== 'ACCEPTED')).toEqual([])
    const tickets = results.map((result) => {
      const { letter, number } = visitIn(result).ticket
      return `${letter}-${number}`
    })
    expect(new Set(tickets).size).toBe(16)
  })
})

describe('a clock that runs ahead', () => {
  test('is clamped in order, and the station is told', async () => {
    desk.skew = 30 * MINUTE
    const arrival = checkIn(desk, 'reception', { number: 1 })
    const begun = step(desk, 'doctor', madeVisit(arrival), ['startVisit', 'WITH_DOCTOR'])
    const [first, second] = await desk.push(arrival, begun)
    expect(first).toMatchObject({ verdict: 'ACCEPTED', details: { clockAheadMs: 30 * MINUTE } })
    expect(second?.verdict).toBe('ACCEPTED')
    const { transitions, created, orderKey } = visitIn(second)
    expect(stampTime(created.at)).toBe(clinic.clock.now + 5 * MINUTE)
    expect(orderKey).toBe(created.at)
    expect(transitions.map(({ status }) => status)).toEqual(['WAITING', 'WITH_DOCTOR'])
    expect((transitions[0]?.at ?? '') < (transitions[1]?.at ?? '')).toBe(true)
  })

  test('later commands name the clamped stamps by their originals', async () => {
    desk.skew = 30 * MINUTE
    const arrival = checkIn(desk, 'reception', { number: 1 })
    const [first] = await desk.push(arrival)
    clinic.clock.now += MINUTE
    const begun = step(desk, 'doctor', madeVisit(arrival), ['startVisit', 'WITH_DOCTOR'])
    const [second] = await desk.push(begun)
    expect(second?.verdict).toBe('ACCEPTED')
    expect(visitIn(second).transitions[0]).toEqual(visitIn(first).transitions[0])
    // Long after, with a clock put right, on a base that is still the station's own.
    clinic.clock.now += 60 * MINUTE
    desk.skew = 0
    const finished = step(desk, 'doctor', madeVisit(begun), ['finishVisit', 'DONE'])
    const [third] = await desk.push(finished)
    expect(third).toMatchObject({ verdict: 'ACCEPTED', details: {} })
    expect(visitIn(third).status).toBe('DONE')
    expect(await desk.push(arrival)).toEqual([first])
  })

  test('by a year: the visit and what was paid belong to today', async () => {
    desk.skew = 365 * DAY
    const arrival = checkIn(desk, 'reception', { number: 1, visit: { queueDay: '2027-11-22' } })
    const payment = pay(desk, 'reception', madeVisit(arrival), 30_000)
    const results = await desk.push(arrival, payment)
    expect(results.map(({ verdict }) => verdict)).toEqual(['ACCEPTED', 'ACCEPTED'])
    expect(visitIn(results[0]).queueDay).toBe(TODAY)
    expect(results[1]?.documents[0]?.doc).toMatchObject({ queueDay: TODAY })
    const later = pay(desk, 'reception', madeVisit(arrival), 1_000)
    const [paid] = await desk.push(later)
    expect(paid?.documents[0]).toMatchObject({ id: madeEntry(later).id, doc: { queueDay: TODAY } })
  })

  test('up to five minutes nothing is changed', async () => {
    desk.skew = 5 * MINUTE
    const arrival = checkIn(desk, 'reception', { number: 1 })
    const [result] = await desk.push(arrival)
    expect(result?.details).toEqual({})
    expect(visitIn(result)).toEqual(madeVisit(arrival))
  })
})

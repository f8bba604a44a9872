import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { StationEntry } from '#shared/clinic.ts'
import type { CommandResult } from '#shared/protocol.ts'
import { keyBetween } from '#shared/queue-order.ts'
import { nodeOfStation, stampTime } from '#shared/stamp.ts'
import { Visit } from '#shared/visit.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { createTestClinic, DAY, type Desk, MINUTE, type TestClinic, TODAY } from './test-clinic.ts'
import { checkIn, madeEntry, madeVisit, pay, setField, step } from './test-commands.ts'

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
    const [again] = await desk.push(arrival)
    expect(again).toMatchObject({ verdict: 'ACCEPTED', details: first?.details })
    expect(visitIn(again)).toEqual(visitIn(third))
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

  test('is found however it is written', async () => {
    const command = checkIn(desk, 'reception', { number: 1 })
    const far = `9999999999999-ffff-${command.at.slice(19)}`
    const text = JSON.stringify(command).replaceAll(command.at, far)
    const [result] = await desk.send([desk.signText(text.replaceAll('"9999', '"\\u0039999'))])
    expect(result?.verdict).toBe('ACCEPTED')
    expect(stampTime(visitIn(result).created.at)).toBe(clinic.clock.now + 5 * MINUTE)
    expect(visitIn(result).orderKey).toBe(visitIn(result).created.at)
  })

  test("under another station's name is refused", async () => {
    const command = checkIn(desk, 'reception', { number: 1 })
    const node = command.at.slice(19)
    const text = JSON.stringify(command).replaceAll(
      `-${node}"`,
      `-${nodeOfStation(other.stationId)}"`,
    )
    const [result] = await desk.send([desk.signText(text)])
    expect(result).toMatchObject({ verdict: 'REJECTED', code: 'NOT_THE_COMMAND' })
    expect(result?.documents).toHaveLength(2)
  })

  test("what was made in sight of another's clamped stamp stays behind it", async () => {
    desk.skew = 30 * MINUTE
    const [arrived] = await desk.push(checkIn(desk, 'reception', { number: 1 }))
    const visit = visitIn(arrived)
    await other.pull()
    // The server's clock is set back, or another server answers.
    clinic.clock.now -= 2_000
    other.skew = 5 * MINUTE + 2_001
    const canceled = step(other, 'reception2', visit, ['cancel', 'CANCELED'])
    expect(visit.created.at < canceled.at).toBe(true)
    const [result] = await other.push(canceled)
    expect(result?.details).toMatchObject({ clockAheadMs: 5 * MINUTE + 2_001 })
    const { status, transitions } = visitIn(result)
    expect(status).toBe('CANCELED')
    expect(transitions[0]).toEqual(visit.transitions[0])
    expect((transitions[0]?.at ?? '') < (transitions[1]?.at ?? '')).toBe(true)
  })

  test.each([
    ['together', true],
    ['one by one', false],
  ])('keeps the place of one put between two others, pushed %s', async (_, together) => {
    desk.skew = 60 * MINUTE
    const arrivals = [1, 2, 3, 4].map((number) => {
      clinic.clock.now += MINUTE
      return checkIn(desk, 'reception', { number })
    })
    const keys = arrivals.map((each) => madeVisit(each).orderKey)
    const first = madeVisit(arrivals[0] ?? checkIn(desk, 'reception', { number: 5 }))
    const put = (base: Visit, low: string | undefined, high: string | undefined) =>
      setField(desk, 'reception', base, {
        name: 'skip',
        field: 'orderKey',
        value: keyBetween(low ?? null, high ?? null),
      })
    const skip = put(first, keys[2], keys[3])
    const again = put(madeVisit(skip), madeVisit(skip).orderKey, keys[3])
    const commands = [...arrivals, skip, again]
    const results = together
      ? await desk.push(...commands)
      : await commands.reduce<Promise<CommandResult[]>>(
          async (before, each) => [...(await before), ...(await desk.push(each))],
          Promise.resolve([]),
        )
    expect(results.map(({ verdict }) => verdict)).toEqual(commands.map(() => 'ACCEPTED'))
    const placed = results.map((each) => visitIn(each).orderKey)
    const [, , third, fourth, once, twice] = placed
    expect(placed.slice(2).toSorted()).toEqual([third, once, twice, fourth])
    const late = checkIn(other, 'reception2', { number: 1 })
    clinic.clock.now += 10 * MINUTE
    const later = checkIn(other, 'reception2', { number: 2 })
    const [, behind] = await other.push(late, later)
    expect((twice ?? '') < visitIn(behind).orderKey).toBe(true)
  })

  test('up to five minutes nothing is changed', async () => {
    desk.skew = 5 * MINUTE
    const arrival = checkIn(desk, 'reception', { number: 1 })
    const [result] = await desk.push(arrival)
    expect(result?.details).toEqual({})
    expect(visitIn(result)).toEqual(madeVisit(arrival))
  })
})

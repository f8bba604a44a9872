import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Appointment } from '#shared/appointment.ts'
import { StationEntry } from '#shared/clinic.ts'
import { numberKey } from '#shared/collection-rules.ts'
import type { Command } from '#shared/commands.ts'
import { Entry } from '#shared/entry.ts'
import { Invoice } from '#shared/invoice.ts'
import type { CommandResult } from '#shared/protocol.ts'
import type { Visit } from '#shared/visit.ts'
import { auditOfRecord } from '../audit/read-audit.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import {
  createTestClinic,
  type Desk,
  MINUTE,
  newId,
  type TestClinic,
  TODAY,
} from './test-clinic.ts'
import { checkIn, madeVisit, payUnder, step } from './test-commands.ts'
import { numberOf } from './working-set.ts'

/** The numbers of receipts, invoices and bookings. Tickets: `ticket-and-clock.pg.test.ts`. */

let database: TestDatabase
let clinic: TestClinic
let desk: Desk
let other: Desk
/** DONE, and known at both stations: each has an invoice still to come. */
let visits: Visit[]

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

beforeEach(async () => {
  clinic = await createTestClinic(database)
  desk = await clinic.openDesk('reception', 'doctor')
  other = await clinic.openDesk('reception2')
  visits = []
  for (let number = 1; number <= 16; number += 1) {
    const arrived = checkIn(desk, 'reception', { number })
    const begun = step(desk, 'doctor', madeVisit(arrived), ['startVisit', 'WITH_DOCTOR'])
    const done = step(desk, 'doctor', madeVisit(begun), ['finishVisit', 'DONE'])
    await desk.push(arrived, begun, done)
    visits.push(madeVisit(done))
  }
  await desk.pull()
  await other.pull()
})

interface Given {
  number: number
  letter?: string
}

function nextVisit(): Visit {
  const visit = visits.pop()
  if (visit === undefined) throw new Error('no visit is left')
  return visit
}

const personAt = (at: Desk) => (at === desk ? 'reception' : 'reception2')

function receipt(at: Desk, { number, letter = at.letter }: Given): Command {
  return payUnder(at, personAt(at), nextVisit(), { minor: 30_000, receipt: { letter, number } })
}

function invoice(at: Desk, { number, letter = at.letter }: Given): Command {
  const { id: visitId, patientId, doctorId } = nextVisit()
  return at.make('issueInvoice', personAt(at), (author) => {
    const total = { minor: 30_000, currency: 'EGP' as const }
    const next: Invoice = {
      id: newId(),
      clinicId: at.clinicId,
      visitId,
      patientId,
      doctorId,
      queueDay: TODAY,
      number: { letter, number },
      lines: [{ text: 'كشف', quantity: 1, amount: total }],
      total,
      created: author,
    }
    return [{ collection: 'invoices', id: next.id, base: null, next }]
  })
}

const WEDNESDAY = '2026-11-25'
const THURSDAY = '2026-11-26'
/** Whose bookings they all are: numbers are of one doctor's day. */
const DOCTOR = newId<Visit['doctorId']>()

function booking(at: Desk, { number, letter = at.letter }: Given): Command {
  const { patientId } = nextVisit()
  return at.make('bookAppointment', personAt(at), (author) => {
    const next: Appointment = {
      id: newId(),
      clinicId: at.clinicId,
      patientId,
      doctorId: DOCTOR,
      day: WEDNESDAY,
      time: null,
      number: { letter, number },
      type: 'EXAMINATION',
      note: null,
      status: 'BOOKED',
      steps: [{ id: newId(), ...author, status: 'BOOKED', visitId: null, reason: null }],
      created: author,
      marks: {},
      superseded: [],
      settled: [],
    }
    return [{ collection: 'appointments', id: next.id, base: null, next }]
  })
}

function move(at: Desk, base: Appointment, to: Partial<Appointment>): Command {
  return at.make('moveAppointment', personAt(at), ({ at: stamp, by }) => {
    const mark = { at: stamp, by }
    const marks = { ...base.marks, doctorId: mark, day: mark, time: mark, number: mark }
    return [{ collection: 'appointments', id: base.id, base, next: { ...base, ...to, marks } }]
  })
}

function bookingIn(result: CommandResult | undefined): Appointment {
  return Appointment.parse(
    result?.documents.find(({ collection }) => collection === 'appointments')?.doc,
  )
}

/** The number that an answer's document has, as it is printed. */
function numberIn(result: CommandResult | undefined): string | null {
  for (const { collection, doc } of result?.documents ?? []) {
    const read =
      collection === 'invoices'
        ? Invoice.parse(doc).number
        : collection === 'appointments'
          ? Appointment.parse(doc).number
          : collection === 'entries'
            ? receiptOf(Entry.parse(doc))
            : null
    if (read !== null) return `${read.letter}-${read.number}`
  }
  return null
}

function receiptOf({ body }: Entry): Given & { letter: string } {
  if (body.kind !== 'PAYMENT') throw new Error('no payment')
  return body.receipt
}

async function letterOf(station: Desk): Promise<string> {
  await other.pull()
  const doc = other.documents.get(`clinic:station:${station.stationId}`)
  return StationEntry.parse((doc as { body: unknown }).body).letter
}

const KINDS = [
  ['receipt', receipt],
  ['invoice', invoice],
  ['booking', booking],
] as const

describe.each(KINDS)('the number of one %s found taken', (kind, make) => {
  test('is given anew under another letter, which the station takes; nothing is refused', async () => {
    const results = await desk.push(...[7, 7, 7].map((number) => make(desk, { number })))
    expect(results.map(({ verdict }) => verdict)).toEqual(['ACCEPTED', 'ACCEPTED', 'ACCEPTED'])
    expect(results.map(numberIn)).toEqual(['A-7', 'C-7', 'D-7'])
    expect(results.map(({ details }) => details)).toEqual([
      {},
      { [`${kind}Taken`]: 'A-7', [kind]: 'C-7' },
      { [`${kind}Taken`]: 'A-7', [kind]: 'D-7' },
    ])
    expect(await letterOf(desk)).toBe('D')
    expect((await clinic.openDesk('reception')).letter).toBe('E')
  })

  test('by a push of before, and by another station; a repeated one is answered as then', async () => {
    await desk.push(make(desk, { number: 1 }))
    const again = make(desk, { number: 1 })
    const [own] = await desk.push(again)
    expect(numberIn(own)).toBe('C-1')
    const copied = make(other, { number: 1, letter: desk.letter })
    const [foreign] = await other.push(copied)
    expect(numberIn(foreign)).toBe(`${other.letter}-1`)
    expect(await other.push(copied)).toEqual([foreign])
    const [replayed] = await desk.push(again)
    expect([replayed?.verdict, numberIn(replayed)]).toEqual(['ACCEPTED', 'C-1'])
  })

  test('stays where an ADMIN can read it: with the record, in the audit', async () => {
    await desk.push(make(desk, { number: 3 }))
    const command = make(desk, { number: 3 })
    await desk.push(command)
    const [write] = command.writes
    if (write === undefined) throw new Error('nothing was written')
    const [entry] = await clinic.within((tx) =>
      auditOfRecord(tx, { collection: write.collection, id: write.id }, { limit: 1, before: null }),
    )
    const made =
      kind === 'receipt' ? { body: { receipt: { letter: 'A' } } } : { number: { letter: 'A' } }
    const stands =
      kind === 'receipt' ? { body: { receipt: { letter: 'C' } } } : { number: { letter: 'C' } }
    expect(entry?.content).toMatchObject({ before: null, after: stands, asMade: made })
    expect(entry?.entry.touches).toContain(`clinic:station:${desk.stationId}`)
  })

  test('a storm of the same numbers from two stations: none stands twice', async () => {
    const storm = [desk, other].flatMap((at) =>
      Array.from({ length: 8 }, (_, index) =>
        at.push(make(at, { number: (index % 4) + 1, letter: 'A' })),
      ),
    )
    const results = (await Promise.all(storm)).flat()
    expect(results.filter(({ verdict }) => verdict !== 'ACCEPTED')).toEqual([])
    expect(new Set(results.map(numberIn)).size).toBe(16)
  })

  test('the database refuses it too, under the same name as the rules', async () => {
    const command = make(desk, { number: 9 })
    const [result] = await desk.push(command)
    const [write] = command.writes
    const doc = result?.documents[0]?.doc
    // Cast: by its own collection's schema
    const written = { collection: write?.collection, doc } as Parameters<typeof numberOf>[0]
    const given = numberOf(written)
    const { rows } = await clinic.within((tx) =>
      tx.query<{ number: string }>(
        'SELECT number FROM documents WHERE clinic_id = $1 AND id = $2',
        [clinic.clinicId, write?.id],
      ),
    )
    expect(rows).toEqual([{ number: given === null ? null : numberKey(given) }])
    const insert = clinic.within((tx) =>
      tx.query(
        `INSERT INTO documents (clinic_id, collection, id, seq, doc, meta)
         SELECT clinic_id, collection, 'another', seq + 1000, doc || '{"id": "another"}', meta
         FROM documents WHERE clinic_id = $1 AND id = $2`,
        [clinic.clinicId, write?.id],
      ),
    )
    await expect(insert).rejects.toMatchObject({ code: '23505' })
    const hide = clinic.within((tx) =>
      tx.query('UPDATE documents SET twice = number WHERE clinic_id = $1 AND id = $2', [
        clinic.clinicId,
        write?.id,
      ]),
    )
    await expect(hide).rejects.toMatchObject({ code: '42501' })
  })
})

describe('a booking that is moved', () => {
  test('to a number that is taken there gets another', async () => {
    const first = booking(desk, { number: 1 })
    const second = booking(desk, { number: 2 })
    const [, before] = await desk.push(first, second)
    clinic.clock.now += MINUTE
    const moved = move(desk, bookingIn(before), { number: { letter: 'A', number: 1 } })
    const [after] = await desk.push(moved)
    expect(bookingIn(after)).toMatchObject({ day: WEDNESDAY, number: { letter: 'C', number: 1 } })
  })

  test('keeps the number it was given anew when its station, which does not know of it, changes the time', async () => {
    await desk.push(booking(desk, { number: 1 }))
    const command = booking(desk, { number: 1 })
    const [write] = command.writes
    await desk.push(command)
    clinic.clock.now += MINUTE
    const moved = move(desk, Appointment.parse(write?.next), { time: '18:00' })
    const [after] = await desk.push(moved)
    expect(bookingIn(after)).toMatchObject({ time: '18:00', number: { letter: 'C', number: 1 } })
    const away = move(desk, bookingIn(after), { day: THURSDAY, number: { letter: 'C', number: 1 } })
    clinic.clock.now += MINUTE
    const [elsewhere] = await desk.push(away)
    expect(bookingIn(elsewhere)).toMatchObject({
      day: THURSDAY,
      number: { letter: 'C', number: 1 },
    })
    expect(elsewhere?.details).toEqual({})
  })
})

test('a check-in with a payment is told of both of its numbers', async () => {
  const paid = (): Command => {
    const arrival = checkIn(desk, 'reception', { number: 40 })
    const visit = madeVisit(arrival)
    const payment = payUnder(desk, 'reception', visit, {
      minor: 30_000,
      receipt: { letter: 'A', number: 5 },
    })
    const [entry] = payment.writes
    if (entry === undefined) throw new Error('nothing was paid')
    const next = { ...entry.next, at: arrival.at }
    return { ...arrival, writes: [...arrival.writes, { ...entry, next } as typeof entry] }
  }
  const [first] = await desk.push(paid())
  expect(first).toMatchObject({ verdict: 'ACCEPTED', details: {} })
  const [again] = await desk.push(paid())
  expect(again).toMatchObject({
    verdict: 'ACCEPTED',
    details: { taken: 'A-40', ticket: 'C-40', receiptTaken: 'A-5', receipt: 'C-5' },
  })
})

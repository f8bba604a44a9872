import { expect, test } from 'vitest'
import type { Command } from '#shared/commands.ts'
import { Entry } from '#shared/entry.ts'
import type { ErrorDetails } from '#shared/errors.ts'
import { AppointmentId } from '#shared/ids.ts'
import { patientOf, START } from '#shared/test-values.ts'
import { applyResults } from '../replica/push-answers.ts'
import { beginReseed } from '../replica/reseed.ts'
import { CLINIC, DOCTOR, feed, OTHER_STATION, STATION, staffDoc } from '../replica/test-replica.ts'
import { InboxView, type InboxItem } from '../contract/inbox-view.ts'
import {
  checkIn,
  NURSE,
  openTestStation,
  OTHER_DESK,
  passMinutes,
  stationDoc,
  type TestStation,
} from './test-station.ts'

async function itemsOf(station: TestStation): Promise<InboxItem[]> {
  return InboxView.parse(await station.views.inbox({}).compute()).items
}

function lastCommand({ replica }: TestStation): Command {
  return replica.outbox().at(-1)?.command ?? expect.fail('nothing in the outbox')
}

type Payment = Entry & { body: { kind: 'PAYMENT' } }

function isPayment(doc: object): doc is Payment {
  return Entry.safeParse(doc).data?.body.kind === 'PAYMENT'
}

function underLetter(entry: Payment, letter: string): Payment {
  return { ...entry, body: { ...entry.body, receipt: { ...entry.body.receipt, letter } } }
}

/** As the server answers when a number was somebody else's: with the documents as they stand now. */
function accept(station: TestStation, command: Command, details: ErrorDetails, letter = 'C'): void {
  const { commandId, writes } = command
  const documents = writes.map(({ collection, next }, index) => {
    const doc = 'ticket' in next ? { ...next, ticket: { ...next.ticket, letter } } : next
    return feed(collection, isPayment(doc) ? underLetter(doc, letter) : doc, 100 + index)
  })
  applyResults(station.core, [{ commandId, verdict: 'ACCEPTED', code: null, details, documents }])
}

const PAID = { amount: { minor: 30_000, currency: 'EGP' as const }, method: 'CASH' as const }
const BOTH = { taken: 'A-1', ticket: 'C-1', receiptTaken: 'A-1', receipt: 'C-1' }

async function twoDesks(): Promise<TestStation> {
  const station = await openTestStation()
  station.receive(stationDoc(STATION, 'A'), stationDoc(OTHER_STATION, 'B'))
  return station
}

test('the desk that gave a number is told who holds it and what they have now, until somebody saw to it', async () => {
  const station = await twoDesks()
  const { visitId, patientId } = await checkIn(station, { name: 'منى علي', payment: PAID })
  const command = lastCommand(station)
  accept(station, command, BOTH)
  const items = await itemsOf(station)
  expect(items).toEqual([
    {
      kind: 'GIVEN_ANEW',
      itemId: `GIVEN_ANEW/${command.commandId}`,
      commandId: command.commandId,
      at: '2026-11-22T07:01:00.000Z',
      byName: 'منى',
      patientId,
      patientName: 'منى علي',
      visitId,
      numbers: [
        { kind: 'TICKET', taken: 'A-1', given: 'C-1' },
        { kind: 'RECEIPT', taken: 'A-1', given: 'C-1' },
      ],
    },
  ])
  expect(station.act.slipOf({ visitId })).toMatchObject({ ticket: 'C-1' })

  const settle = { itemId: items[0]?.itemId ?? '', choice: 'DISMISS' as const }
  station.sit(NURSE)
  expect(await itemsOf(station)).toEqual([])
  await expect(async () => station.act.settle(settle)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  station.sit(OTHER_DESK)
  await expect(async () =>
    station.act.settle({ ...settle, choice: 'RESTORE' }),
  ).rejects.toMatchObject({ code: 'INVALID' })
  await station.act.settle(settle)
  expect(await itemsOf(station)).toEqual([])
  await expect(async () => station.act.settle(settle)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('the same answer once more tells nothing new, another number does', async () => {
  const station = await twoDesks()
  await checkIn(station)
  const command = lastCommand(station)
  accept(station, command, { taken: 'A-1', ticket: 'C-1' })
  const [item] = await itemsOf(station)
  await station.act.settle({ itemId: item?.itemId ?? '', choice: 'DISMISS' })
  // A server that was set back is sent all once more.
  beginReseed(station.core)
  accept(station, command, { taken: 'A-1', ticket: 'C-1' })
  expect(await itemsOf(station)).toEqual([])
  beginReseed(station.core)
  accept(station, command, { taken: 'A-1', ticket: 'D-1' }, 'D')
  expect(await itemsOf(station)).toMatchObject([{ numbers: [{ taken: 'A-1', given: 'D-1' }] }])
})

test('after a restore that gave the first number back, whoever was told of another is told so', async () => {
  const station = await twoDesks()
  await checkIn(station)
  const first = lastCommand(station)
  accept(station, first, { taken: 'A-1', ticket: 'C-1' })
  const [item] = await itemsOf(station)
  await station.act.settle({ itemId: item?.itemId ?? '', choice: 'DISMISS' })
  await checkIn(station)
  const second = lastCommand(station)
  accept(station, second, { taken: 'A-2', ticket: 'C-2' })
  expect(await itemsOf(station)).toHaveLength(1)
  beginReseed(station.core)
  accept(station, first, {}, 'A')
  accept(station, second, {}, 'A')
  // Of the second nobody had been told anything.
  expect(await itemsOf(station)).toMatchObject([{ numbers: [{ taken: 'C-1', given: 'A-1' }] }])
  accept(station, first, {}, 'A')
  expect(await itemsOf(station)).toHaveLength(1)
})

test('it is for those alone who may see whom it is about', async () => {
  const station = await twoDesks()
  await checkIn(station, { payment: PAID })
  const command = lastCommand(station)
  accept(station, command, BOTH)
  station.receive(feed('clinic', staffDoc(command.by, ['INVENTORY'])))
  expect(await itemsOf(station)).toEqual([])
})

test('an answer about other numbers, or none, tells the desk nothing', async () => {
  const station = await twoDesks()
  await checkIn(station)
  accept(station, lastCommand(station), {})
  await checkIn(station)
  accept(station, lastCommand(station), { taken: 'A-9', ticket: 'C-9' })
  expect(await itemsOf(station)).toEqual([])
})

test('a ticket says nothing once its holder has left, or its day is over; a receipt does', async () => {
  const station = await twoDesks()
  const first = await checkIn(station)
  accept(station, lastCommand(station), { taken: 'A-1', ticket: 'C-1' })
  await checkIn(station, { payment: PAID })
  accept(station, lastCommand(station), {
    taken: 'A-2',
    ticket: 'C-2',
    receiptTaken: 'A-1',
    receipt: 'C-1',
  })
  expect(await itemsOf(station)).toHaveLength(2)
  await station.act.cancel({ visitId: first.visitId, reason: null })
  expect(await itemsOf(station)).toHaveLength(1)
  passMinutes(station, 24 * 60)
  expect(await itemsOf(station)).toMatchObject([
    { visitId: null, numbers: [{ kind: 'RECEIPT', taken: 'A-1', given: 'C-1' }] },
  ])
})

test('a booking counts until it was moved', async () => {
  const station = await twoDesks()
  const patient = patientOf({ clinicId: CLINIC })
  station.receive(feed('patients', patient))
  const { appointmentId } = await station.act.bookAppointment({
    patientId: patient.id,
    doctorId: DOCTOR,
    day: '2026-11-24',
    time: null,
    visitType: 'EXAMINATION',
    note: null,
  })
  const command = lastCommand(station)
  const [write] = command.writes
  const booked = write?.collection === 'appointments' ? write.next : expect.fail('nothing booked')
  const doc = { ...booked, number: { ...booked.number, letter: 'C' } }
  const details = { bookingTaken: 'A-1', booking: 'C-1' }
  applyResults(station.core, [
    {
      commandId: command.commandId,
      verdict: 'ACCEPTED',
      code: null,
      details,
      documents: [feed('appointments', doc, 100)],
    },
  ])
  expect(await itemsOf(station)).toMatchObject([
    { visitId: null, numbers: [{ kind: 'BOOKING', taken: 'A-1', given: 'C-1' }] },
  ])
  await station.act.moveAppointment({
    appointmentId: AppointmentId.parse(appointmentId),
    doctorId: DOCTOR,
    day: '2026-11-25',
    time: null,
    visitType: 'EXAMINATION',
    note: null,
  })
  expect(await itemsOf(station)).toEqual([])
})

test('a station that is alone shows letters for as long as two people hold one number', async () => {
  const station = await openTestStation()
  station.receive(stationDoc(STATION, 'A'))
  const { slip, visitId } = await checkIn(station)
  expect(slip.ticket).toBe('1')
  accept(station, lastCommand(station), { taken: 'A-1', ticket: 'C-1' })
  station.receive(stationDoc(STATION, 'C'))
  // On paper it had none.
  expect(await itemsOf(station)).toMatchObject([{ numbers: [{ taken: '1', given: 'C-1' }] }])
  expect(station.act.slipOf({ visitId })).toMatchObject({ ticket: 'C-1' })
  expect((await checkIn(station)).slip.ticket).toBe('C-2')
  const [item] = await itemsOf(station)
  await station.act.settle({ itemId: item?.itemId ?? '', choice: 'DISMISS' })
  expect(station.act.slipOf({ visitId })).toMatchObject({ ticket: 'C-1' })
  const again = await checkIn(station)
  accept(station, lastCommand(station), { taken: 'C-3', ticket: 'D-3' }, 'D')
  // Nobody said that they were told: after that day it says nothing all the same.
  expect(station.act.slipOf({ visitId: again.visitId })).toMatchObject({ ticket: 'D-3' })
  station.core.file.store.transaction(() => station.core.file.givenAnew.prune(START + 86_400_000))
  expect(station.act.slipOf({ visitId })).toMatchObject({ ticket: '1' })
})

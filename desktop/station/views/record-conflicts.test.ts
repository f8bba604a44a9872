import { expect, test } from 'vitest'
import type { ClinicalValue } from '#shared/fields.ts'
import type { AppointmentId, StockItemId, UserId, VisitId } from '#shared/ids.ts'
import {
  appointmentOf,
  encounterOf,
  idOf,
  LINE,
  stampAt,
  stockItemOf,
} from '#shared/test-values.ts'
import { InboxView, type InboxItem } from '../contract/inbox-view.ts'
import { ADMIN, CLINIC, DESK, DOCTOR, feed } from '../replica/test-replica.ts'
import {
  checkIn,
  NURSE,
  openTestStation,
  passMinutes,
  SECOND_DOCTOR,
  type TestStation,
} from './test-station.ts'

type Superseded = Extract<InboxItem, { kind: 'SUPERSEDED' }>

async function inboxOf(station: TestStation, person: UserId): Promise<Superseded[]> {
  station.sit(person)
  const { items } = InboxView.parse(await station.views.inbox({}).compute())
  return items.filter((item): item is Superseded => item.kind === 'SUPERSEDED')
}

function lostValue<V>(field: string, value: V, by: UserId = SECOND_DOCTOR) {
  return { id: `${field}:${stampAt(5)}`, field, value, by, at: stampAt(5) }
}

/** A patient with the doctor; what the server says of the encounter comes next. */
async function inCare(station: TestStation): Promise<VisitId> {
  station.sit(DESK)
  const { visitId } = await checkIn(station)
  station.sit(DOCTOR)
  await station.act.startVisit({ visitId, to: 'WITH_DOCTOR' })
  return visitId
}

function receiveNotes(station: TestStation, visitId: VisitId, notes: string, lost: ClinicalValue) {
  const { read } = station.replica
  const visit = read.visit(visitId)
  if (visit === null) throw new RangeError('no visit')
  const encounter = encounterOf({
    id: visitId,
    clinicId: CLINIC,
    patientId: visit.patientId,
    queueDay: visit.queueDay,
    notes,
    marks: { notes: { at: stampAt(9), by: DOCTOR } },
    superseded: [lostValue('notes', lost)],
  })
  station.receive(feed('encounters', encounter))
}

test('two doctors’ notes of one visit are shown to whom may see the record, and to nobody else', async () => {
  const station = await openTestStation()
  const visitId = await inCare(station)
  receiveNotes(station, visitId, 'ألم بطن منذ يومين', 'ألم بطن منذ أسبوع')
  expect(await inboxOf(station, DOCTOR)).toMatchObject([
    {
      collection: 'encounters',
      field: 'notes',
      patientName: 'مريم حسن',
      day: '2026-11-22',
      stands: 'ألم بطن منذ يومين',
      lost: 'ألم بطن منذ أسبوع',
      mayRestore: true,
      mayJoin: true,
    },
  ])
  for (const person of [DESK, NURSE, ADMIN, SECOND_DOCTOR]) {
    expect(await inboxOf(station, person)).toEqual([])
  }
  // Another doctor once they opened it: that is recorded.
  await station.act.openRecord({ visitId })
  expect(await inboxOf(station, SECOND_DOCTOR)).toHaveLength(1)
})

test('a lost text is put back, joined or let be by a doctor; nobody else settles it', async () => {
  const wanted = { KEEP: 'الأول', RESTORE: 'الثاني', JOIN: 'الأول\n\nالثاني' }
  for (const choice of ['KEEP', 'RESTORE', 'JOIN'] as const) {
    const station = await openTestStation()
    const visitId = await inCare(station)
    receiveNotes(station, visitId, 'الأول', 'الثاني')
    const [item] = await inboxOf(station, DOCTOR)
    const settle = { itemId: item?.itemId ?? '', choice }
    for (const person of [DESK, NURSE, ADMIN]) {
      station.sit(person)
      await expect(async () => station.act.settle(settle)).rejects.toMatchObject({
        code: 'FORBIDDEN',
      })
    }
    station.sit(DOCTOR)
    await station.act.settle(settle)
    expect(await inboxOf(station, DOCTOR)).toEqual([])
    const encounter = station.replica.read.find('encounters', visitId)
    expect(encounter?.notes).toBe(wanted[choice])
    // What lost is of the record all the same.
    expect(encounter?.superseded).toMatchObject([{ value: 'الثاني' }])
    await expect(async () => station.act.settle(settle)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  }
})

test('after the cut-over what lost is read and let be: the notes are closed', async () => {
  const station = await openTestStation()
  const visitId = await inCare(station)
  await station.act.finishVisit({ visitId })
  receiveNotes(station, visitId, 'الأول', 'الثاني')
  expect((await inboxOf(station, DOCTOR))[0]).toMatchObject({ mayRestore: true })
  passMinutes(station, 24 * 60)
  const [item] = await inboxOf(station, DOCTOR)
  expect(item).toMatchObject({ mayRestore: false, mayJoin: false })
  const itemId = item?.itemId ?? ''
  await expect(async () => station.act.settle({ itemId, choice: 'RESTORE' })).rejects.toMatchObject(
    { code: 'NOTES_CLOSED' },
  )
  await station.act.settle({ itemId, choice: 'KEEP' })
  expect(await inboxOf(station, DOCTOR)).toEqual([])
})

test('lines of a draft are joined without those that both have', async () => {
  const station = await openTestStation()
  const visitId = await inCare(station)
  const { prescriptionId } = await station.act.draftPrescription({
    visitId,
    prescriptionId: null,
    lines: [LINE],
    note: null,
  })
  const draft = station.replica.read.find('prescriptions', prescriptionId)
  if (draft === null) throw new RangeError('no draft')
  const other = { ...LINE, drug: 'باراسيتامول' }
  const marks = { lines: { at: stampAt(9), by: DOCTOR } }
  const superseded = [lostValue('lines', [LINE, other])]
  const merged: typeof draft = { ...draft, marks, superseded }
  station.receive(feed('prescriptions', merged))
  const [item] = await inboxOf(station, DOCTOR)
  expect(item).toMatchObject({ collection: 'prescriptions', field: 'lines', mayJoin: true })
  await station.act.settle({ itemId: item?.itemId ?? '', choice: 'JOIN' })
  expect(station.replica.read.find('prescriptions', prescriptionId)?.lines).toEqual([LINE, other])
})

test('of the stock and of bookings they are for who keeps them', async () => {
  const station = await openTestStation()
  const { patientId } = await checkIn(station)
  const item = stockItemOf({
    id: idOf<StockItemId>(850),
    clinicId: CLINIC,
    marks: { unit: { at: stampAt(9), by: ADMIN } },
    superseded: [lostValue('unit', 'شريط', ADMIN)],
  })
  const booking = appointmentOf({
    id: idOf<AppointmentId>(820),
    clinicId: CLINIC,
    patientId,
    doctorId: DOCTOR,
    day: '2026-11-25',
    marks: { note: { at: stampAt(9), by: DESK }, day: { at: stampAt(9), by: DESK } },
    superseded: [lostValue('day', '2026-11-24', DESK), lostValue('note', 'صائم', DESK)],
  })
  station.receive(feed('inventory', item), feed('appointments', booking))
  const office = await inboxOf(station, ADMIN)
  const stock = office.filter(({ collection }) => collection === 'inventory')
  expect(stock).toMatchObject([
    { itemName: item.name, field: 'unit', lost: 'شريط', mayRestore: true },
  ])
  const desk = await inboxOf(station, DESK)
  // To another day it is moved, and gets a number there.
  expect(desk.map(({ field, mayRestore }) => [field, mayRestore])).toEqual([
    ['day', false],
    ['note', true],
  ])
  for (const { itemId, mayRestore } of desk) {
    await station.act.settle({ itemId, choice: mayRestore ? 'RESTORE' : 'KEEP' })
  }
  expect(await inboxOf(station, DESK)).toEqual([])
  expect(station.replica.read.find('appointments', booking.id)).toMatchObject({
    day: '2026-11-25',
    note: 'صائم',
  })
  station.sit(ADMIN)
  await station.act.settle({ itemId: stock[0]?.itemId ?? '', choice: 'RESTORE' })
  expect(station.replica.read.find('inventory', item.id)?.unit).toBe('شريط')
  expect(await inboxOf(station, DOCTOR)).toEqual([])
})

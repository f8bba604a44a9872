import { expect, test } from 'vitest'
import type { Quarantined } from '#shared/clinic.ts'
import type { Entered } from '#shared/entered.ts'
import type { Command } from '#shared/commands.ts'
import { makeUuidv7, type UserId, VisitId } from '#shared/ids.ts'
import { CHECK_IN, idOf, patientOf, stampAt, START, visitOf } from '#shared/test-values.ts'
import { InboxView, type InboxItem } from '../contract/inbox-view.ts'
import { applyResults } from '../replica/push-answers.ts'
import {
  ADMIN,
  CLINIC,
  DESK,
  DOCTOR,
  feed,
  OTHER_STATION,
  STATION,
} from '../replica/test-replica.ts'
import { NOTHING } from './change.ts'
import {
  checkIn,
  draftOf,
  NURSE,
  openTestStation,
  OTHER_DESK,
  SECOND_DOCTOR,
  stationDoc,
  type TestStation,
} from './test-station.ts'

const VISIT_OF_TODAY = VisitId.parse(makeUuidv7(START, new Uint8Array(10).fill(9)))

async function inboxOf(station: TestStation): Promise<InboxItem[]> {
  return InboxView.parse(await station.views.inbox({}).compute()).items
}

function lastCommand(station: TestStation): Command {
  const command = station.replica.outbox().at(-1)?.command
  if (command === undefined) throw new RangeError('nothing in the outbox')
  return command
}

test('a refused command shows what was entered until it is dismissed', async () => {
  const station = await openTestStation()
  const payment = { amount: { minor: 12_550, currency: 'EGP' as const }, method: 'CARD' as const }
  await checkIn(station, { name: 'سلوى كامل', payment })
  const { commandId } = lastCommand(station)
  applyResults(station.core, [
    { commandId, verdict: 'REJECTED', code: 'TICKET_TAKEN', details: {}, documents: [] },
  ])
  const [item] = await inboxOf(station)
  expect(item).toMatchObject({
    kind: 'REJECTED',
    command: 'checkIn',
    code: 'TICKET_TAKEN',
    byName: 'منى',
    patientName: 'سلوى كامل',
  })
  expect(item?.kind === 'REJECTED' ? item.entered : []).toEqual([
    { field: 'name', kind: 'TEXT', value: 'سلوى كامل' },
    { field: 'doctorId', kind: 'TEXT', value: 'د. سامي' },
    { field: 'type', kind: 'VISIT_TYPE', value: 'EXAMINATION' },
    { field: 'priority', kind: 'PRIORITY', value: 'NORMAL' },
    { field: 'ticket', kind: 'DIGITS', value: 'A-1' },
    { field: 'amount', kind: 'MONEY', value: '125.50 EGP', money: payment.amount },
    { field: 'method', kind: 'METHOD', value: 'CARD' },
    { field: 'receipt', kind: 'DIGITS', value: 'A-1' },
  ])
  station.sit(NURSE)
  expect(await inboxOf(station)).toEqual([])
  const settle = { itemId: item?.itemId ?? '', choice: 'DISMISS' as const }
  await expect(async () => station.act.settle(settle)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  station.sit(DESK)
  await station.act.settle(settle)
  expect(await inboxOf(station)).toEqual([])
})

test('every refused change says what was entered in kinds that a window can translate', async () => {
  const station = await openTestStation()
  const { visitId, patientId } = await checkIn(station)
  const { visitId: other } = await checkIn(station, { patient: { kind: 'KNOWN', patientId } })
  const entered = async (act: () => unknown): Promise<unknown[]> => {
    await act()
    const { commandId } = lastCommand(station)
    applyResults(station.core, [
      { commandId, verdict: 'REJECTED', code: 'UNLAWFUL_STEP', details: {}, documents: [] },
    ])
    const items = await inboxOf(station)
    const item = items.find((one) => one.kind === 'REJECTED' && one.commandId === commandId)
    return item?.kind === 'REJECTED' ? item.entered : []
  }
  const { act } = station
  const changes = { phones: ['01012345678'], note: 'سكر' }
  expect(await entered(() => act.editPatient({ patientId, changes }))).toEqual([
    { field: 'phones', kind: 'PHONES', value: ['+201012345678'] },
    { field: 'note', kind: 'TEXT', value: 'سكر' },
  ])
  expect(
    await entered(() => act.setPriority({ visitId, priority: 'URGENT', reason: 'ألم' })),
  ).toEqual([
    { field: 'priority', kind: 'PRIORITY', value: 'URGENT' },
    { field: 'orderReason', kind: 'TEXT', value: 'ألم' },
  ])
  expect(await entered(() => act.changeLine({ visitId, doctorId: SECOND_DOCTOR }))).toEqual([
    { field: 'doctorId', kind: 'TEXT', value: 'د. هالة' },
    { field: 'orderReason', kind: 'REASON', value: 'LINE_CHANGED' },
  ])
  expect(await entered(() => act.cancel({ visitId: other, reason: 'مشى' }))).toEqual([
    { field: 'status', kind: 'STATUS', value: 'CANCELED' },
    { field: 'reason', kind: 'TEXT', value: 'مشى' },
  ])
  expect(await entered(() => act.mergeVisits({ keep: visitId, merge: other }))).toEqual([
    { field: 'mergedInto', kind: 'DIGITS', value: '1' },
    { field: 'status', kind: 'STATUS', value: 'CANCELED' },
    { field: 'reason', kind: 'REASON', value: 'MERGED' },
  ])
})

/** What each of them is shown of the last command, once it was refused. */
async function shownTo(station: TestStation, ...people: UserId[]): Promise<unknown[]> {
  const { commandId } = lastCommand(station)
  applyResults(station.core, [
    { commandId, verdict: 'REJECTED', code: 'FORBIDDEN', details: {}, documents: [] },
  ])
  const shown: unknown[] = []
  for (const person of people) {
    station.sit(person)
    const item = (await inboxOf(station)).find(
      (one) => one.kind === 'REJECTED' && one.commandId === commandId,
    )
    shown.push(
      item?.kind === 'REJECTED' ? item.entered.map((one) => 'value' in one && one.value) : null,
    )
  }
  return shown
}

test('of a refused result its author is shown what they wrote, not what was found before', async () => {
  const station = await openTestStation()
  const { act } = station
  const { visitId } = await checkIn(station)
  station.sit(DOCTOR)
  await act.startVisit({ visitId, to: 'WITH_DOCTOR' })
  await act.orderLab({ visitId, test: 'صورة دم', instructions: 'صائم' })
  expect(await shownTo(station, DOCTOR)).toEqual([['صورة دم', 'صائم']])
  const { labResultId } = await act.orderLab({ visitId, test: 'سكر صائم', instructions: null })
  await act.finishVisit({ visitId })
  const about = { kind: 'ORDERED' as const, labResultId }
  await act.fileResult({ about, text: 'ما وجده الطبيب', attachments: [] })
  station.sit(NURSE)
  await act.fileResult({ about, text: 'ما كتبته الممرضة', attachments: [] })
  // Before hers stands what she may not see, and the desk may see neither.
  expect(await shownTo(station, NURSE, DESK)).toEqual([['ما كتبته الممرضة'], []])
})

test('refused allergies are shown to their author, and not to the desk', async () => {
  const station = await openTestStation()
  const { patientId } = await checkIn(station)
  station.sit(DOCTOR)
  const allergy = {
    substance: 'بنسلين',
    reaction: 'طفح',
    severity: 'SEVERE' as const,
    retracts: null,
  }
  await station.act.editAllergies({ patientId, allergies: [allergy], conditions: [] })
  expect(await shownTo(station, DOCTOR, DESK)).toEqual([['بنسلين · طفح'], []])
})

test('a held command stays visible and cannot be dismissed', async () => {
  const station = await openTestStation()
  await station.act.registerPatient({ draft: draftOf('هند سعيد') })
  const { commandId } = lastCommand(station)
  applyResults(station.core, [
    { commandId, verdict: 'HELD', code: 'SUBSCRIPTION', details: {}, documents: [] },
  ])
  const [item] = await inboxOf(station)
  expect(item).toMatchObject({
    kind: 'HELD',
    code: 'SUBSCRIPTION',
    patientName: 'هند سعيد',
    entered: [{ field: 'name', kind: 'TEXT', value: 'هند سعيد' }],
  })
  await expect(async () =>
    station.act.settle({ itemId: item?.itemId ?? '', choice: 'DISMISS' }),
  ).rejects.toMatchObject({ code: 'INVALID' })
})

test('what another station overwrote is shown and put back, also when the index came later', async () => {
  for (const watchesFirst of [true, false]) {
    const station = await openTestStation()
    const patient = patientOf({ id: idOf(700), address: null })
    station.receive(feed('patients', patient))
    if (watchesFirst) expect(await inboxOf(station)).toEqual([])
    const lost = {
      id: `address:${stampAt(5)}`,
      field: 'address',
      value: 'شارع النيل',
      by: DESK,
      at: stampAt(5),
    }
    const merged = {
      ...patient,
      address: 'شارع البحر',
      marks: { address: { at: stampAt(9), by: OTHER_DESK } },
      superseded: [lost],
    }
    station.receive(feed('patients', merged))
    const [item] = await inboxOf(station)
    expect(item).toMatchObject({
      kind: 'SUPERSEDED',
      field: 'address',
      lost: 'شارع النيل',
      stands: 'شارع البحر',
      mayRestore: true,
    })
    station.sit(DOCTOR)
    expect(await inboxOf(station)).toEqual([])
    station.sit(DESK)
    await station.act.settle({ itemId: item?.itemId ?? '', choice: 'RESTORE' })
    expect(await inboxOf(station)).toEqual([])
    expect(station.replica.read.patient(patient.id)?.address).toBe('شارع النيل')
  }
})

test('two people who wrote the same are no conflict, until a third writes something else', async () => {
  const station = await openTestStation()
  const at = (second: number) => ({ at: stampAt(second), by: OTHER_DESK })
  const lost = { id: `phones:${stampAt(5)}`, field: 'phones', by: DESK, at: stampAt(5) }
  const patient = patientOf({
    id: idOf(700),
    phones: ['+201012345678'],
    marks: { phones: at(9) },
    superseded: [{ ...lost, value: ['+201012345678'] }],
  })
  station.receive(feed('patients', patient))
  const { visitId } = await checkIn(station, {
    patient: { kind: 'KNOWN', patientId: patient.id },
  })
  expect(await inboxOf(station)).toEqual([])
  const board = async () => await station.views.board({}).compute()
  const row = (await board()).lines[0]?.waiting[0]
  expect(row).toMatchObject({ visitId, flagged: false })
  const third = { ...patient, phones: ['+201099999999'], marks: { phones: at(12) } }
  station.receive(feed('patients', third))
  expect(await inboxOf(station)).toMatchObject([{ kind: 'SUPERSEDED', lost: ['+201012345678'] }])
  expect((await board()).lines[0]?.waiting[0]?.flagged).toBe(true)
})

test('of two reorders that did not meet, the words that lost are shown, and the codes are not', async () => {
  const station = await openTestStation()
  const { visitId } = await checkIn(station)
  const visit = station.replica.read.visit(visitId)
  if (visit === null) throw new Error('no visit')
  const lost = (value: string, second: number) => ({
    id: `orderReason:${stampAt(second)}`,
    field: 'orderReason',
    value,
    by: OTHER_DESK,
    at: stampAt(second),
  })
  const met = {
    ...visit,
    id: VISIT_OF_TODAY,
    ticket: { letter: 'B', number: 1 },
    orderReason: 'موعد سابق',
    marks: { orderReason: { at: stampAt(9), by: DESK } },
    superseded: [lost('SKIPPED', 5), lost('ألم في الصدر', 7)],
  }
  station.receive(feed('visits', met))
  expect((await inboxOf(station)).filter(({ kind }) => kind === 'SUPERSEDED')).toMatchObject([
    { field: 'orderReason', lost: 'ألم في الصدر', stands: 'موعد سابق' },
  ])
})

test('a cancellation against care and a double check-in are shown and settled', async () => {
  const station = await openTestStation()
  station.receive(stationDoc(STATION, 'A'), stationDoc(OTHER_STATION, 'B'))
  const { visitId, patientId } = await checkIn(station)
  const base = station.replica.read.visit(visitId)
  if (base === null) throw new RangeError('no visit')
  await station.act.cancel({ visitId, reason: 'مشى' })
  const inCare = {
    ...base,
    status: 'WITH_DOCTOR' as const,
    transitions: [
      ...base.transitions,
      {
        id: idOf<(typeof base.transitions)[number]['id']>(801),
        status: 'WITH_DOCTOR' as const,
        at: stampAt(61),
        by: DOCTOR,
        stationId: OTHER_STATION,
        undoes: null,
        reason: null,
      },
    ],
  }
  station.receive(feed('visits', inCare))
  const again = visitOf({
    id: VISIT_OF_TODAY,
    patientId,
    doctorId: DOCTOR,
    ticket: { letter: 'B', number: 3 },
    created: { at: stampAt(70), by: OTHER_DESK, stationId: OTHER_STATION },
  })
  station.receive(feed('visits', again))
  const items = await inboxOf(station)
  expect(items.map(({ kind }) => kind).toSorted()).toEqual(['DUPLICATE_VISIT', 'OVERRULED'])
  const overruled = items.find(({ kind }) => kind === 'OVERRULED')
  expect(overruled).toMatchObject({
    ticket: 'A-1',
    step: 'CANCELED',
    reason: 'CARE_STANDS',
    stands: 'WITH_DOCTOR',
  })
  const duplicate = items.find(({ kind }) => kind === 'DUPLICATE_VISIT')
  expect(duplicate).toMatchObject({
    doctorName: 'د. سامي',
    mayMerge: true,
    visits: [{ visitId }, { visitId: again.id }],
  })
  await station.act.settle({ itemId: overruled?.itemId ?? '', choice: 'KEEP' })
  await station.act.settle({ itemId: duplicate?.itemId ?? '', choice: 'KEEP' })
  expect(await inboxOf(station)).toEqual([])
})

test('which line stands is shown by name, and is not put back from the inbox', async () => {
  const station = await openTestStation()
  station.receive(feed('patients', patientOf()))
  const visit = visitOf({
    id: VISIT_OF_TODAY,
    doctorId: DOCTOR,
    marks: { doctorId: { at: stampAt(9), by: OTHER_DESK } },
    superseded: [
      {
        id: `doctorId:${stampAt(5)}`,
        field: 'doctorId',
        value: SECOND_DOCTOR,
        by: DESK,
        at: stampAt(5),
      },
    ],
  })
  station.receive(feed('visits', visit))
  const [item] = await inboxOf(station)
  expect(item).toMatchObject({ lost: 'د. هالة', stands: 'د. سامي', mayRestore: false })
  const itemId = item?.itemId ?? ''
  await expect(async () => station.act.settle({ itemId, choice: 'RESTORE' })).rejects.toMatchObject(
    { code: 'INVALID' },
  )
  await station.act.settle({ itemId, choice: 'KEEP' })
  expect(await inboxOf(station)).toEqual([])
})

test('conflicts of a year ago come to light once the inbox is on the screen', async () => {
  const station = await openTestStation()
  const old = (number: number, changes: Parameters<typeof visitOf>[0] = {}) =>
    visitOf({ id: idOf(number), patientId: idOf(700), doctorId: DOCTOR, ...changes })
  const overruled = {
    ...CHECK_IN,
    id: idOf<typeof CHECK_IN.id>(801),
    status: 'DONE' as const,
    at: stampAt(5),
  }
  station.receive(
    feed('patients', patientOf({ id: idOf(700) })),
    feed('visits', old(1, { queueDay: '2025-09-01', transitions: [CHECK_IN, overruled] })),
    feed('visits', old(2, { queueDay: '2025-10-01' })),
    feed('visits', old(3, { queueDay: '2025-10-01', ticket: { letter: 'B', number: 4 } })),
    feed('visits', old(4, { queueDay: '2025-11-01' })),
  )
  const inbox = station.views.inbox({})
  await inbox.compute()
  // As a watch does, with every tick of the clock until all was read.
  await expect
    .poll(async () => {
      await inbox.compute()
      return inbox.dependsOn({ ...NOTHING, clock: true })
    })
    .toBe(false)
  const { items } = await inbox.compute()
  expect(items.map(({ kind }) => kind).toSorted()).toEqual(['DUPLICATE_VISIT', 'OVERRULED'])
})

test('only an ADMIN sees what waits in quarantine', async () => {
  const station = await openTestStation()
  const commandId = idOf<Command['commandId']>(950)
  const { patientId } = await checkIn(station)
  const doc = {
    id: `quarantined:${commandId}`,
    clinicId: CLINIC,
    body: {
      kind: 'QUARANTINED' as const,
      commandId,
      stationId: OTHER_STATION,
      name: 'checkIn',
      by: DESK,
      at: stampAt(30),
      reason: 'MEMBER_INACTIVE' as const,
      touches: [{ collection: 'patients', id: patientId }],
      decision: 'PENDING' as const,
    },
  }
  station.receive(feed('clinic', doc))
  expect(await inboxOf(station)).toEqual([])
  station.sit(ADMIN)
  // Kept by a server that did not tell yet what was entered.
  expect(await inboxOf(station)).toMatchObject([
    { kind: 'QUARANTINED', commandId, mayDecide: true, patientName: 'مريم حسن', entered: [] },
  ])
  const unknown = idOf<NonNullable<Quarantined['patientId']>>(960)
  const told = (number: number, name: string, entered: Entered[]): Quarantined => ({
    ...doc.body,
    commandId: idOf(number),
    name,
    patientId: unknown,
    entered,
    more: 0,
    touches: [],
  })
  const payment = { minor: 30_000, currency: 'EGP' as const }
  const bodies = [
    told(951, 'registerPatient', [{ field: 'name', kind: 'TEXT', value: 'هند سعيد' }]),
    told(952, 'checkIn', [
      { field: 'doctorId', kind: 'DOCTOR', value: SECOND_DOCTOR },
      { field: 'amount', kind: 'MONEY', value: payment },
    ]),
  ]
  const docs = bodies.map((body) => ({
    id: `quarantined:${body.commandId}`,
    clinicId: CLINIC,
    body,
  }))
  station.receive(...docs.map((made) => feed('clinic', made)))
  const checkedIn = (await inboxOf(station)).find(
    (item) => item.kind === 'QUARANTINED' && item.commandId === idOf(952),
  )
  expect(checkedIn).toMatchObject({
    patientName: 'هند سعيد',
    entered: [
      { field: 'doctorId', kind: 'TEXT', value: 'د. هالة' },
      { field: 'amount', kind: 'MONEY', value: '300.00 EGP', money: payment },
    ],
  })
  await station.act.decideQuarantined({ commandId, accept: true })
  expect(lastCommand(station).decision).toEqual({ commandId, accept: true })
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addDays } from '#shared/queue-day.ts'
import { idOf, pick, visitOf } from '#shared/test-values.ts'
import type { Visit } from '#shared/visit.ts'
import { PatientView } from '../contract/patient-view.ts'
import { ProposalView } from '../contract/proposal-view.ts'
import type { QueryParams } from '../contract/queries.ts'
import { SearchView, type SearchView as Search } from '../contract/search-view.ts'
import { ADMIN, CLINIC, DESK, DOCTOR, feed } from '../replica/test-replica.ts'
import { NOTHING } from './change.ts'
import { followUpAfter, proposeDoctor } from './proposal.ts'
import {
  ACCOUNTANT,
  checkIn,
  draftOf,
  NURSE,
  openTestStation,
  OTHER_DESK,
  passMinutes,
  SECOND_DOCTOR,
  STOREKEEPER,
  type TestStation,
} from './test-station.ts'

const EGP = (minor: number): { minor: number; currency: 'EGP' } => ({ minor, currency: 'EGP' })

async function search(station: TestStation, text: string, limit = 10): Promise<Search> {
  return SearchView.parse(await station.views.search({ text, limit }).compute())
}

async function propose(
  station: TestStation,
  params: Partial<QueryParams<'proposal'>>,
): Promise<ProposalView> {
  const view = station.views.proposal({ patientId: null, doctorId: null, ...params })
  return ProposalView.parse(await view.compute())
}

test('a patient is found by name, phone and file number, with what the desk needs to know', async () => {
  const station = await openTestStation()
  const { act } = station
  await act.registerPatient({
    draft: draftOf('أحمد محمود السيد', { phones: ['01012345678'], fileNumber: 'A-123' }),
  })
  const { patientId } = await checkIn(station, { name: 'فاطمة على حسن' })
  await act.registerPatient({ draft: draftOf('احمد سامى') })
  const names = async (text: string): Promise<string[]> =>
    (await search(station, text)).hits.map(({ name }) => name)
  expect(await names('احمد محمود')).toEqual(['أحمد محمود السيد'])
  expect(await names('5678')).toEqual(['أحمد محمود السيد'])
  expect(await names('123')).toContain('أحمد محمود السيد')
  const found = await search(station, 'فاطمه')
  expect(found.patients).toBe(3)
  expect(found.hits[0]).toMatchObject({
    patientId,
    lastVisitDay: '2026-11-22',
    openBalance: EGP(30_000),
    today: [{ ticket: '1', status: 'WAITING' }],
  })
  station.sit(NURSE)
  expect((await search(station, 'فاطمه')).hits[0]?.openBalance).toBeNull()
  station.sit(STOREKEEPER)
  await expect(search(station, 'فاطمه')).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

test('while the search is made anew after an update, its answers say so, and hear of its end', async () => {
  const station = await openTestStation()
  await station.act.registerPatient({ draft: draftOf('أحمد محمود السيد') })
  const { file } = station.core
  const found = station.views.search({ text: 'احمد', limit: 5 })
  const compute = async (): Promise<Search> => SearchView.parse(await found.compute())
  const tick = { ...NOTHING, clock: true }
  // As another version of the words leaves it when the file is opened.
  file.db.exec("UPDATE store_collections SET search = -search WHERE name = 'dawr/patients/0'")
  expect(await compute()).toMatchObject({ isPreparing: true, hits: [{ name: 'أحمد محمود السيد' }] })
  expect(found.dependsOn(tick)).toBe(true)
  while (file.tidy());
  expect(await compute()).toMatchObject({ isPreparing: false, hits: [{}] })
  expect(found.dependsOn(tick)).toBe(false)
})

test('with nothing typed: who is here, the latest first, then the newest in the book', async () => {
  const station = await openTestStation()
  const book: string[] = []
  for (const name of ['ألف', 'باء', 'جيم']) {
    passMinutes(station, 1)
    await station.act.registerPatient({ draft: draftOf(`${name} حسن`) })
    book.unshift(`${name} حسن`)
  }
  await checkIn(station, { name: 'أول زائر' })
  await checkIn(station, { name: 'ثاني زائر' })
  await checkIn(station, { name: 'ثالث زائر', doctorId: SECOND_DOCTOR })
  const { hits } = await search(station, ' ', 5)
  expect(hits.map(({ name }) => name)).toEqual([
    'ثالث زائر',
    'ثاني زائر',
    'أول زائر',
    ...book.slice(0, 2),
  ])
})

test('search, patient and inbox are computed anew when the queue day turns, and only then', async () => {
  const station = await openTestStation()
  const { patientId } = await checkIn(station)
  const found = station.views.search({ text: '', limit: 5 })
  const views = [found, station.views.patient({ patientId }), station.views.inbox({})]
  const tick = { ...NOTHING, clock: true }
  const todayOf = async (): Promise<number | undefined> =>
    SearchView.parse(await found.compute()).hits[0]?.today.length
  for (const view of views) await view.compute()
  expect(await todayOf()).toBe(1)
  passMinutes(station, 10)
  expect(views.map((view) => view.dependsOn(tick))).toEqual([false, false, false])
  passMinutes(station, 24 * 60)
  expect(views.map((view) => view.dependsOn(tick))).toEqual([true, true, true])
  expect(views.map((view) => view.dependsOn(NOTHING))).toEqual([false, false, false])
  expect(await todayOf()).toBe(0)
  expect(found.dependsOn(tick)).toBe(false)
})

test('whose turn would come when is told anew as the minutes go by', async () => {
  const station = await openTestStation()
  const { patientId } = await checkIn(station)
  const view = station.views.proposal({ patientId, doctorId: DOCTOR })
  const tick = { ...NOTHING, clock: true }
  const turnOf = async (): Promise<string | undefined> =>
    ProposalView.parse(await view.compute()).doctors[0]?.turn.from
  const told = await turnOf()
  expect(view.dependsOn(tick)).toBe(false)
  passMinutes(station, 10)
  expect(view.dependsOn(tick)).toBe(true)
  expect(Date.parse((await turnOf()) ?? '') - Date.parse(told ?? '')).toBe(10 * 60_000)
  expect(view.dependsOn(tick)).toBe(false)
  expect(view.dependsOn(NOTHING)).toBe(false)
})

test('a patient with their visits; amounts for the desk of today and its own', async () => {
  const station = await openTestStation()
  const { act } = station
  const payment = { amount: EGP(30_000), method: 'CASH' as const }
  const { visitId, patientId } = await checkIn(station, { payment })
  station.sit(DOCTOR)
  await act.startVisit({ visitId, to: 'WITH_DOCTOR' })
  await act.finishVisit({ visitId })
  passMinutes(station, 3 * 24 * 60)
  const viewFor = async (userId: typeof DESK): Promise<PatientView> => {
    station.sit(userId)
    return PatientView.parse(await station.views.patient({ patientId }).compute())
  }
  const desk = await viewFor(DESK)
  expect(desk).toMatchObject({ mayEdit: true, mayCheckIn: true, unsynced: true })
  expect(desk.draft.name).toBe('مريم حسن')
  expect(desk.visits).toMatchObject([
    { queueDay: '2026-11-22', status: 'DONE', paid: 'PAID', doctorName: 'د. سامي' },
  ])
  expect(desk.visits[0]?.payments).toMatchObject([{ kind: 'PAYMENT', receipt: 'A-1' }])
  expect((await viewFor(OTHER_DESK)).visits[0]).toMatchObject({ paid: 'PAID', payments: [] })
  expect((await viewFor(ACCOUNTANT)).visits[0]?.payments).toHaveLength(1)
  expect((await viewFor(NURSE)).visits[0]).toMatchObject({ paid: null, payments: [] })
  station.sit(ADMIN)
  await expect(async () =>
    station.views.patient({ patientId: idOf(999) }).compute(),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a proposal is right most of the time: the same doctor, a follow-up while it is due', async () => {
  const station = await openTestStation({ followUpDays: 10 })
  const { act } = station
  expect(await propose(station, {})).toMatchObject({
    doctorId: DOCTOR,
    visitType: 'EXAMINATION',
    daysSinceExamination: null,
    doctors: [
      { name: 'د. سامي', waiting: 0 },
      { name: 'د. هالة', waiting: 0 },
    ],
  })
  const { visitId, patientId } = await checkIn(station, { doctorId: SECOND_DOCTOR })
  const waiting = await propose(station, { patientId })
  expect(waiting).toMatchObject({
    doctorId: SECOND_DOCTOR,
    visitType: 'EXAMINATION',
    today: [{ visitId, doctorName: 'د. هالة', status: 'WAITING' }],
  })
  expect(waiting.doctors.map((doctor) => doctor.waiting)).toEqual([0, 1])
  expect(waiting.doctors[1]?.prices[0]).toEqual({ visitType: 'EXAMINATION', amount: EGP(50_000) })
  expect(waiting.doctors[0]?.prices[0]?.amount).toEqual(EGP(30_000))
  expect(waiting.doctors[0]?.prices[2]?.amount).toEqual(EGP(0))
  station.sit(SECOND_DOCTOR)
  await act.startVisit({ visitId, to: 'WITH_DOCTOR' })
  await act.finishVisit({ visitId })
  station.sit(DESK)
  passMinutes(station, 10 * 24 * 60)
  expect(await propose(station, { patientId })).toMatchObject({
    doctorId: SECOND_DOCTOR,
    visitType: 'FOLLOW_UP',
    daysSinceExamination: 10,
  })
  expect(await propose(station, { patientId, doctorId: DOCTOR })).toMatchObject({
    doctorId: DOCTOR,
    visitType: 'EXAMINATION',
  })
  const line = station.replica.read.doctors().find((one) => one.doctorId === SECOND_DOCTOR)
  const setDays = (changes: { followUpDays?: number }): void => {
    const doc = { id: `doctor:${SECOND_DOCTOR}`, clinicId: CLINIC, body: { ...line, ...changes } }
    station.receive(feed('clinic', doc))
  }
  // Her own number of days goes before the clinic's.
  setDays({ followUpDays: 9 })
  expect((await propose(station, { patientId })).visitType).toBe('EXAMINATION')
  setDays({})
  await checkIn(station, {
    patient: { kind: 'KNOWN', patientId },
    doctorId: SECOND_DOCTOR,
    visitType: 'FOLLOW_UP',
  })
  expect((await propose(station, { patientId })).visitType).toBe('EXAMINATION')
})

test('who is checked in is told a range by the pace of the day, and who is next no time at all', async () => {
  const station = await openTestStation()
  const minutesOf = (instant: string): number =>
    (Date.parse(instant) - station.replica.now()) / 60_000
  for (const name of ['أ أ', 'ب ب', 'ج ج', 'د د']) {
    const { visitId, slip } = await checkIn(station, { name })
    expect(slip.turn).toBeNull()
    station.sit(DOCTOR)
    await station.act.startVisit({ visitId, to: 'WITH_DOCTOR' })
    await station.act.finishVisit({ visitId })
    station.sit(DESK)
    passMinutes(station, 19)
  }
  await checkIn(station, { name: 'ه ه' })
  const { slip } = await checkIn(station, { name: 'و و' })
  expect(slip.before).toBe(1)
  const { turn } = slip
  if (turn === null) throw new RangeError('a range is told')
  expect(turn.from).toMatch(/T\d\d:\d[05]:00.000Z$/)
  expect(Math.abs(minutesOf(turn.from) - 17.5)).toBeLessThanOrEqual(2.6)
  expect(Math.abs(minutesOf(turn.to) - 42.5)).toBeLessThanOrEqual(2.6)
  const { doctors } = await propose(station, {})
  expect(doctors[0]?.waiting).toBe(2)
  expect(Math.abs(minutesOf(doctors[0]?.turn.from ?? '') - 37.5)).toBeLessThanOrEqual(2.6)
})

const history = fc.array(
  fc.record({
    daysAgo: fc.integer({ min: 0, max: 30 }),
    doctor: fc.nat(1),
    type: fc.constantFrom('EXAMINATION', 'FOLLOW_UP', 'PROCEDURE' as const),
    status: fc.constantFrom('WAITING', 'WITH_DOCTOR', 'DONE', 'CANCELED', 'NO_SHOW' as const),
  }),
  { maxLength: 6 },
)

test('a follow-up is proposed only for an examination within its days that none has used', () => {
  const today = '2026-11-22'
  const doctors = [DOCTOR, SECOND_DOCTOR]
  fc.assert(
    fc.property(history, fc.nat(20), (past, within) => {
      const visits = past
        .map(({ daysAgo, doctor, type, status }, index): Visit =>
          visitOf({
            id: idOf(500 + index),
            doctorId: pick(doctors, doctor),
            type,
            status,
            queueDay: addDays(today, -daysAgo),
            created: {
              ...visitOf().created,
              // Later days have later stamps; within a day, by the order made.
              at: `${1_800_000_000_000 - daysAgo * 1_000 + index}-0000-00000000` as Visit['orderKey'] &
                Visit['created']['at'],
            },
          }),
        )
        .toSorted((a, b) => (a.created.at < b.created.at ? 1 : -1))
      const due = { doctorId: DOCTOR, today, within }
      const days = followUpAfter(visits, due)
      const seen = visits.filter(
        (visit) => visit.doctorId === DOCTOR && ['WITH_DOCTOR', 'DONE'].includes(visit.status),
      )
      if (days !== null) {
        expect(days).toBeLessThanOrEqual(within)
        const examination = seen.find(({ type }) => type === 'EXAMINATION')
        expect(examination?.queueDay).toBe(addDays(today, -days))
        const usedBy = visits.filter(
          (visit) =>
            visit.doctorId === DOCTOR &&
            visit.type === 'FOLLOW_UP' &&
            visit.status === 'DONE' &&
            visit.created.at > (examination?.created.at ?? ''),
        )
        expect(usedBy).toEqual([])
      } else if (seen[0]?.type === 'EXAMINATION' && seen[0].queueDay >= addDays(today, -within)) {
        // The one reason left: something of today is still in the line.
        expect(
          visits.some(({ queueDay, status }) => queueDay === today && status === 'WAITING'),
        ).toBe(true)
      }
      const proposed = proposeDoctor(visits, [{ doctorId: SECOND_DOCTOR }], null)
      expect(proposed).toBe(SECOND_DOCTOR)
      expect(proposeDoctor(visits, [], DOCTOR)).toBeNull()
    }),
  )
})

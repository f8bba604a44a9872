import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AppError } from '#shared/errors.ts'
import type { CalendarDate } from '#shared/fields.ts'
import { makeUuidv7, type PatientId, type VisitId } from '#shared/ids.ts'
import { addDays, queueDayOf } from '#shared/queue-day.ts'
import { patientOf, visitOf } from '#shared/test-values.ts'
import type { Visit } from '#shared/visit.ts'
import { duplicateVisits } from '../commands/duplicate-visits.ts'
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
import {
  ACCOUNTANT,
  checkIn,
  NURSE,
  openTestStation,
  passMinutes,
  SECOND_DOCTOR,
  stationDoc,
  type TestStation,
} from './test-station.ts'

const PAID = { method: 'CASH', amount: { minor: 10_000, currency: 'EGP' } } as const
const PEOPLE = [DESK, ADMIN, NURSE, ACCOUNTANT]

interface World {
  station: TestStation
  /** Of all visits ever made, the nth. */
  visit(n: number): Visit
  /** Another number each time. */
  next(): number
}

/** All that a board shows, changed here, elsewhere, by the clock, and by the server's answers. */
const STEPS: Record<string, (world: World, n: number) => unknown> = {
  checkIn: ({ station }, n) => checkIn(station, { doctorId: n % 2 === 0 ? DOCTOR : SECOND_DOCTOR }),
  checkInAgain: ({ station, visit }, n) =>
    checkIn(station, {
      patient: { kind: 'KNOWN', patientId: visit(n).patientId },
      doctorId: visit(n).doctorId,
    }),
  call: ({ station, visit }, n) => station.act.call({ visitId: visit(n).id }),
  letIn: ({ station, visit }, n) =>
    station.act.startVisit({ visitId: visit(n).id, to: 'WITH_ASSISTANT' }),
  cancel: ({ station, visit }, n) => station.act.cancel({ visitId: visit(n).id, reason: null }),
  noShow: ({ station, visit }, n) => station.act.markNoShow({ visitId: visit(n).id }),
  recall: ({ station, visit }, n) => station.act.recall({ visitId: visit(n).id }),
  skip: ({ station, visit }, n) => station.act.skip({ visitId: visit(n).id }),
  changeLine: ({ station, visit }, n) =>
    station.act.changeLine({
      visitId: visit(n).id,
      doctorId: visit(n).doctorId === DOCTOR ? SECOND_DOCTOR : DOCTOR,
    }),
  pay: ({ station, visit }, n) => station.act.takePayment({ visitId: visit(n).id, ...PAID }),
  payTwin({ station }, n) {
    const [, merge] = twins(station, n)
    return merge && station.act.takePayment({ visitId: merge.id, ...PAID })
  },
  merge({ station }, n) {
    const [keep, merge] = twins(station, n)
    return keep && merge && station.act.mergeVisits({ keep: keep.id, merge: merge.id })
  },
  rename: ({ station, visit, next }, n) =>
    station.act.editPatient({
      patientId: visit(n).patientId,
      changes: { name: `اسم رقم ${next()}` },
    }),
  undo: ({ station }) => station.act.undoLast({}),
  calledElsewhere({ station, visit, next }, n) {
    const { created, ...made } = visit(n)
    const call = { id: idAt(next()), ...created, stationId: OTHER_STATION, room: '9' }
    const called = { ...made, created, calls: [...made.calls, call] }
    station.receive(feed('visits', called))
  },
  madeElsewhere({ station, next }) {
    const patient = patientOf({
      id: idAt<PatientId>(next()),
      clinicId: CLINIC,
      name: 'من جهاز آخر',
    })
    const of = { clinicId: CLINIC, patientId: patient.id, doctorId: DOCTOR }
    const number = next()
    const ticket = { letter: 'B', number }
    const [today, before] = lastDays(station)
    const queueDay = number % 3 === 0 ? before : today
    station.receive(
      feed('patients', patient),
      feed('visits', visitOf({ ...of, id: idAt<VisitId>(next()), ticket, queueDay })),
    )
  },
  goneElsewhere: ({ station, visit }, n) =>
    station.receive({ collection: 'visits', id: visit(n).id, seq: 1, doc: null }),
  accepted({ station }) {
    const row = station.replica.outbox()[0]
    if (row === undefined) return
    const { commandId, writes } = row.command
    const documents = writes.map(({ collection, next }) => {
      const doc =
        collection === 'visits' ? { ...next, ticket: { ...next.ticket, letter: 'C' } } : next
      return feed(collection, doc)
    })
    const [write] = writes
    const number = write?.collection === 'visits' ? write.next.ticket.number : 1
    const details = { taken: `A-${number}`, ticket: `C-${number}` }
    applyResults(station.core, [{ commandId, verdict: 'ACCEPTED', code: null, details, documents }])
  },
  held({ station }, n) {
    const rows = station.replica.outbox()
    const { commandId } = rows[n % Math.max(1, rows.length)]?.command ?? {}
    if (commandId === undefined) return
    applyResults(station.core, [
      { commandId, verdict: 'HELD', code: 'SUBSCRIPTION', details: {}, documents: [] },
    ])
  },
  seen({ station: { replica, core } }) {
    const { givenAnew, store } = core.file
    for (const { commandId } of replica.givenAnew()) replica.seeGivenAnew(commandId)
    store.transaction(() => givenAnew.prune(Number.MAX_SAFE_INTEGER))
  },
  minutes: ({ station }) => passMinutes(station, 3),
  day: ({ station }, n) => passMinutes(station, n % 3 === 0 ? 24 * 60 : 5),
  person: ({ station }, n) => station.sit(PEOPLE[n % PEOPLE.length] ?? DESK),
  stations: ({ station }, n) =>
    station.receive(stationDoc(STATION, 'A'), stationDoc(OTHER_STATION, 'B', n % 2 === 0)),
  settings: ({ station }, n) =>
    station.setSettings({
      courtesyEnabled: n % 2 === 0,
      narrowing: n % 3 === 0 ? {} : { RECEPTION: ['CALL'] },
    }),
}

function idAt<Id extends string>(n: number): Id {
  const tail = new Uint8Array(10)
  new DataView(tail.buffer).setUint32(6, n)
  // Cast: of that form
  return makeUuidv7(Date.UTC(2026, 10, 22, 7), tail) as Id
}

test('whatever happens, a board that was watched all along is the one that is computed anew', async () => {
  const station = await openTestStation()
  const watched = station.views.board({})
  let numbers = 0
  const world: World = {
    station,
    next: () => (numbers += 1),
    visit(n) {
      const visits = lastDays(station).flatMap((day) => station.replica.read.visitsOfDay(day))
      const visit = visits[n % visits.length]
      // The clock has gone on since the last one: there is nothing to do it to.
      if (visit === undefined) throw new AppError('NOT_FOUND')
      return visit
    },
  }
  const name = fc.constantFrom(...Object.keys(STEPS))
  const steps = fc.array(fc.tuple(name, fc.nat(40)), { minLength: 10, maxLength: 40 })
  let done = 0
  let refused = 0
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      station.sit(DESK)
      station.setSettings({ narrowing: {} })
      await checkIn(station, { payment: PAID })
      for (const [step, n] of taken) {
        try {
          await STEPS[step]?.(world, n)
          done += 1
        } catch (error) {
          // What cannot be done now is not done.
          if (!(error instanceof AppError)) throw error
          refused += 1
        }
        const board = await watched.compute()
        expect(board, step).toEqual(await station.views.board({}).compute())
      }
    }),
    { numRuns: 30, endOnFailure: true },
  )
  expect(done).toBeGreaterThan(refused)
})

/** Visits of today that may be one, the first check-in first. */
function twins(station: TestStation, n: number): Visit[] {
  const [today] = lastDays(station)
  const groups = duplicateVisits(station.replica.read.visitsOfDay(today))
  return groups[n % Math.max(1, groups.length)] ?? []
}

/** Today first. */
function lastDays({ replica }: TestStation): [CalendarDate, CalendarDate, CalendarDate] {
  const today = queueDayOf(replica.now(), replica.read.settings())
  return [today, addDays(today, -1), addDays(today, -2)]
}

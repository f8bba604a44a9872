import type { Entry } from '#shared/entry.ts'
import { type ClinicId, EntryId, makeUuidv7, PatientId, type StationId } from '#shared/ids.ts'
import { CallId, TransitionId, type UserId, VisitId } from '#shared/ids.ts'
import type { Patient } from '#shared/patient.ts'
import type { VisitStatus } from '#shared/roles.ts'
import { formatStamp, nodeOfStation, type Stamp } from '#shared/stamp.ts'
import type { Visit } from '#shared/visit.ts'
import { foldVisit } from '#shared/visit-fold.ts'
import type { GeneratedPatient } from './patients.ts'
import { createRandom } from './random.ts'
import type { GeneratedVisit, PaidMethod } from './visits.ts'

/** What became of one visit, in milliseconds since the Unix epoch. */
export interface VisitStory {
  readonly patientIndex: number
  readonly doctorIndex: number
  readonly queueDay: string
  readonly type: Visit['type']
  readonly priority: Visit['priority']
  readonly arrivedAt: number
  readonly calledAt: number | null
  /** After the check-in, in order. */
  readonly steps: readonly { readonly status: VisitStatus; readonly at: number }[]
  /** Minor units. */
  readonly fee: number
  /** Null: nothing was paid. */
  readonly paid: PaidMethod | null
}

/** A visit of the past as a story. */
export function storyOf(visit: GeneratedVisit): VisitStory {
  const { calledAt, startedAt, finishedAt, outcome, feePiastres, paidMethod, ...rest } = visit
  const arrivedAt = Date.parse(visit.arrivedAt)
  const at = (instant: string | null): number =>
    instant === null ? arrivedAt : Date.parse(instant)
  const steps =
    outcome === 'DONE'
      ? [
          { status: 'WITH_DOCTOR' as const, at: at(startedAt) },
          { status: 'DONE' as const, at: at(finishedAt) },
        ]
      : [{ status: outcome, at: at(calledAt) + 60_000 }]
  const called = calledAt === null ? null : at(calledAt)
  return { ...rest, arrivedAt, calledAt: called, steps, fee: feePiastres, paid: paidMethod }
}

/** The clinic in which the stories took place. */
export interface DemoBooks {
  readonly clinicId: ClinicId
  /** At which all was entered. */
  readonly station: { readonly stationId: StationId; readonly letter: string }
  readonly desk: UserId
  readonly doctors: ReadonlyArray<{ readonly doctorId: UserId; readonly room: string }>
  readonly currency: Visit['fee']['currency']
}

export interface DemoDocuments {
  readonly patients: Patient[]
  readonly visits: Visit[]
  readonly entries: Entry[]
}

/**
 * The documents that such a past has left. Tickets and receipts are counted in the order of arrival;
 * a patient was registered a minute before their first visit.
 *
 * @param stories in any order; patients who are in none of them are left out
 */
export function documentsOf(
  books: DemoBooks,
  patients: readonly GeneratedPatient[],
  stories: readonly VisitStory[],
): DemoDocuments {
  const maker = openMaker(books)
  const made: DemoDocuments = { patients: [], visits: [], entries: [] }
  const ids = new Map<number, PatientId>()
  const tickets = new Map<string, number>()
  for (const story of stories.toSorted((a, b) => a.arrivedAt - b.arrivedAt)) {
    const generated = patients[story.patientIndex]
    const doctor = books.doctors[story.doctorIndex]
    if (generated === undefined || doctor === undefined) continue
    let patientId = ids.get(story.patientIndex)
    if (patientId === undefined) {
      const patient = maker.patient(generated, story.arrivedAt - 60_000)
      made.patients.push(patient)
      patientId = patient.id
      ids.set(story.patientIndex, patientId)
    }
    const number = (tickets.get(story.queueDay) ?? 0) + 1
    tickets.set(story.queueDay, number)
    const visit = maker.visit(story, { patientId, doctor, number })
    made.visits.push(visit)
    if (story.paid === null) continue
    made.entries.push(maker.payment(visit, story.paid, made.entries.length + 1))
  }
  return made
}

function openMaker({ clinicId, station, desk, currency }: DemoBooks) {
  const random = createRandom(5)
  const { stationId, letter } = station
  let counter = 0
  const newId = (time: number): string =>
    makeUuidv7(
      time,
      Uint8Array.from({ length: 10 }, () => random.int(0, 255)),
    )
  const factAt = (time: number, by: UserId): { at: Stamp; by: UserId; stationId: StationId } => {
    // Two stamps of one station are never equal.
    counter = (counter + 1) % 0x10000
    return { at: formatStamp(time, counter, nodeOfStation(stationId)), by, stationId }
  }
  const untouched = { marks: {}, superseded: [], settled: [] }
  return {
    patient(generated: GeneratedPatient, time: number): Patient {
      const { name, phones, nationalId, birthDate, sex, address, notes } = generated
      return {
        id: PatientId.parse(newId(time)),
        clinicId,
        name,
        phones: [...phones],
        nationalId,
        birthDate,
        sex,
        address,
        // The numbers of the paper files come with the clinic's old list.
        fileNumber: null,
        note: notes,
        possibleDuplicateOf: null,
        allergies: [],
        conditions: [],
        created: factAt(time, desk),
        ...untouched,
      }
    },
    visit(
      story: VisitStory,
      of: { patientId: PatientId; doctor: DemoBooks['doctors'][number]; number: number },
    ): Visit {
      const { arrivedAt, calledAt, queueDay, type, priority, fee } = story
      const { doctorId, room } = of.doctor
      const created = factAt(arrivedAt, desk)
      const step = { undoes: null, reason: null }
      const transitions = [
        {
          id: TransitionId.parse(newId(arrivedAt)),
          status: 'WAITING' as const,
          ...created,
          ...step,
        },
        ...story.steps.map(({ status, at }) => ({
          id: TransitionId.parse(newId(at)),
          status,
          ...factAt(at, status === 'DONE' ? doctorId : desk),
          ...step,
        })),
      ]
      return {
        id: VisitId.parse(newId(arrivedAt)),
        clinicId,
        patientId: of.patientId,
        doctorId,
        queueDay,
        ticket: { letter, number: of.number },
        type,
        priority,
        boosted: true,
        orderKey: created.at,
        orderReason: null,
        mergedInto: null,
        fee: { minor: fee, currency },
        status: foldVisit(transitions).status,
        transitions,
        calls:
          calledAt === null
            ? []
            : [{ id: CallId.parse(newId(calledAt)), ...factAt(calledAt, desk), room }],
        created,
        ...untouched,
      }
    },
    payment({ id, patientId, queueDay, created, fee }: Visit, method: PaidMethod, number: number) {
      const time = Number(created.at.slice(0, 13)) + 1_000
      const entry: Entry = {
        id: EntryId.parse(newId(time)),
        clinicId,
        visitId: id,
        patientId,
        queueDay,
        ...factAt(time, desk),
        body: { kind: 'PAYMENT', amount: fee, method, receipt: { letter, number } },
      }
      return entry
    },
  }
}

import type { Entry } from '#shared/entry.ts'
import type { CalendarDate } from '#shared/fields.ts'
import { EntryId, makeUuidv7, PatientId, StationId, TransitionId, VisitId } from '#shared/ids.ts'
import type { Patient } from '#shared/patient.ts'
import { queueDayOf } from '#shared/queue-day.ts'
import type { VisitStatus } from '#shared/roles.ts'
import { formatStamp, nodeOfStation, type Stamp } from '#shared/stamp.ts'
import type { Priority, Visit } from '#shared/visit.ts'
import { generatePatients } from '../demo/patients.ts'
import { createRandom, type Random } from '../demo/random.ts'
import { BENCH_CLINIC, DESK, DOCTORS, FEE, SETTINGS } from './clinic.ts'

/** The documents a clinic of this size has, as if other desks had made them. */

/** Who made what was there before: a station of the clinic that is not measured. */
export const OLD_STATION = StationId.parse('01930000-0000-7000-8000-00000000be20')
export const OLD_LETTER = 'Z'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const YEARS = 3

/** For what is made one after the other: ids that sort by time, the same for the same seed. */
function makeIds(random: Random): (time: number) => string {
  const bytes = () => Uint8Array.from({ length: 10 }, () => random.int(0, 255))
  return (time) => makeUuidv7(time, bytes())
}

function stampAt(time: number): Stamp {
  return formatStamp(time, 0, nodeOfStation(OLD_STATION))
}

/** Registered over the last three years, oldest first. */
export function makePatients(count: number, now: number, seed = 7): Patient[] {
  const newId = makeIds(createRandom(seed))
  return generatePatients({ count, seed }).map((made, index) => {
    const time = Math.floor(now - YEARS * 365 * DAY + (index / count) * (YEARS * 365 - 1) * DAY)
    const { name, phones, nationalId, birthDate, sex, fileNumber, address, notes } = made
    return {
      id: PatientId.parse(newId(time)),
      clinicId: BENCH_CLINIC,
      name,
      phones: [...phones],
      nationalId,
      birthDate,
      sex,
      fileNumber,
      address,
      note: notes,
      possibleDuplicateOf: null,
      allergies: [],
      conditions: [],
      created: { at: stampAt(time), by: DESK.userId, stationId: OLD_STATION },
      marks: {},
      superseded: [],
      settled: [],
    }
  })
}

export interface Visits {
  readonly visits: Visit[]
  readonly entries: Entry[]
}

/** What one line of a full day holds in the middle of its session: 50 visits. */
const LINE: ReadonlyArray<{ status: VisitStatus; count: number }> = [
  { status: 'DONE', count: 20 },
  { status: 'CANCELED', count: 1 },
  { status: 'NO_SHOW', count: 2 },
  { status: 'WITH_DOCTOR', count: 1 },
  { status: 'WITH_ASSISTANT', count: 1 },
  { status: 'WAITING', count: 25 },
]

/** Today: three lines of 50 visits, nobody called yet, every third of those who wait not paid. */
export function makeToday(patients: readonly Patient[], now: number): Visits {
  const queueDay = queueDayOf(now, SETTINGS)
  const random = createRandom(11)
  const newId = makeIds(random)
  const made: Visits = { visits: [], entries: [] }
  const statuses = LINE.flatMap(({ status, count }) => Array.from({ length: count }, () => status))
  const total = statuses.length * DOCTORS.length
  for (const [place, status] of statuses.entries()) {
    for (const [line, { userId: doctorId }] of DOCTORS.entries()) {
      const index = place * DOCTORS.length + line
      const patient = patients[Math.floor(((index + 0.5) / total) * patients.length)]
      if (patient === undefined) continue
      const priority: Priority = random.chance(0.06) ? 'URGENT' : 'NORMAL'
      const time = now - (total - index) * MINUTE
      const isPaid = status !== 'WAITING' || index % 3 !== 0
      add(made, {
        newId,
        patient,
        doctorId,
        queueDay,
        number: index + 1,
        status,
        priority,
        time,
        isPaid,
      })
    }
  }
  return made
}

/** One examination of the past, done and paid, for so many of the patients. */
export function makeHistory(patients: readonly Patient[], count: number, now: number): Visits {
  const random = createRandom(13)
  const newId = makeIds(random)
  const made: Visits = { visits: [], entries: [] }
  const perDay = Math.max(1, Math.ceil(count / (YEARS * 300)))
  for (let index = 0; index < count; index += 1) {
    const patient = patients[Math.floor((index * patients.length) / count)]
    const doctor = DOCTORS[index % DOCTORS.length]
    if (patient === undefined || doctor === undefined) continue
    const daysAgo = 2 + Math.floor((count - 1 - index) / perDay)
    const time = now - daysAgo * DAY
    add(made, {
      newId,
      patient,
      doctorId: doctor.userId,
      queueDay: queueDayOf(time, SETTINGS),
      number: (index % perDay) + 1,
      status: 'DONE',
      priority: 'NORMAL',
      time,
      isPaid: true,
    })
  }
  return made
}

interface Planned {
  readonly newId: (time: number) => string
  readonly patient: Patient
  readonly doctorId: Visit['doctorId']
  readonly queueDay: CalendarDate
  readonly number: number
  readonly status: VisitStatus
  readonly priority: Priority
  readonly time: number
  readonly isPaid: boolean
}

/** How a visit came to stand where it does. */
const WAY: Readonly<Record<VisitStatus, readonly VisitStatus[]>> = {
  WAITING: ['WAITING'],
  WITH_ASSISTANT: ['WAITING', 'WITH_ASSISTANT'],
  WITH_DOCTOR: ['WAITING', 'WITH_DOCTOR'],
  DONE: ['WAITING', 'WITH_DOCTOR', 'DONE'],
  CANCELED: ['WAITING', 'CANCELED'],
  NO_SHOW: ['WAITING', 'NO_SHOW'],
}

function add(made: Visits, planned: Planned): void {
  const { newId, patient, doctorId, queueDay, number, status, priority, time, isPaid } = planned
  const fact = { at: stampAt(time), by: DESK.userId, stationId: OLD_STATION }
  const visitId = VisitId.parse(newId(time))
  made.visits.push({
    id: visitId,
    clinicId: BENCH_CLINIC,
    patientId: patient.id,
    doctorId,
    queueDay,
    ticket: { letter: OLD_LETTER, number },
    type: 'EXAMINATION',
    priority,
    boosted: true,
    orderKey: fact.at,
    orderReason: null,
    mergedInto: null,
    fee: FEE,
    status,
    transitions: WAY[status].map((step, index) => ({
      id: TransitionId.parse(newId(time)),
      status: step,
      ...fact,
      at: stampAt(time + index * 5_000),
      undoes: null,
      reason: null,
    })),
    calls: [],
    created: fact,
    marks: {},
    superseded: [],
    settled: [],
  })
  if (!isPaid) return
  made.entries.push({
    id: EntryId.parse(newId(time)),
    clinicId: BENCH_CLINIC,
    visitId,
    patientId: patient.id,
    queueDay,
    ...fact,
    body: {
      kind: 'PAYMENT',
      amount: FEE,
      method: 'CASH',
      receipt: { letter: OLD_LETTER, number: Number(fact.at.slice(5, 12)) + 1 },
    },
  })
}

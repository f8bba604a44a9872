import type { GeneratedPatient } from './patients.ts'
import type { Random } from './random.ts'

/** A wish to be seen, before the session it falls into is run. */
export interface PlannedVisit {
  readonly patientIndex: number
  /** Whole years, about; 30 where the birth date is not known. */
  readonly age: number
  readonly type: 'EXAMINATION' | 'FOLLOW_UP' | 'PROCEDURE'
  readonly isFree: boolean
}

export interface PlannedSession {
  readonly queueDay: string
  readonly doctorIndex: number
  readonly visits: readonly PlannedVisit[]
}

export interface Demand {
  readonly patients: readonly GeneratedPatient[]
  readonly random: Random
  readonly today: string
  readonly years: number
  readonly doctorCount: number | null
}

/** Days are counted from the Unix epoch; 1 January 1970 was a Thursday. */
type Day = number

const MS_PER_DAY = 86_400_000
const MAX_PER_SESSION = 80
const USUAL_PER_SESSION = 45
/** How long after an examination the patient is asked to come back, in days. */
const FOLLOW_UP_DAYS = { from: 5, to: 14 } as const
/** A follow-up is free up to this many days after the examination. */
const FREE_DAYS = 10

/** The sessions of the history in order of day and doctor; those without visits are left out. */
export function planDemand(demand: Demand): PlannedSession[] {
  const todayDay: Day = Math.floor(Date.parse(demand.today) / MS_PER_DAY)
  const firstDay = todayDay - Math.round(demand.years * 365.25)
  const byDay: PlannedVisit[][] = Array.from({ length: todayDay - firstDay }, () => [])
  let total = 0
  for (const [patientIndex, patient] of demand.patients.entries()) {
    const age = ageOn(patient.birthDate, demand.today)
    for (const { day, visit } of planPatient(
      { patientIndex, age, firstDay, todayDay },
      demand.random,
    )) {
      byDay[openDay(day) - firstDay]?.push(visit)
      total += 1
    }
  }
  const openDays = Math.max(1, Math.floor((byDay.length * 6) / 7))
  const doctorCount =
    demand.doctorCount ?? Math.max(1, Math.ceil(total / openDays / USUAL_PER_SESSION))
  return layOut(byDay, firstDay, doctorCount)
}

interface PatientSpan {
  readonly patientIndex: number
  readonly age: number
  readonly firstDay: Day
  readonly todayDay: Day
}

interface DatedVisit {
  readonly day: Day
  readonly visit: PlannedVisit
}

function planPatient(
  { patientIndex, age, firstDay, todayDay }: PatientSpan,
  random: Random,
): DatedVisit[] {
  const plans: DatedVisit[] = []
  // The elderly and the small come again; most others had one complaint.
  const comesAgain = age >= 50 ? 0.6 : age < 6 ? 0.5 : 0.3
  let day = random.int(firstDay, todayDay - 1)
  for (;;) {
    const type = random.chance(0.06) ? 'PROCEDURE' : 'EXAMINATION'
    plans.push({ day, visit: { patientIndex, age, type, isFree: false } })
    if (random.chance(0.4)) {
      const after = random.int(FOLLOW_UP_DAYS.from, FOLLOW_UP_DAYS.to)
      const isFree = after <= FREE_DAYS
      plans.push({ day: day + after, visit: { patientIndex, age, type: 'FOLLOW_UP', isFree } })
    }
    if (!random.chance(comesAgain)) return plans
    day += random.int(21, 240)
    if (day >= todayDay) return plans
  }
}

function layOut(byDay: PlannedVisit[][], firstDay: Day, doctorCount: number): PlannedSession[] {
  const sessions: PlannedSession[] = []
  for (const [offset, visits] of byDay.entries()) {
    const queueDay = new Date((firstDay + offset) * MS_PER_DAY).toISOString().slice(0, 10)
    const nextOpen = byDay[openDay(firstDay + offset + 1) - firstDay]
    for (let doctorIndex = 0; doctorIndex < doctorCount; doctorIndex += 1) {
      // Each patient stays with one doctor.
      const own = visits.filter(({ patientIndex }) => patientIndex % doctorCount === doctorIndex)
      const fitting = own.slice(0, MAX_PER_SESSION)
      // What is too much for the day comes on the next open one; on the last day, not at all.
      nextOpen?.push(...own.slice(fitting.length))
      if (fitting.length > 0) sessions.push({ queueDay, doctorIndex, visits: fitting })
    }
  }
  return sessions
}

/** Clinics rest on Friday: its patients come on Saturday. */
function openDay(day: Day): Day {
  const isFriday = (((day + 4) % 7) + 7) % 7 === 5
  return isFriday ? day + 1 : day
}

function ageOn(birthDate: string | null, today: string): number {
  if (birthDate === null) return 30
  return Math.floor((Date.parse(today) - Date.parse(birthDate)) / (MS_PER_DAY * 365.2425))
}

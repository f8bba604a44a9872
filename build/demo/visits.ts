import { planDemand, type PlannedVisit } from './visit-demand.ts'
import type { GeneratedPatient } from './patients.ts'
import { createRandom, createWeightedPick, type Random } from './random.ts'

/** One visit of the past as plain facts; the seeder makes documents of them. Instants are ISO UTC. */
export interface GeneratedVisit {
  /** Index into the patients the history was made for. */
  readonly patientIndex: number
  /** YYYY-MM-DD, the clinic's date less its cut-over hour: a session runs on past midnight. */
  readonly queueDay: string
  readonly arrivedAt: string
  /** Null for CANCELED. */
  readonly calledAt: string | null
  /** Null unless DONE, as is `finishedAt`. */
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly type: 'EXAMINATION' | 'FOLLOW_UP' | 'PROCEDURE'
  readonly priority: 'NORMAL' | 'URGENT' | 'COURTESY'
  readonly doctorIndex: number
  readonly outcome: 'DONE' | 'NO_SHOW' | 'CANCELED'
  /** Hundredths of an Egyptian pound; 0 for a free follow-up and for what did not take place. */
  readonly feePiastres: number
  /** Null when there was nothing to pay. */
  readonly paidMethod: PaidMethod | null
}

export type PaidMethod = 'CASH' | 'CARD' | 'INSTAPAY' | 'WALLET' | 'INSURER' | 'CREDIT'

export interface VisitHistoryGeneration {
  readonly patients: readonly GeneratedPatient[]
  readonly seed: number
  /** ISO date; the history ends the day before. */
  readonly today: string
  readonly years?: number
  /** When not given, as many as the patients need at about 45 visits a session. */
  readonly doctorCount?: number
}

/**
 * The visits of some years, in order of queue day, doctor and arrival. Each doctor holds an evening
 * session Saturday to Thursday, sees one patient at a time, urgent ones first, at most 80 a session.
 * The same for the same arguments; about 2.2 visits a patient.
 */
export function generateVisitHistory(generation: VisitHistoryGeneration): GeneratedVisit[] {
  const { patients, seed, today, years = 3 } = generation
  const random = createRandom(seed)
  const sessions = planDemand({
    patients,
    random,
    today,
    years,
    doctorCount: generation.doctorCount ?? null,
  })
  return sessions.flatMap(({ queueDay, doctorIndex, visits }) => {
    const opensAt =
      Date.parse(`${queueDay}T00:00:00Z`) + OPENING_HOUR * HOUR - cairoOffset(queueDay)
    return runSession({ queueDay, doctorIndex, opensAt, random }, visits)
  })
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const OPENING_HOUR = 17
const SESSION_HOURS = 3.5

const cairoClock = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Africa/Cairo',
  hour: 'numeric',
  hourCycle: 'h23',
})

/** Milliseconds ahead of UTC on the evening of that day: two hours, in summer three. */
function cairoOffset(queueDay: string): number {
  const atFifteen = new Date(`${queueDay}T15:00:00Z`)
  return (Number(cairoClock.format(atFifteen)) - 15) * HOUR
}

interface Session {
  readonly queueDay: string
  readonly doctorIndex: number
  readonly opensAt: number
  readonly random: Random
}

interface WaitingVisit {
  readonly planned: PlannedVisit
  readonly arrivedAt: number
  readonly priority: GeneratedVisit['priority']
  readonly outcome: GeneratedVisit['outcome']
}

const OUTCOMES = [
  { outcome: 'DONE', weight: 92 },
  { outcome: 'NO_SHOW', weight: 5 },
  { outcome: 'CANCELED', weight: 3 },
] as const
const pickOutcome = createWeightedPick(OUTCOMES)

function runSession(session: Session, planned: readonly PlannedVisit[]): GeneratedVisit[] {
  const waiting = planned
    .map((visit) => arrive(visit, session))
    .toSorted((one, other) => one.arrivedAt - other.arrivedAt)
  const visits: GeneratedVisit[] = []
  let freeAt = session.opensAt
  while (waiting.length > 0) {
    const [next] = waiting.splice(nextIndex(waiting, freeAt), 1)
    if (next === undefined) break
    const turn = takeTurn(next, Math.max(freeAt, next.arrivedAt + MINUTE), session)
    visits.push(turn.visit)
    freeAt = turn.freeAt
  }
  return visits.toSorted((one, other) => (one.arrivedAt < other.arrivedAt ? -1 : 1))
}

/** Urgent before courtesy before the rest among those present; else whoever comes first. */
function nextIndex(waiting: readonly WaitingVisit[], at: number): number {
  for (const priority of ['URGENT', 'COURTESY'] as const) {
    const index = waiting.findIndex((one) => one.arrivedAt <= at && one.priority === priority)
    if (index >= 0) return index
  }
  return 0
}

function arrive(planned: PlannedVisit, { opensAt, random }: Session): WaitingVisit {
  // A third is at the door before it opens; the others come through the session.
  const arrivedAt = random.chance(0.35)
    ? opensAt - random.int(0, 45 * MINUTE)
    : opensAt + random.int(0, SESSION_HOURS * HOUR)
  const isCourtesy = planned.age >= 70 && random.chance(0.5)
  const priority = random.chance(0.06) ? 'URGENT' : isCourtesy ? 'COURTESY' : 'NORMAL'
  return { planned, arrivedAt, priority, outcome: pickOutcome(random).outcome }
}

const MINUTES = {
  EXAMINATION: { from: 4, to: 10 },
  FOLLOW_UP: { from: 2, to: 5 },
  PROCEDURE: { from: 8, to: 16 },
} as const

function takeTurn(
  { planned, arrivedAt, priority, outcome }: WaitingVisit,
  startedAt: number,
  { queueDay, doctorIndex, random }: Session,
): { readonly visit: GeneratedVisit; readonly freeAt: number } {
  const { from, to } = MINUTES[planned.type]
  const calledAt = startedAt - random.int(5, 50) * 1_000
  const finishedAt = startedAt + random.int(from * MINUTE, to * MINUTE)
  const isDone = outcome === 'DONE'
  const fee = isDone ? feeOf(planned, priority, queueDay) : 0
  const visit: GeneratedVisit = {
    patientIndex: planned.patientIndex,
    queueDay,
    arrivedAt: toIso(arrivedAt),
    calledAt: outcome === 'CANCELED' ? null : toIso(calledAt),
    startedAt: isDone ? toIso(startedAt) : null,
    finishedAt: isDone ? toIso(finishedAt) : null,
    type: planned.type,
    priority,
    doctorIndex,
    outcome,
    feePiastres: fee,
    paidMethod: fee > 0 ? pickMethod(random).method : null,
  }
  // A called patient who is not there costs a minute; the doctor writes for half a minute after.
  const freeAt = isDone
    ? finishedAt + 30_000
    : outcome === 'NO_SHOW'
      ? startedAt + MINUTE
      : startedAt
  return { visit, freeAt }
}

const METHODS = [
  { method: 'CASH', weight: 70 },
  { method: 'CARD', weight: 5 },
  { method: 'INSTAPAY', weight: 12 },
  { method: 'WALLET', weight: 7 },
  { method: 'INSURER', weight: 5 },
  { method: 'CREDIT', weight: 1 },
] as const satisfies readonly { readonly method: PaidMethod; readonly weight: number }[]
const pickMethod = createWeightedPick(METHODS)

const EXAMINATION_PIASTRES = 30_000
const YEARLY_RISE_PIASTRES = 5_000
const RISES_FROM_YEAR = 2024

/** An examination costs more each year; a follow-up is free or a third; urgent is half again. */
function feeOf(
  { type, isFree }: PlannedVisit,
  priority: GeneratedVisit['priority'],
  queueDay: string,
): number {
  if (isFree) return 0
  const years = Math.max(0, Number(queueDay.slice(0, 4)) - RISES_FROM_YEAR)
  const examination = EXAMINATION_PIASTRES + years * YEARLY_RISE_PIASTRES
  const base = { EXAMINATION: 1, FOLLOW_UP: 1 / 3, PROCEDURE: 2 }[type] * examination
  const withUrgency = priority === 'URGENT' ? base * 1.5 : base
  // To five pounds, as prices are.
  return Math.round(withUrgency / 500) * 500
}

function toIso(ms: number): string {
  return new Date(ms).toISOString()
}

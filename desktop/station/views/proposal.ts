import type { Doctor, Settings } from '#shared/clinic.ts'
import type { CalendarDate } from '#shared/fields.ts'
import type { UserId } from '#shared/ids.ts'
import { queueDayOf } from '#shared/queue-day.ts'
import { standingMerge, type Visit, VisitType } from '#shared/visit.ts'
import { priceOf } from '../commands/check-in.ts'
import { toldWait } from '../commands/told-wait.ts'
import { ticketText } from '../commands/ticket-text.ts'
import type { ProposalView } from '../contract/proposal-view.ts'
import type { QueryParams } from '../contract/queries.ts'
import { findWhere } from './live-documents.ts'
import { requireSight } from './sight.ts'
import type { ClinicDeps, View } from './view.ts'

/** Follow-ups are few and recent: so many visits back are looked at. */
const VISITS_BACK = 100

export function proposalView(
  deps: ClinicDeps,
  params: QueryParams<'proposal'>,
): View<ProposalView> {
  const { replica } = deps
  let minute = 0
  return {
    compute() {
      minute = minuteOf(replica.now())
      return computeProposal(deps, params)
    },
    // A turn is told by the clock: a form that stands open for a while would promise what is past.
    dependsOn: ({ collections, session, clock }) =>
      collections.has('visits') ||
      collections.has('clinic') ||
      session ||
      (clock && minuteOf(replica.now()) !== minute),
  }
}

function minuteOf(now: number): number {
  return Math.floor(now / 60_000)
}

async function computeProposal(
  { replica, session }: ClinicDeps,
  { patientId, doctorId: chosen }: QueryParams<'proposal'>,
): Promise<ProposalView> {
  requireSight(session.require().roles, 'QUEUE')
  const { read } = replica
  const settings = read.settings()
  const now = replica.now()
  const today = queueDayOf(now, settings)
  const visits = patientId === null ? [] : read.visitsOfPatient(patientId, VISITS_BACK)
  const doctors = read.doctors().filter(({ active }) => active)
  const doctorId = proposeDoctor(visits, doctors, chosen)
  const days =
    doctorId === null
      ? null
      : followUpAfter(visits, {
          doctorId,
          today,
          within: followUpDays(doctors, doctorId, settings),
        })
  const ofToday = await findWhere(replica.database.collections.visits, { queueDay: today })
  const waiting = waitingByDoctor(ofToday)
  const prices = { prices: read.prices(), settings }
  const nameOfDoctor = new Map(read.doctors().map(({ doctorId, name }) => [doctorId, name]))
  return {
    doctorId,
    visitType: days === null ? 'EXAMINATION' : 'FOLLOW_UP',
    daysSinceExamination: days,
    doctors: doctors.map((doctor) => ({
      doctorId: doctor.doctorId,
      name: doctor.name,
      room: doctor.room,
      waiting: waiting.get(doctor.doctorId) ?? 0,
      turn: toldWait(
        ofToday,
        { doctorId: doctor.doctorId, before: waiting.get(doctor.doctorId) ?? 0 },
        now,
      ),
      prices: VisitType.options.map((visitType) => ({
        visitType,
        amount: priceOf(prices, doctor.doctorId, visitType),
      })),
    })),
    courtesyEnabled: settings.courtesyEnabled,
    today: visits
      .filter((visit) => visit.queueDay === today && standingMerge(visit) === null)
      .map((visit) => ({
        visitId: visit.id,
        ticket: ticketText(read, visit.ticket),
        doctorName: nameOfDoctor.get(visit.doctorId) ?? '',
        status: visit.status,
      })),
  }
}

/** Each doctor's own number of days; the clinic's where they have none. */
function followUpDays(
  doctors: readonly Doctor[],
  doctorId: UserId,
  settings: Pick<Settings, 'followUpDays'>,
): number {
  const doctor = doctors.find((line) => line.doctorId === doctorId)
  return doctor?.followUpDays ?? settings.followUpDays
}

const TOOK_NO_PLACE: readonly Visit['status'][] = ['CANCELED', 'NO_SHOW']

/**
 * The one chosen; else the doctor of the patient's last visit, if they still have a line here; else
 * the first of the clinic's.
 *
 * @param visits of the patient, latest first
 * @param doctors who have a line, in the clinic's order
 */
export function proposeDoctor(
  visits: readonly Visit[],
  doctors: readonly Pick<Doctor, 'doctorId'>[],
  chosen: UserId | null,
): UserId | null {
  const hasLine = (id: UserId): boolean => doctors.some(({ doctorId }) => doctorId === id)
  if (chosen !== null && hasLine(chosen)) return chosen
  const last = visits.find(
    ({ status, doctorId }) => !TOOK_NO_PLACE.includes(status) && hasLine(doctorId),
  )
  return last?.doctorId ?? doctors[0]?.doctorId ?? null
}

/**
 * The days since an examination by this doctor that a follow-up is still due for, or null: within
 * so many days, and no follow-up of it had yet. A follow-up still in the line uses it up.
 *
 * @param visits of the patient, latest first
 */
export function followUpAfter(
  visits: readonly Visit[],
  due: { doctorId: UserId; today: CalendarDate; within: number },
): number | null {
  const latest = visits
    .filter((visit) => visit.doctorId === due.doctorId && visit.type !== 'PROCEDURE')
    .filter((visit) => countsOn(visit, due.today))
    .toSorted((a, b) => (a.created.at < b.created.at ? 1 : -1))[0]
  if (latest?.type !== 'EXAMINATION' || !TOOK_PLACE.includes(latest.status)) return null
  const days = daysBetween(latest.queueDay, due.today)
  return days >= 0 && days <= due.within ? days : null
}

const TOOK_PLACE: readonly Visit['status'][] = ['WITH_DOCTOR', 'DONE']

/** What was left waiting on an earlier day never was; what waits today still will be. */
function countsOn({ status, queueDay }: Visit, today: CalendarDate): boolean {
  if (TOOK_PLACE.includes(status)) return true
  return queueDay === today && !TOOK_NO_PLACE.includes(status)
}

function daysBetween(from: CalendarDate, to: CalendarDate): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000)
}

function waitingByDoctor(ofToday: readonly Visit[]): Map<UserId, number> {
  const waiting = new Map<UserId, number>()
  for (const { doctorId, status } of ofToday) {
    if (status === 'WAITING') waiting.set(doctorId, (waiting.get(doctorId) ?? 0) + 1)
  }
  return waiting
}

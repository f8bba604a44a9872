import type { Doctor, Settings } from '#shared/clinic.ts'
import type { CalendarDate } from '#shared/fields.ts'
import type { PatientId, UserId } from '#shared/ids.ts'
import { addDays, queueDayOf } from '#shared/queue-day.ts'
import { sortLine } from '#shared/queue-order.ts'
import { can, type VisitStatus } from '#shared/roles.ts'
import { stampsFrom } from '#shared/stamp.ts'
import type { Visit } from '#shared/visit.ts'
import { UNDO_WINDOW_MS } from '#shared/visit-fold.ts'
import { duplicateVisits } from '../commands/duplicate-visits.ts'
import { ticketTexts } from '../commands/ticket-text.ts'
import { lastOwnStep } from '../commands/undo.ts'
import type { BoardView, LineView, VisitRow } from '../contract/board-view.ts'
import type { Replica } from '../replica/replica.ts'
import type { Person } from '../session/current-session.ts'
import { boardAccounts } from './board-accounts.ts'
import { kept } from './kept.ts'
import { hasSameItems, keptById, keptWhere } from './live-documents.ts'
import { requireSight, seesAccounts, visitActions } from './sight.ts'
import type { ClinicDeps, View } from './view.ts'
import { foldOf, type RowContext, visitRows } from './visit-row.ts'

/** The lines of today: computed from today's documents alone, however many patients there are. */
export function boardView(deps: ClinicDeps): View<BoardView> {
  const compute = boardComputer(deps)
  return {
    compute,
    dependsOn: (change) =>
      change.collections.size > 0 || change.outbox || change.session || change.sync || change.clock,
  }
}

/** A clinic that never closes its days must not pay for it with every change of today's. */
const LEFT_OPEN_SHOWN = 100

const OPEN: readonly VisitStatus[] = ['WAITING', 'WITH_ASSISTANT', 'WITH_DOCTOR']

/** Of a day's two hundred visits a command changes one: what the others are made of is kept. */
function boardComputer({ replica, session, contacts }: ClinicDeps): () => Promise<BoardView> {
  const { visits, patients } = replica.database.collections
  const findToday = keptWhere(visits)
  const findBefore = keptWhere(visits)
  const findLeft = keptWhere(visits)
  const findPatients = keptById(patients)
  const findAccounts = boardAccounts(replica)
  const actionsOf = kept(visitActions, (roles, settings) => [roles, settings])
  const ticketsOf = kept(
    () => ticketTexts(replica.read),
    () => [replica.read.stations(), replica.read.hasTicketsGivenAnew()],
  )
  const severalOf = kept(severalToday, (today) => [today])
  const duplicatesOf = kept(
    (today: readonly Visit[], leftOpen: readonly Visit[]) =>
      new Set(
        duplicateVisits([...today, ...leftOpen]).flatMap((group) => group.map(({ id }) => id)),
      ),
    (...lists) => lists,
  )
  const dayBefore = kept(
    (day: CalendarDate) => addDays(day, -1),
    (day) => [day],
  )
  const shownOf = kept(
    (left: readonly Visit[]) => left.toSorted(byPlace).slice(-LEFT_OPEN_SHOWN),
    (left) => [left],
  )
  const rows = visitRows()
  const lines = lineMaker()

  return async () => {
    const person = session.require()
    requireSight(person.roles, 'QUEUE')
    const settings = replica.read.settings()
    const queueDay = queueDayOf(replica.now(), settings)
    const [today, before, left] = await Promise.all([
      findToday({ queueDay }),
      findBefore({ queueDay: dayBefore(queueDay) }),
      // Not those of today: each of its changes would make this list anew as well.
      findLeft({ status: { $in: [...OPEN] }, queueDay: { $lt: queueDay } }),
    ])
    const leftOpen = shownOf(left)
    const seesMoney = seesAccounts(person.roles, settings)
    const rowOf = rows({
      ticketText: ticketsOf(),
      patients: await findPatients(patientsOf(today, leftOpen)),
      accounts: seesMoney ? await findAccounts(today, leftOpen) : null,
      actions: actionsOf(person.roles, settings),
      severalToday: severalOf(today),
      duplicates: duplicatesOf(today, leftOpen),
      undo: undoableOf(replica, person, [today, left, before]),
      pending: replica.pendingOf('visits'),
    })
    return {
      queueDay,
      leftOpen: leftOpen.map(rowOf),
      leftOpenCount: left.length,
      lines: linesOf(replica, today).map((line) => lines(line, settings, rowOf)),
      notHeardFrom: contacts()
        .filter(({ stationId, live }) => stationId !== replica.stationId && !live)
        .map(({ stationId, name, lastContact }) => ({ stationId, name, since: lastContact })),
    }
  }
}

function patientsOf(today: readonly Visit[], leftOpen: readonly Visit[]): PatientId[] {
  const ids = new Set<PatientId>()
  for (const { patientId } of today) ids.add(patientId)
  for (const { patientId } of leftOpen) ids.add(patientId)
  return [...ids]
}

function severalToday(today: readonly Visit[]): RowContext['severalToday'] {
  const statuses = new Map<Visit['patientId'], VisitStatus[]>()
  for (const { patientId, status } of today) {
    const known = statuses.get(patientId)
    if (known === undefined) statuses.set(patientId, [status])
    else known.push(status)
  }
  for (const [patientId, of] of statuses) if (of.length === 1) statuses.delete(patientId)
  return statuses
}

/** Steps older than the window cannot be undone: only visits touched within it are looked at. */
function undoableOf(
  replica: Replica,
  person: Person,
  visits: readonly (readonly Visit[])[],
): RowContext['undo'] {
  const now = replica.now()
  const since = stampsFrom(now - UNDO_WINDOW_MS)
  const recent: Visit[] = []
  for (const list of visits) {
    for (const visit of list) {
      if (visit.transitions.some(({ at }) => at >= since)) recent.push(visit)
    }
  }
  const own = lastOwnStep(
    recent.map((visit) => [visit, foldOf(visit)]),
    { by: person.userId, stationId: replica.stationId },
  )
  if (own === null || !own.isLast || now > own.until) return null
  const { narrowing } = replica.read.settings()
  // An undone check-in is a cancellation, and asks for that right.
  if (own.isCheckIn && !can(person.roles, own.visit.status, 'CANCEL', narrowing)) return null
  return { visitId: own.visit.id, until: own.until }
}

interface DoctorsLine {
  doctor: Pick<Doctor, 'doctorId' | 'name' | 'room' | 'specialty'>
  visits: readonly Visit[]
}

/** One line for each doctor who has one, and for each who no longer has but was visited today. */
function linesOf(replica: Replica, today: readonly Visit[]): DoctorsLine[] {
  const byDoctor = Map.groupBy(today, ({ doctorId }) => doctorId)
  const doctors = replica.read.doctors()
  const unknown = [...byDoctor.keys()].filter(
    (id) => !doctors.some(({ doctorId }) => doctorId === id),
  )
  return [
    ...doctors.filter(({ active, doctorId }) => active || byDoctor.has(doctorId)),
    ...unknown.map((doctorId: UserId) => ({ doctorId, name: '', room: '', specialty: '' })),
  ].map((doctor) => ({ doctor, visits: byDoctor.get(doctor.doctorId) ?? [] }))
}

type Sections = 'withDoctor' | 'withAssistant' | 'waiting' | 'done' | 'aside'
type OrderedLine = Record<Sections, readonly Visit[]>

/** Makes the lines time after time: one whose visits are the same stands in the same order. */
function lineMaker(): (
  line: DoctorsLine,
  settings: Settings,
  rowOf: (visit: Visit) => VisitRow,
) => LineView {
  const known = new Map<
    UserId,
    { visits: readonly Visit[]; settings: Settings; ordered: OrderedLine }
  >()
  const orderOf = (
    { doctor: { doctorId }, visits }: DoctorsLine,
    settings: Settings,
  ): OrderedLine => {
    const before = known.get(doctorId)
    if (before?.settings === settings && hasSameItems(before.visits, visits)) return before.ordered
    const ordered = orderLine(visits, settings)
    known.set(doctorId, { visits, settings, ordered })
    return ordered
  }
  return (line, settings, rowOf) => {
    const { doctor } = line
    const { withDoctor, withAssistant, waiting, done, aside } = orderOf(line, settings)
    return {
      doctorId: doctor.doctorId,
      doctorName: doctor.name,
      room: doctor.room,
      specialty: doctor.specialty,
      withDoctor: withDoctor.map(rowOf),
      withAssistant: withAssistant.map(rowOf),
      waiting: waiting.map(rowOf),
      done: done.map(rowOf),
      aside: aside.map(rowOf),
    }
  }
}

function orderLine(visits: readonly Visit[], settings: Settings): OrderedLine {
  const since = (visit: Visit): string => foldOf(visit).applied.at(-1)?.at ?? ''
  const byStatus = Map.groupBy(visits, ({ status }) => status)
  const inStatus = (...statuses: VisitStatus[]): Visit[] =>
    statuses
      .flatMap((status) => byStatus.get(status) ?? [])
      .toSorted((a, b) => compareText(since(a), since(b)))
  return {
    withDoctor: inStatus('WITH_DOCTOR'),
    withAssistant: inStatus('WITH_ASSISTANT'),
    waiting: sortLine(byStatus.get('WAITING') ?? [], settings),
    done: inStatus('DONE').toReversed(),
    aside: inStatus('CANCELED', 'NO_SHOW').toReversed(),
  }
}

function byPlace(a: Visit, b: Visit): number {
  return compareText(a.queueDay, b.queueDay) || compareText(a.orderKey, b.orderKey)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

import type { Doctor, Settings } from '#shared/clinic.ts'
import type { UserId, VisitId } from '#shared/ids.ts'
import { addDays, queueDayOf } from '#shared/queue-day.ts'
import { sortLine } from '#shared/queue-order.ts'
import { can, type VisitStatus } from '#shared/roles.ts'
import { stampTime } from '#shared/stamp.ts'
import { standingMerge, type Visit } from '#shared/visit.ts'
import { UNDO_WINDOW_MS } from '#shared/visit-fold.ts'
import { duplicateVisits } from '../commands/duplicate-visits.ts'
import { type Account, accountOf, entriesByAccount } from '../commands/paid.ts'
import { ticketTexts } from '../commands/ticket-text.ts'
import { lastOwnStep } from '../commands/undo.ts'
import type { BoardView, LineView, VisitRow } from '../contract/queries.ts'
import type { Replica } from '../replica/replica.ts'
import type { Person } from '../session/current-session.ts'
import { findById, findWhere } from './live-documents.ts'
import { requireSight, seesAccounts, visitActions } from './sight.ts'
import type { ClinicDeps, View } from './view.ts'
import { foldOf, type RowContext, visitRows } from './visit-row.ts'

/** The lines of today: computed from today's documents alone, however many patients there are. */
export function boardView(deps: ClinicDeps): View<BoardView> {
  const kept: Kept = { rows: visitRows(), actions: null }
  return {
    compute: () => computeBoard(deps, kept),
    dependsOn: (change) =>
      change.collections.size > 0 || change.outbox || change.session || change.sync || change.clock,
  }
}

/** A clinic that never closes its days must not pay for it with every change of today's. */
const LEFT_OPEN_SHOWN = 100

const OPEN: readonly VisitStatus[] = ['WAITING', 'WITH_ASSISTANT', 'WITH_DOCTOR']

/** What a watched board keeps from one time to the next. */
interface Kept {
  readonly rows: ReturnType<typeof visitRows>
  /** Of these roles under these settings. */
  actions: { roles: Person['roles']; settings: Settings; of: RowContext['actions'] } | null
}

function keptActions(kept: Kept, { roles }: Person, settings: Settings): RowContext['actions'] {
  if (kept.actions?.roles !== roles || kept.actions.settings !== settings) {
    kept.actions = { roles, settings, of: visitActions(roles, settings) }
  }
  return kept.actions.of
}

async function computeBoard(deps: ClinicDeps, kept: Kept): Promise<BoardView> {
  const { replica, session } = deps
  const person = session.require()
  requireSight(person.roles, 'QUEUE')
  const settings = replica.read.settings()
  const queueDay = queueDayOf(replica.now(), settings)
  const yesterday = addDays(queueDay, -1)
  const { visits } = replica.database.collections
  const [today, before, open] = await Promise.all([
    findWhere(visits, { queueDay }),
    findWhere(visits, { queueDay: yesterday }),
    findWhere(visits, { status: { $in: [...OPEN] } }),
  ])
  const leftBehind = open.filter((visit) => visit.queueDay < queueDay)
  const leftOpen = leftBehind.toSorted(byPlace).slice(-LEFT_OPEN_SHOWN)
  const context = await rowContext(
    { replica, person, today, leftOpen, actions: keptActions(kept, person, settings) },
    undoableOf(replica, person, [...today, ...leftBehind, ...before]),
  )
  const rowOf = kept.rows(context)
  return {
    queueDay,
    leftOpen: leftOpen.map(rowOf),
    leftOpenCount: leftBehind.length,
    lines: linesOf(replica, today).map((line) => makeLine(line, settings, rowOf)),
    notHeardFrom: deps
      .contacts()
      .filter(({ stationId, live }) => stationId !== replica.stationId && !live)
      .map(({ stationId, name, lastContact }) => ({ stationId, name, since: lastContact })),
  }
}

interface BoardVisits {
  replica: Replica
  person: Person
  today: readonly Visit[]
  leftOpen: readonly Visit[]
  actions: RowContext['actions']
}

async function rowContext(
  { replica, person, today, leftOpen, actions }: BoardVisits,
  undo: RowContext['undo'],
): Promise<RowContext> {
  const settings = replica.read.settings()
  const visits = [...today, ...leftOpen]
  const seesMoney = seesAccounts(person.roles, settings)
  return {
    ticketText: ticketTexts(replica.read),
    patients: await findById(replica.database.collections.patients, [
      ...new Set(visits.map(({ patientId }) => patientId)),
    ]),
    accounts: seesMoney ? await accountsOf(replica, today, leftOpen) : null,
    actions,
    severalToday: severalToday(today),
    duplicates: new Set(duplicateVisits(visits).flatMap((group) => group.map(({ id }) => id))),
    undo,
    pending: replica.pendingOf('visits'),
  }
}

async function accountsOf(
  replica: Replica,
  today: readonly Visit[],
  leftOpen: readonly Visit[],
): Promise<Map<VisitId, Account>> {
  const { entries } = replica.database.collections
  const [first] = today
  const ofToday = first === undefined ? [] : await findWhere(entries, { queueDay: first.queueDay })
  const old = [...leftOpen, ...(await mergedOnDaysOf(replica, leftOpen))]
  const ofOld = replica.read.entriesOfVisits(old.map(({ id }) => id))
  const visits = new Map([...today, ...old].map((visit) => [visit.id, visit]))
  const byVisit = entriesByAccount([...ofToday, ...ofOld], visits)
  return new Map([...visits].map(([id, visit]) => [id, accountOf(visit, byVisit.get(id) ?? [])]))
}

/** What was paid for a visit counts at the one it was merged into, which may be the one left open. */
async function mergedOnDaysOf(replica: Replica, leftOpen: readonly Visit[]): Promise<Visit[]> {
  if (leftOpen.length === 0) return []
  const days = [...new Set(leftOpen.map(({ queueDay }) => queueDay))]
  const { visits } = replica.database.collections
  const canceled = await findWhere(visits, { status: 'CANCELED', queueDay: { $in: days } })
  return canceled.filter((visit) => standingMerge(visit) !== null)
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
  visits: readonly Visit[],
): RowContext['undo'] {
  const now = replica.now()
  const isRecent = (visit: Visit): boolean =>
    visit.transitions.some(({ at }) => stampTime(at) >= now - UNDO_WINDOW_MS)
  const own = lastOwnStep(
    visits.filter(isRecent).map((visit) => [visit, foldOf(visit)]),
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

function makeLine(
  { doctor, visits }: DoctorsLine,
  settings: Settings,
  rowOf: (visit: Visit) => VisitRow,
): LineView {
  const since = (visit: Visit): string => foldOf(visit).applied.at(-1)?.at ?? ''
  const byStatus = Map.groupBy(visits, ({ status }) => status)
  const inStatus = (...statuses: VisitStatus[]): Visit[] =>
    statuses
      .flatMap((status) => byStatus.get(status) ?? [])
      .toSorted((a, b) => compareText(since(a), since(b)))
  return {
    doctorId: doctor.doctorId,
    doctorName: doctor.name,
    room: doctor.room,
    specialty: doctor.specialty,
    withDoctor: inStatus('WITH_DOCTOR').map(rowOf),
    withAssistant: inStatus('WITH_ASSISTANT').map(rowOf),
    waiting: sortLine(byStatus.get('WAITING') ?? [], settings).map(rowOf),
    done: inStatus('DONE').toReversed().map(rowOf),
    aside: inStatus('CANCELED', 'NO_SHOW').toReversed().map(rowOf),
  }
}

function byPlace(a: Visit, b: Visit): number {
  return compareText(a.queueDay, b.queueDay) || compareText(a.orderKey, b.orderKey)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

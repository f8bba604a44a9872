import type { PatientId, VisitId } from '#shared/ids.ts'
import type { Patient } from '#shared/patient.ts'
import { type Action, governingStatus, type VisitStatus } from '#shared/roles.ts'
import { type Stamp, stampTime } from '#shared/stamp.ts'
import type { Ticket } from '#shared/ticket.ts'
import type { Visit } from '#shared/visit.ts'
import { type FoldedVisit, foldVisit } from '#shared/visit-fold.ts'
import { standingCall } from '../commands/line.ts'
import type { Account } from '../commands/paid.ts'
import type { VisitRow } from '../contract/board-view.ts'
import { openConflicts } from './open-conflicts.ts'

/** What the rows of a board have in common. */
export interface RowContext {
  /** As shown; the same function while it says the same. */
  ticketText: (ticket: Ticket) => string
  patients: ReadonlyMap<string, Patient>
  /** The same account while nothing of it has changed. Null: this person does not see money. */
  accounts: ((visit: Visit) => Account) | null
  /** The same list for the same status, time after time. */
  actions: (status: VisitStatus) => Action[]
  /** The statuses of a patient's visits of today, where there are several. */
  severalToday: ReadonlyMap<PatientId, readonly VisitStatus[]>
  duplicates: ReadonlySet<VisitId>
  /** The visit whose last step this person may take back now, and until when (milliseconds). */
  undo: { visitId: VisitId; until: number } | null
  /** The visits that the server has not confirmed. */
  pending: ReadonlyMap<string, 'QUEUED' | 'HELD'>
}

export function instantOf(stamp: Stamp): string {
  return new Date(stampTime(stamp)).toISOString()
}

/** Everything beside the visit that `makeVisitRow` reads, as values or as objects that do not change. */
interface MadeOf {
  readonly patient: Patient | undefined
  readonly account: Account | undefined
  readonly ticketText: RowContext['ticketText']
  readonly pending: 'QUEUED' | 'HELD' | undefined
  readonly isDuplicate: boolean
  readonly actions: Action[]
  readonly mayNotEdit: boolean
  readonly undoUntil: number | null
}

/**
 * Makes the rows of one view, time after time. Of a day's two hundred a command changes one: whatever is
 * made of the same as before is the same row, and is neither made nor compared again.
 */
export function visitRows(): (context: RowContext) => (visit: Visit) => VisitRow {
  const shown = new WeakMap<Visit, { of: MadeOf; row: VisitRow }>()
  return (context) => (visit) => {
    const of = partsOf(visit, context)
    const known = shown.get(visit)
    if (known !== undefined && isSame(known.of, of)) return known.row
    const row = makeVisitRow(visit, context)
    shown.set(visit, { of, row })
    return row
  }
}

function partsOf(visit: Visit, context: RowContext): MadeOf {
  const { undo } = context
  return {
    patient: context.patients.get(visit.patientId),
    account: context.accounts?.(visit),
    ticketText: context.ticketText,
    pending: context.pending.get(visit.id),
    isDuplicate: context.duplicates.has(visit.id),
    actions: context.actions(visit.status),
    mayNotEdit: mayNotEdit(visit, context),
    undoUntil: undo?.visitId === visit.id ? undo.until : null,
  }
}

function isSame(one: MadeOf, other: MadeOf): boolean {
  return (
    one.patient === other.patient &&
    one.account === other.account &&
    one.ticketText === other.ticketText &&
    one.pending === other.pending &&
    one.isDuplicate === other.isDuplicate &&
    one.actions === other.actions &&
    one.mayNotEdit === other.mayNotEdit &&
    one.undoUntil === other.undoUntil
  )
}

function makeVisitRow(visit: Visit, context: RowContext): VisitRow {
  const patient = context.patients.get(visit.patientId)
  const account = context.accounts?.(visit)
  const pending = context.pending.get(visit.id)
  return {
    visitId: visit.id,
    patientId: visit.patientId,
    ticket: context.ticketText(visit.ticket),
    name: patient?.name ?? '',
    birthDate: patient?.birthDate ?? null,
    doctorId: visit.doctorId,
    type: visit.type,
    priority: visit.priority,
    boosted: visit.boosted,
    status: visit.status,
    ...historyOf(visit),
    orderReason: visit.orderReason,
    paid: account?.paid ?? null,
    balance: account?.balance ?? null,
    unsynced: pending === 'QUEUED',
    held: pending === 'HELD',
    flagged:
      context.duplicates.has(visit.id) ||
      openConflicts(visit, foldOf(visit)) ||
      (patient !== undefined && openConflicts(patient)),
    actions: rowActions(visit, context),
    undoUntil:
      context.undo?.visitId === visit.id ? new Date(context.undo.until).toISOString() : null,
  }
}

type History = Pick<VisitRow, 'waitingSince' | 'since' | 'calledAt' | 'calledRoom'>

const histories = new WeakMap<Visit, History>()

/** What a row says of the visit's past: told once for each revision. */
function historyOf(visit: Visit): History {
  const known = histories.get(visit)
  if (known !== undefined) return known
  const { applied } = foldOf(visit)
  const call = standingCall(visit, foldOf(visit))
  const waiting = applied.findLast(({ status }) => status === 'WAITING')
  const history = {
    waitingSince: instantOf(waiting?.at ?? visit.created.at),
    since: instantOf(applied.at(-1)?.at ?? visit.created.at),
    calledAt: call === null ? null : instantOf(call.at),
    calledRoom: call?.room ?? null,
  }
  histories.set(visit, history)
  return history
}

function rowActions(visit: Visit, context: RowContext): Action[] {
  const own = context.actions(visit.status)
  return mayNotEdit(visit, context) ? own.filter((action) => action !== 'EDIT_PATIENT') : own
}

/** With several visits today the strictest status governs whether the patient may be edited. */
function mayNotEdit(visit: Visit, { actions, severalToday }: RowContext): boolean {
  const statuses = severalToday.get(visit.patientId)
  if (statuses === undefined) return false
  const governing = governingStatus(statuses)
  return governing === 'NONE' || !actions(governing).includes('EDIT_PATIENT')
}

const folds = new WeakMap<Visit, FoldedVisit>()

/** The fold of a visit as views hold it: folded once for each revision. */
export function foldOf(visit: Visit): FoldedVisit {
  const known = folds.get(visit)
  if (known !== undefined) return known
  const folded = foldVisit(visit.transitions)
  folds.set(visit, folded)
  return folded
}

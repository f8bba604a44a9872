import type { Settings } from './clinic.ts'
import { type CommandChanges, readChanges, type VisitChange } from './command-shape.ts'
import { type Command, isVisitCommand, NEW_WORK, VISIT_COMMANDS } from './commands.ts'
import type { Entry } from './entry.ts'
import type { ErrorCode, ErrorDetails } from './errors.ts'
import type { CalendarDate } from './fields.ts'
import type { Money } from './money.ts'
import type { Patient } from './patient.ts'
import { addDays, queueDayOf } from './queue-day.ts'
import {
  type Action,
  can,
  governingStatus,
  type Role,
  type StatusKey,
  type VisitStatus,
} from './roles.ts'
import { stampTime } from './stamp.ts'
import { MERGED_REASON, type Visit } from './visit.ts'
import { foldVisit, isUndoneBy } from './visit-fold.ts'

/** The author's membership, in the history the station had seen. */
export interface Author {
  roles: readonly Role[]
  /** Whether the station already knew that they were no longer a member. */
  knownInactive: boolean
  /** When they were deactivated, if the station did not know (milliseconds), or null. */
  inactiveSince: number | null
}

/**
 * What the judge may ask. "As seen" means: from the transitions with a feed number up to `seen`,
 * and the station's own. On the station everything it holds is seen.
 */
export interface JudgeContext {
  settings: Settings
  /** Null: never a member of this clinic. */
  author: Author | null
  clinicClosed: { known: boolean; since: number } | null
  /** Whether new work was allowed at an instant (milliseconds), by the subscription of that time. */
  mayBeginWork: (at: number) => boolean
  patient: (id: string) => Patient | null
  visit: (id: string) => Visit | null
  visitAsSeen: (id: string) => Visit | null
  entry: (id: string) => Entry | null
  /** Refunds already made of a payment. */
  refundsOf: (paymentId: string) => readonly Entry[]
  /** As seen. */
  statusesOfPatient: (patientId: string, queueDay: CalendarDate) => readonly VisitStatus[]
}

export type Judgement =
  | { verdict: 'ACCEPTED'; changes: CommandChanges }
  | { verdict: 'HELD' | 'REJECTED'; code: ErrorCode; details: ErrorDetails }

interface Refused {
  code: ErrorCode
  details: ErrorDetails
}

function refuse(code: ErrorCode, details: ErrorDetails = {}): Refused {
  return { code, details }
}

/**
 * Judges a command by roles x status in the history its station had seen, and by membership and
 * subscription at its time (ARCHITECTURE 11-12). The same function refuses at the station and on
 * the server. REJECTED can never become right; HELD waits for a person or a payment.
 */
export function judgeCommand(command: Command, context: JudgeContext): Judgement {
  const changes = readChanges(command)
  if (changes === null) return { verdict: 'REJECTED', ...refuse('NOT_THE_COMMAND') }
  const refused = refuseAuthor(context) ?? refuseChanges(command, changes, context)
  if (refused !== null) return { verdict: 'REJECTED', ...refused }
  const held = holdCommand(command, context)
  if (held !== null) return { verdict: 'HELD', ...held }
  return { verdict: 'ACCEPTED', changes }
}

function refuseAuthor({ author }: JudgeContext): Refused | null {
  if (author === null) return refuse('FORBIDDEN')
  return author.knownInactive ? refuse('MEMBER_INACTIVE') : null
}

function holdCommand(command: Command, context: JudgeContext): Refused | null {
  const at = stampTime(command.at)
  const since = context.author?.inactiveSince ?? null
  if (since !== null && at >= since) return refuse('QUARANTINED', { reason: 'MEMBER_INACTIVE' })
  const closed = context.clinicClosed
  if (closed !== null && command.name === 'checkIn' && at >= closed.since) {
    return refuse('QUARANTINED', { reason: 'CLINIC_INACTIVE' })
  }
  if (NEW_WORK.includes(command.name) && !context.mayBeginWork(at)) return refuse('SUBSCRIPTION')
  return null
}

function refuseChanges(
  command: Command,
  changes: CommandChanges,
  context: JudgeContext,
): Refused | null {
  const { name } = command
  if (isVisitCommand(name)) {
    return firstOf(changes.visits, (change) => refuseVisitChange(command, change, context))
  }
  switch (name) {
    case 'registerPatient':
    case 'importPatients':
      return (
        refuseAction(
          name === 'registerPatient' ? 'REGISTER_PATIENT' : 'IMPORT_PATIENTS',
          'NONE',
          context,
        ) ?? refuseKnown(changes, context)
      )
    case 'editPatient':
      return firstOf(changes.patients, ({ next }) => refuseEdit(command, next.id, context))
    case 'checkIn':
      return refuseCheckIn(command, changes, context)
    case 'takePayment':
      return firstOf(changes.entries, (entry) => refusePayment(entry, context))
    case 'refund':
      return firstOf(changes.entries, (entry) => refuseRefund(entry, context))
    case 'undoLast':
      return firstOf(changes.visits, (change) => refuseUndo(change, context))
    case 'settleConflict':
      return refuseSettle(command, changes, context)
    case 'decideQuarantined':
      return refuseAction('DECIDE_QUARANTINE', 'NONE', context)
  }
}

function firstOf<T>(items: readonly T[], check: (item: T) => Refused | null): Refused | null {
  for (const item of items) {
    const refused = check(item)
    if (refused !== null) return refused
  }
  return null
}

function refuseAction(action: Action, status: StatusKey, context: JudgeContext): Refused | null {
  const roles = context.author?.roles ?? []
  return can(roles, status, action, context.settings.narrowing)
    ? null
    : refuse('FORBIDDEN', { action, status })
}

function refuseVisitChange(
  command: Command,
  change: VisitChange,
  context: JudgeContext,
): Refused | null {
  const { name } = command
  if (!isVisitCommand(name)) return refuse('NOT_THE_COMMAND')
  const seen = context.visitAsSeen(change.next.id)
  if (seen === null) return refuse('NOT_FOUND')
  const { status } = seen
  const rule = VISIT_COMMANDS[name]
  const from: readonly VisitStatus[] = rule.from
  if (!from.includes(status)) return refuse('UNLAWFUL_STEP', { status, command: name })
  const refused = refuseAction(rule.action, status, context)
  if (refused !== null) return refused
  const [step] = change.transitions
  if (step?.status === status) return refuse('UNLAWFUL_STEP', { status, command: name })
  if (name === 'reorder' && !givesReason(change)) return refuse('REASON_MISSING')
  return name === 'mergeVisits' ? refuseMerge(change, seen, context) : null
}

function givesReason({ next, fields }: VisitChange): boolean {
  return fields.includes('orderReason') && (next.orderReason ?? '').trim() !== ''
}

/** Into a visit that still brings the patient to the same doctor on the same day, or they wait in no line. */
function refuseMerge(change: VisitChange, seen: Visit, context: JudgeContext): Refused | null {
  const { mergedInto } = change.next
  const keep = mergedInto === null ? null : context.visitAsSeen(mergedInto)
  if (keep === null || keep.patientId !== seen.patientId) return refuse('NOT_FOUND')
  const { status } = keep
  if (status === 'CANCELED' || status === 'NO_SHOW') {
    return refuse('UNLAWFUL_STEP', { status, command: 'mergeVisits' })
  }
  const isSameLine = keep.doctorId === seen.doctorId && keep.queueDay === seen.queueDay
  return isSameLine ? null : refuse('INVALID', { issues: ['mergedInto'] })
}

function refuseKnown(changes: CommandChanges, context: JudgeContext): Refused | null {
  const isKnown =
    changes.patients.some(({ base, next }) => base === null && context.patient(next.id) !== null) ||
    changes.visits.some(({ base, next }) => base === null && context.visit(next.id) !== null) ||
    changes.entries.some(({ id }) => context.entry(id) !== null)
  return isKnown ? refuse('IMMUTABLE') : null
}

/** With several visits today the strictest status governs. */
function refuseEdit(command: Command, patientId: string, context: JudgeContext): Refused | null {
  if (context.patient(patientId) === null) return refuse('NOT_FOUND')
  const day = queueDayOf(stampTime(command.at), context.settings)
  const statuses = context.statusesOfPatient(patientId, day)
  return refuseAction('EDIT_PATIENT', governingStatus(statuses), context)
}

function refuseCheckIn(
  command: Command,
  changes: CommandChanges,
  context: JudgeContext,
): Refused | null {
  const [change] = changes.visits
  if (change === undefined) return refuse('NOT_THE_COMMAND')
  const visit = change.next
  const registers = changes.patients.length > 0
  const day = queueDayOf(stampTime(command.at), context.settings)
  // A day of leeway: the station may not yet have seen a change of the cut-over hour.
  const isToday = [addDays(day, -1), day, addDays(day, 1)].includes(visit.queueDay)
  if (!isToday) return refuse('INVALID', { issues: ['queueDay'] })
  // A new visit is its own subject: PRODUCT's column "no visit today".
  return (
    refuseAction('CHECK_IN', 'NONE', context) ??
    (registers ? refuseAction('REGISTER_PATIENT', 'NONE', context) : null) ??
    (changes.entries.length > 0 ? refuseAction('TAKE_PAYMENT', 'WAITING', context) : null) ??
    (registers || context.patient(visit.patientId) !== null ? null : refuse('NOT_FOUND')) ??
    firstOf(changes.entries, refuseAmount) ??
    firstOf([visit.fee, ...changes.entries.map(({ body }) => body.amount)], (amount) =>
      refuseCurrency(amount, context),
    ) ??
    (context.clinicClosed?.known === true ? refuse('CLINIC_INACTIVE') : null) ??
    refuseKnown(changes, context)
  )
}

function refuseAmount(entry: Entry): Refused | null {
  return entry.body.amount.minor > 0 ? null : refuse('INVALID', { issues: ['amount'] })
}

const CURRENCY = refuse('INVALID', { issues: ['currency'] })

/** Sums are added up without a rate of exchange: all of a clinic's are in one currency. */
function refuseCurrency({ currency }: Money, { settings }: JudgeContext): Refused | null {
  return currency === settings.currency ? null : CURRENCY
}

function refusePayment(entry: Entry, context: JudgeContext): Refused | null {
  const seen = context.visitAsSeen(entry.visitId)
  if (seen === null || seen.patientId !== entry.patientId) return refuse('NOT_FOUND')
  if (seen.queueDay !== entry.queueDay) return refuse('INVALID', { issues: ['queueDay'] })
  return (
    refuseAction('TAKE_PAYMENT', seen.status, context) ??
    refuseAmount(entry) ??
    refuseCurrency(entry.body.amount, context) ??
    (context.entry(entry.id) === null ? null : refuse('IMMUTABLE'))
  )
}

function refuseRefund(entry: Entry, context: JudgeContext): Refused | null {
  const seen = context.visitAsSeen(entry.visitId)
  if (seen === null || entry.body.kind !== 'REFUND') return refuse('NOT_FOUND')
  const payment = context.entry(entry.body.paymentId)
  if (payment?.body.kind !== 'PAYMENT' || payment.visitId !== entry.visitId) {
    return refuse('NOT_FOUND')
  }
  if (seen.patientId !== entry.patientId) return refuse('NOT_FOUND')
  if (seen.queueDay !== entry.queueDay) return refuse('INVALID', { issues: ['queueDay'] })
  // Given back in what was paid, whatever the clinic's currency is by now.
  if (entry.body.amount.currency !== payment.body.amount.currency) return CURRENCY
  const refused = refuseAction('REFUND', seen.status, context) ?? refuseAmount(entry)
  if (refused !== null) return refused
  if (context.entry(entry.id) !== null) return refuse('IMMUTABLE')
  const given = context.refundsOf(payment.id).reduce((sum, made) => sum + made.body.amount.minor, 0)
  if (given + entry.body.amount.minor > payment.body.amount.minor) return refuse('REFUND_OVER_PAID')
  const roles = context.author?.roles ?? []
  const isUnlimited = roles.includes('ACCOUNTANT') || roles.includes('ADMIN')
  return isUnlimited || entry.body.amount.minor <= context.settings.refundLimit.minor
    ? null
    : refuse('REFUND_OVER_LIMIT')
}

function refuseUndo(change: VisitChange, context: JudgeContext): Refused | null {
  const seen = context.visitAsSeen(change.next.id)
  const [undo] = change.transitions
  if (seen === null || undo === undefined) return refuse('NOT_FOUND')
  const { applied } = foldVisit(seen.transitions)
  const last = applied.at(-1)
  if (last === undefined || applied.length < 2) return refuse('NOTHING_TO_UNDO')
  if (!isUndoneBy(last, undo)) return refuse('UNDO_LATE')
  // The cancellation and `mergedInto` are one act: half of it undone is a visit that waits, and whose
  // payments count elsewhere.
  const undoesMerge = last.status === 'CANCELED' && last.reason === MERGED_REASON
  const isWhole = undoesMerge === change.fields.includes('mergedInto')
  return undo.status === last.status && isWhole ? null : refuse('NOT_THE_COMMAND')
}

/** Settling needs a right of the desk; putting a lost value back is an edit and is judged as one. */
function refuseSettle(
  command: Command,
  changes: CommandChanges,
  context: JudgeContext,
): Refused | null {
  return (
    firstOf(changes.visits, ({ next }) => {
      const seen = context.visitAsSeen(next.id)
      return seen === null
        ? refuse('NOT_FOUND')
        : refuseAction('SETTLE_CONFLICT', seen.status, context)
    }) ??
    firstOf(changes.patients, ({ next, fields }) =>
      fields.length > 0
        ? refuseEdit(command, next.id, context)
        : refuseAction('SETTLE_CONFLICT', 'NONE', context),
    )
  )
}

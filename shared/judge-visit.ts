import { type Change, type CommandChanges, stepsOf } from './change.ts'
import { type Command, isVisitCommand, VISIT_COMMANDS } from './commands.ts'
import {
  firstOf,
  invalid,
  isAboutToday,
  type JudgeContext,
  refuse,
  refuseAction,
  type Refused,
} from './judge-context.ts'
import { refuseAmount, refuseCurrency } from './judge-money.ts'
import type { VisitStatus } from './roles.ts'
import { MERGED_REASON, type Visit } from './visit.ts'
import { foldVisit, isUndoneBy } from './visit-fold.ts'

export function refuseVisitChange(
  command: Command,
  change: Change<'visits'>,
  context: JudgeContext,
): Refused | null {
  const { name } = command
  if (!isVisitCommand(name)) return refuse('NOT_THE_COMMAND')
  const seen = context.findSeen('visits', change.next.id)
  if (seen === null) return refuse('NOT_FOUND')
  const { status } = seen
  const rule = VISIT_COMMANDS[name]
  const from: readonly VisitStatus[] = rule.from
  if (!from.includes(status)) return refuse('UNLAWFUL_STEP', { status, command: name })
  const refused = refuseAction(rule.action, status, context)
  if (refused !== null) return refused
  const [step] = stepsOf(change)
  if (step?.status === status) return refuse('UNLAWFUL_STEP', { status, command: name })
  if (name === 'reorder' && !givesReason(change)) return refuse('REASON_MISSING')
  return name === 'mergeVisits' ? refuseMerge(change, seen, context) : null
}

function givesReason({ next, fields }: Change<'visits'>): boolean {
  return fields.includes('orderReason') && (next.orderReason ?? '').trim() !== ''
}

/** Into a visit that still brings the patient to the same doctor on the same day, or they wait in no line. */
function refuseMerge(change: Change<'visits'>, seen: Visit, context: JudgeContext): Refused | null {
  const { mergedInto } = change.next
  const keep = mergedInto === null ? null : context.findSeen('visits', mergedInto)
  if (keep === null || keep.patientId !== seen.patientId) return refuse('NOT_FOUND')
  const { status } = keep
  if (status === 'CANCELED' || status === 'NO_SHOW') {
    return refuse('UNLAWFUL_STEP', { status, command: 'mergeVisits' })
  }
  const isSameLine = keep.doctorId === seen.doctorId && keep.queueDay === seen.queueDay
  return isSameLine ? null : invalid('mergedInto')
}

export function refuseCheckIn(
  command: Command,
  changes: CommandChanges,
  context: JudgeContext,
): Refused | null {
  const [change] = changes.visits
  if (change === undefined) return refuse('NOT_THE_COMMAND')
  const visit = change.next
  const registers = changes.patients.length > 0
  if (!isAboutToday(visit.queueDay, command.at, context)) return invalid('queueDay')
  // A new visit is its own subject: PRODUCT's column "no visit today".
  return (
    refuseAction('CHECK_IN', 'NONE', context) ??
    (registers ? refuseAction('REGISTER_PATIENT', 'NONE', context) : null) ??
    (changes.entries.length > 0 ? refuseAction('TAKE_PAYMENT', 'WAITING', context) : null) ??
    (registers || context.find('patients', visit.patientId) !== null
      ? null
      : refuse('NOT_FOUND')) ??
    refuseCurrency(visit.fee, context) ??
    firstOf(changes.entries, ({ next }) =>
      next.body.kind === 'PAYMENT' ? refuseAmount(next.body.amount, context) : null,
    ) ??
    firstOf(changes.appointments, (change) => refuseArrival(change, context)) ??
    (context.clinicClosed?.known === true ? refuse('CLINIC_INACTIVE') : null)
  )
}

/** Of one who is expected; a no-show who came after all is one too. */
function refuseArrival({ next }: Change<'appointments'>, context: JudgeContext): Refused | null {
  const seen = context.findSeen('appointments', next.id)
  if (seen === null || seen.patientId !== next.patientId) return refuse('NOT_FOUND')
  const { status } = seen
  return status === 'BOOKED' || status === 'NO_SHOW'
    ? null
    : refuse('UNLAWFUL_STEP', { status, command: 'checkIn' })
}

export function refuseUndo(change: Change<'visits'>, context: JudgeContext): Refused | null {
  const seen = context.findSeen('visits', change.next.id)
  const [undo] = stepsOf(change)
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

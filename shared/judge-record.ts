import { bookingSteps, type Change, type CommandChanges } from './change.ts'
import type { Command, RecordCommandName } from './commands.ts'
import type { Addendum, Entry } from './entry.ts'
import type { CalendarDate, Fact } from './fields.ts'
import {
  firstOf,
  invalid,
  isAboutToday,
  type JudgeContext,
  refuse,
  type Refused,
} from './judge-context.ts'
import { refuseCurrency, refuseInvoice, refuseMoney } from './judge-money.ts'
import type { Prescription } from './prescription.ts'
import { queueDayOf } from './queue-day.ts'
import { mayView } from './roles.ts'
import { stampTime } from './stamp.ts'
import type { Visit } from './visit.ts'

/** What is asked of a command beyond the right to give it and that all it stands on is there. */
export function refuseRecord(
  name: RecordCommandName,
  { command, changes, visit }: { command: Command; changes: CommandChanges; visit: Visit | null },
  context: JudgeContext,
): Refused | null {
  switch (name) {
    case 'takePayment':
    case 'refund':
    case 'waiveFee':
    case 'voidInvoice':
      return firstOf(changes.entries, ({ next }) =>
        visit === null ? refuse('NOT_FOUND') : refuseMoney(next, visit, context),
      )
    case 'issueInvoice':
      return firstOf(changes.invoices, ({ next }) => refuseInvoice(next, context))
    case 'bookAppointment':
      return firstOf(changes.appointments, ({ next }) => refusePastDay(command, next.day, context))
    case 'moveAppointment':
    case 'cancelAppointment':
    case 'markAppointmentMissed':
      return firstOf(changes.appointments, (change) => refuseBooking(command, change, context))
    case 'writeNotes':
      return visit === null ? refuse('NOT_FOUND') : refuseLateNotes(command, visit, context)
    case 'recordVitals':
      return firstOf(changes.encounters, (change) =>
        refuseUnknown(change.next.vitals, ({ replaces }) => replaces),
      )
    case 'editAllergies':
      return firstOf(changes.patients, (change) => refuseAllergies(change, context))
    case 'draftPrescription':
    case 'finalizePrescription':
      return firstOf(changes.prescriptions, ({ base, next }) =>
        base === null && next.doctorId !== command.by ? invalid('doctorId') : null,
      )
    case 'appendAddendum':
      return firstOf(changes.entries, ({ next }) => refuseAddendum(next, context))
    case 'reviewResult':
      return firstOf(changes.labResults, ({ next }) => {
        const known = new Set<string>(next.results.map(({ id }) => id))
        const isKnown = next.reviews.every(({ resultIds }) =>
          resultIds.every((id) => known.has(id)),
        )
        return isKnown ? null : invalid('resultIds')
      })
    case 'countDrawer':
      return firstOf(changes.entries, ({ next }) => refuseCount(next, context))
    case 'moveStock':
      return firstOf(changes.entries, ({ next: { body } }) => {
        if (body.kind !== 'STOCK_MOVEMENT') return null
        const isSome = body.reason === 'COUNTED' ? body.quantity >= 0 : body.quantity !== 0
        return isSome ? null : invalid('quantity')
      })
    case 'recordConsent':
      return firstOf(changes.entries, ({ next }) =>
        next.patientId === null || next.visitId !== null ? invalid('patientId') : null,
      )
    case 'registerPatient':
    case 'importPatients':
    case 'editPatient':
    case 'decideQuarantined':
    case 'orderLab':
    case 'fileResult':
    case 'saveStockItem':
    case 'openRecord':
      return null
  }
}

function refusePastDay(command: Command, day: string, context: JudgeContext): Refused | null {
  const today = queueDayOf(stampTime(command.at), context.settings)
  return day >= today || isAboutToday(day, command.at, context) ? null : invalid('day')
}

/** Only who is still expected is moved, cancelled or missed. */
function refuseBooking(
  command: Command,
  change: Change<'appointments'>,
  context: JudgeContext,
): Refused | null {
  const seen = context.findSeen('appointments', change.next.id)
  if (seen === null) return refuse('NOT_FOUND')
  const { status } = seen
  if (status !== 'BOOKED') return refuse('UNLAWFUL_STEP', { status, command: command.name })
  return bookingSteps(change).length > 0 ? null : refusePastDay(command, change.next.day, context)
}

/** Notes of a visit that is over are completed until the cut-over; what comes later is an addendum. */
export function areNotesOpen({ status, queueDay }: Visit, today: CalendarDate): boolean {
  return status !== 'DONE' || today <= queueDay
}

function refuseLateNotes(command: Command, visit: Visit, context: JudgeContext): Refused | null {
  const today = queueDayOf(stampTime(command.at), context.settings)
  return areNotesOpen(visit, today) ? null : refuse('NOTES_CLOSED')
}

/** A fact that names another names one of the same document. */
function refuseUnknown<T extends Fact>(
  facts: readonly T[],
  named: (fact: T) => string | null,
): Refused | null {
  const known = new Set<string>(facts.map(({ id }) => id))
  return facts.every((fact) => {
    const id = named(fact)
    return id === null || (id !== fact.id && known.has(id))
  })
    ? null
    : refuse('NOT_FOUND')
}

/** Chronic conditions are a diagnosis: for who sees them. */
function refuseAllergies(
  { next, facts }: Change<'patients'>,
  { author }: JudgeContext,
): Refused | null {
  const conditions = facts['conditions']?.length ?? 0
  const allergies = facts['allergies']?.length ?? 0
  if (conditions + allergies === 0) return refuse('NOT_THE_COMMAND')
  if (conditions > 0 && !mayView(author?.roles ?? [], 'CLINICAL')) {
    return refuse('FORBIDDEN', { action: 'EDIT_ALLERGIES' })
  }
  return (
    refuseUnknown(next.allergies, ({ retracts }) => retracts) ??
    refuseUnknown(next.conditions, ({ retracts }) => retracts)
  )
}

function refuseAddendum(entry: Entry, context: JudgeContext): Refused | null {
  const { body } = entry
  if (body.kind !== 'ADDENDUM') return null
  const { relation, prescriptionId, replacementId } = body
  if ((relation === 'REPLACED_BY') !== (replacementId !== null)) return invalid('replacementId')
  if (prescriptionId === null) {
    // To the notes: there is nothing that could be cancelled.
    return relation === 'NOTE' || relation === 'CORRECTS' ? null : invalid('relation')
  }
  const about = context.find('prescriptions', prescriptionId)
  if (about?.status !== 'FINAL' || about.visitId !== entry.visitId) return refuse('NOT_FOUND')
  return refuseReplacement(about, body, context)
}

function refuseReplacement(
  about: Prescription,
  { replacementId }: Addendum,
  context: JudgeContext,
): Refused | null {
  if (replacementId === null) return null
  const replacement = context.find('prescriptions', replacementId)
  const isFit =
    replacement?.status === 'FINAL' &&
    replacement.patientId === about.patientId &&
    replacement.id !== about.id
  return isFit ? null : refuse('NOT_FOUND')
}

function refuseCount({ body, visitId }: Entry, context: JudgeContext): Refused | null {
  if (body.kind !== 'DRAWER_SHIFT' || visitId !== null) return invalid('visitId')
  if (body.counted.minor < 0) return invalid('counted')
  const opened = body.closes === null ? null : context.find('entries', body.closes)
  if (body.closes !== null) {
    if (opened?.body.kind !== 'DRAWER_SHIFT' || opened.body.closes !== null) {
      return refuse('NOT_FOUND')
    }
  }
  return refuseCurrency(body.counted, context)
}

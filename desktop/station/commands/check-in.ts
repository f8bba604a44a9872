import type { Price } from '#shared/clinic.ts'
import { AppError } from '#shared/errors.ts'
import { type PatientId, TransitionId, type UserId, VisitId } from '#shared/ids.ts'
import type { Money } from '#shared/money.ts'
import type { Patient } from '#shared/patient.ts'
import type { Priority, Visit, VisitType } from '#shared/visit.ts'
import type { ActionInput } from '../contract/actions.ts'
import type { ClinicDirectory, CommandDraft, CommandTx } from '../replica/replica.ts'
import { arrivalWrite } from './bookings.ts'
import { requirePatient } from './record-change.ts'
import { makePayment } from './money.ts'
import { makePatient, newPatientWrite } from './patients.ts'
import { requireDoctor } from './lines.ts'
import { ownFact, visitWrite } from './visit-change.ts'
import { today } from './visit-steps.ts'

/** @throws AppError INVALID if the clinic has switched courtesy off */
export function requirePriority(tx: CommandTx, priority: Priority): void {
  if (priority === 'COURTESY' && !tx.settings().courtesyEnabled) {
    throw new AppError('INVALID', { issues: ['priority'] })
  }
}

/** The doctor's own price, else the clinic's for every doctor, else nothing is asked. */
export function priceOf(
  {
    prices,
    settings,
  }: { prices: readonly Price[]; settings: ReturnType<ClinicDirectory['settings']> },
  doctorId: UserId,
  visitType: VisitType,
): Money {
  const ofType = prices.filter((price) => price.visitType === visitType)
  const price =
    ofType.find((one) => one.doctorId === doctorId) ?? ofType.find((one) => one.doctorId === null)
  return price?.amount ?? { minor: 0, currency: settings.currency }
}

/**
 * The ticket, the visit at the end of the doctor's line, and with them what the same hand does at
 * once: a new patient's registration, the payment and its receipt. All of it or nothing.
 */
export function checkIn(
  tx: CommandTx,
  input: ActionInput<'checkIn'>,
): CommandDraft<{ visitId: VisitId; patientId: PatientId }> {
  requireDoctor(tx, input.doctorId)
  requirePriority(tx, input.priority)
  const patient = patientOf(tx, input.patient)
  const visit = makeVisit(tx, patient.id, input)
  const payment = input.payment === null ? null : makePayment(tx, visit, input.payment)
  return {
    name: 'checkIn',
    writes: [
      ...(input.patient.kind === 'NEW' ? [newPatientWrite(patient)] : []),
      visitWrite(null, visit),
      ...(payment === null
        ? []
        : [{ collection: 'entries' as const, id: payment.id, base: null, next: payment }]),
      ...(input.appointmentId === undefined ? [] : [arrivalWrite(tx, input.appointmentId, visit)]),
    ],
    output: { visitId: visit.id, patientId: patient.id },
  }
}

function patientOf(tx: CommandTx, chosen: ActionInput<'checkIn'>['patient']): Patient {
  if (chosen.kind === 'NEW') return makePatient(tx, chosen.draft)
  return requirePatient(tx, chosen.patientId)
}

function makeVisit(
  tx: CommandTx,
  patientId: PatientId,
  { doctorId, visitType, priority }: ActionInput<'checkIn'>,
): Visit {
  const queueDay = today(tx)
  return {
    id: VisitId.parse(tx.newId()),
    clinicId: tx.clinicId,
    patientId,
    doctorId,
    queueDay,
    ticket: tx.nextTicket(queueDay),
    type: visitType,
    priority,
    boosted: true,
    orderKey: tx.at,
    orderReason: null,
    mergedInto: null,
    fee: priceOf({ prices: tx.prices(), settings: tx.settings() }, doctorId, visitType),
    status: 'WAITING',
    transitions: [
      {
        id: TransitionId.parse(tx.newId()),
        status: 'WAITING',
        ...ownFact(tx),
        undoes: null,
        reason: null,
      },
    ],
    calls: [],
    created: ownFact(tx),
    marks: {},
    superseded: [],
    settled: [],
  }
}

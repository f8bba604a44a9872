import {
  type Appointment,
  type AppointmentField,
  bookingCounter,
  bookingStatus,
} from '#shared/appointment.ts'
import type { Write } from '#shared/commands.ts'
import { AppError } from '#shared/errors.ts'
import { AppointmentId } from '#shared/ids.ts'
import type { Ticket } from '#shared/ticket.ts'
import type { Visit } from '#shared/visit.ts'
import type { ActionInput } from '../contract/actions.ts'
import type { CommandDraft, CommandTx } from '../replica/replica.ts'
import { requireDoctor } from './lines.ts'
import {
  changedFields,
  freshRecord,
  marksOf,
  newFact,
  recordWrite,
  requirePatient,
  requireRecord,
} from './record-change.ts'
import type { Nothing } from './visit-steps.ts'

/** The next booked number of that doctor's day at this station: a durable counter, never a count. */
function nextNumber(tx: CommandTx, place: Pick<Appointment, 'doctorId' | 'day'>): Ticket {
  return tx.nextNumber(bookingCounter(place))
}

export function bookAppointment(
  tx: CommandTx,
  { patientId, doctorId, day, time, visitType, note }: ActionInput<'bookAppointment'>,
): CommandDraft<{ appointmentId: AppointmentId; number: Ticket }> {
  const { clinicId } = requirePatient(tx, patientId)
  requireDoctor(tx, doctorId)
  const number = nextNumber(tx, { doctorId, day })
  const next: Appointment = {
    id: AppointmentId.parse(tx.newId()),
    clinicId,
    patientId,
    doctorId,
    day,
    time,
    number,
    type: visitType,
    note,
    status: 'BOOKED',
    steps: [{ ...newFact(tx), status: 'BOOKED', visitId: null, reason: null }],
    marks: {},
    ...freshRecord(tx),
  }
  return {
    name: 'bookAppointment',
    writes: [recordWrite('appointments', null, next)],
    output: { appointmentId: next.id, number },
  }
}

/** @throws AppError NOT_FOUND; INVALID if nothing differs */
export function moveAppointment(
  tx: CommandTx,
  { appointmentId, visitType, note, ...place }: ActionInput<'moveAppointment'>,
): CommandDraft<{ number: Ticket }> {
  const base = requireRecord(tx, 'appointments', appointmentId)
  requireDoctor(tx, place.doctorId)
  const isMoved = changedFields(base, place, ['doctorId', 'day', 'time']).length > 0
  const isOtherDay = base.doctorId !== place.doctorId || base.day !== place.day
  const words = changedFields(base, { type: visitType, note }, ['type', 'note'])
  if (!isMoved && words.length === 0) throw new AppError('INVALID', { issues: ['changes'] })
  // A number is of one doctor's day; on the same one the patient keeps theirs.
  const number = isOtherDay ? nextNumber(tx, place) : base.number
  const moved: AppointmentField[] = isMoved ? ['doctorId', 'day', 'time', 'number'] : []
  const marks = { ...base.marks, ...marksOf(tx, [...moved, ...words]) }
  const next = { ...base, ...place, number, type: visitType, note, marks }
  return {
    name: 'moveAppointment',
    writes: [recordWrite('appointments', base, next)],
    output: { number },
  }
}

export function cancelAppointment(
  tx: CommandTx,
  { appointmentId, reason }: ActionInput<'cancelAppointment'>,
): CommandDraft<Nothing> {
  const base = requireRecord(tx, 'appointments', appointmentId)
  const write = stepWrite(tx, base, { status: 'CANCELED', visitId: null, reason })
  return { name: 'cancelAppointment', writes: [write], output: {} }
}

export function markAppointmentMissed(
  tx: CommandTx,
  { appointmentId }: ActionInput<'markAppointmentMissed'>,
): CommandDraft<Nothing> {
  const base = requireRecord(tx, 'appointments', appointmentId)
  const write = stepWrite(tx, base, { status: 'NO_SHOW', visitId: null, reason: null })
  return { name: 'markAppointmentMissed', writes: [write], output: {} }
}

/**
 * The booking that brought a patient, with the visit that they were checked in to.
 *
 * @throws AppError NOT_FOUND; INVALID: it is another patient's
 */
export function arrivalWrite(tx: CommandTx, appointmentId: AppointmentId, visit: Visit): Write {
  const base = requireRecord(tx, 'appointments', appointmentId)
  if (base.patientId !== visit.patientId) {
    throw new AppError('INVALID', { issues: ['appointmentId'] })
  }
  return stepWrite(tx, base, { status: 'ARRIVED', visitId: visit.id, reason: null })
}

function stepWrite(
  tx: CommandTx,
  base: Appointment,
  step: Pick<Appointment['steps'][number], 'status' | 'visitId' | 'reason'>,
): Write {
  const steps = [...base.steps, { ...newFact(tx), ...step }]
  return recordWrite('appointments', base, { ...base, steps, status: bookingStatus(steps) })
}

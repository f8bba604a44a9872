import { z } from 'zod'
import { Authored, CalendarDate, Mark, merged, Superseded } from './fields.ts'
import { AppointmentId, ClinicId, FactId, PatientId, UserId, VisitId } from './ids.ts'
import { Ticket } from './ticket.ts'
import { VisitType } from './visit.ts'

export const AppointmentStatus = z.enum(['BOOKED', 'ARRIVED', 'CANCELED', 'NO_SHOW'])
export type AppointmentStatus = z.infer<typeof AppointmentStatus>

/** One step of a booking. ARRIVED names the visit that the patient was checked in to. */
export const AppointmentStep = z.strictObject({
  id: FactId,
  ...Authored.shape,
  status: AppointmentStatus,
  visitId: VisitId.nullable(),
  reason: z.string().trim().max(200).nullable(),
})
export type AppointmentStep = z.infer<typeof AppointmentStep>

/** The fields of a booking that people change; a move sets doctor, day, time and number together. */
export const AppointmentField = z.enum(['doctorId', 'day', 'time', 'number', 'type', 'note'])
export type AppointmentField = z.infer<typeof AppointmentField>

export const Appointment = z.strictObject({
  id: AppointmentId,
  clinicId: ClinicId,
  patientId: PatientId,
  doctorId: UserId,
  /** The queue day that the patient is expected on. */
  day: CalendarDate,
  /** `HH:MM` on the clinic's wall, or null: by number alone. */
  time: z
    .string()
    .max(5)
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
    .nullable(),
  /** The booked number: the station's letter and its counter of that doctor and day. */
  number: Ticket,
  type: VisitType,
  note: z.string().trim().max(300).nullable(),
  /** What the steps give; kept for the index. */
  status: AppointmentStatus,
  steps: z.array(AppointmentStep).min(1).max(200),
  ...merged,
  marks: z.partialRecord(AppointmentField, Mark),
  superseded: z.array(Superseded).max(200),
})
export type Appointment = z.infer<typeof Appointment>

/** The counter of booked numbers: of one doctor and day, at each station its own. */
export function bookingCounter({ doctorId, day }: Pick<Appointment, 'doctorId' | 'day'>): string {
  return `booking:${doctorId}:${day}`
}

/**
 * The status of a booking from its steps, whatever the order in which replicas met. Who arrived has
 * arrived: a cancellation or a no-show by someone who had not seen them is kept, and overruled.
 */
export function bookingStatus(steps: readonly AppointmentStep[]): AppointmentStatus {
  if (steps.some(({ status }) => status === 'ARRIVED')) return 'ARRIVED'
  const [first, ...later] = steps
  if (first === undefined) return 'BOOKED'
  const last = later.reduce(
    (latest, step) =>
      step.at > latest.at || (step.at === latest.at && step.id > latest.id) ? step : latest,
    first,
  )
  return last.status
}

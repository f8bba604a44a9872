import { z } from 'zod'
import { CalendarDate } from './fields.ts'
import { Entered } from './entered.ts'
import { ClinicId, CommandId, PatientId, StationId, UserId } from './ids.ts'
import { Currency, Money } from './money.ts'
import { Narrowing, Role } from './roles.ts'
import { PrescriptionLine } from './prescription.ts'
import { Stamp } from './stamp.ts'
import { VisitType } from './visit.ts'

/** From which queue day on the day begins at which hour. A change applies from the next day. */
export const CutOver = z.strictObject({ from: CalendarDate, hour: z.int().min(0).max(11) })
export type CutOver = z.infer<typeof CutOver>

export const Settings = z.strictObject({
  kind: z.literal('SETTINGS'),
  name: z.string().min(1).max(120),
  slug: z.string().max(63),
  timeZone: z.string().max(64),
  currency: Currency,
  /** Ascending by `from`; the first holds since ever. */
  cutOvers: z.array(CutOver).min(1).max(50),
  digits: z.enum(['ARABIC_INDIC', 'LATIN']),
  waitAmberMinutes: z.int().min(1).max(600),
  waitRedMinutes: z.int().min(1).max(600),
  skipPlaces: z.int().min(1).max(20),
  courtesyEnabled: z.boolean(),
  refundLimit: Money,
  followUpDays: z.int().min(0).max(365),
  returnToLine: z.enum(['FRONT', 'BACK']),
  narrowing: Narrowing,
  active: z.boolean(),
  /** True on the demo clinic only: its people are offered at sign-in. */
  demo: z.boolean(),
})
export type Settings = z.infer<typeof Settings>

/** The membership of a user in a clinic: a set of roles, can be inactive. */
export const ClinicStaff = z.strictObject({
  kind: z.literal('STAFF'),
  userId: UserId,
  name: z.string().min(1).max(120),
  email: z.string().max(200),
  roles: z.array(Role).max(6),
  active: z.boolean(),
})
export type ClinicStaff = z.infer<typeof ClinicStaff>

/** A line of the clinic: one doctor's queue. */
export const Doctor = z.strictObject({
  kind: z.literal('DOCTOR'),
  doctorId: UserId,
  name: z.string().min(1).max(120),
  room: z.string().max(40),
  specialty: z.string().max(80),
  order: z.int(),
  active: z.boolean(),
  /** For how many days after an examination a follow-up is due; absent: as the clinic has it. */
  followUpDays: z.int().min(0).max(365).optional(),
})
export type Doctor = z.infer<typeof Doctor>

export const Price = z.strictObject({
  kind: z.literal('PRICE'),
  /** Null: for every doctor without a price of their own. */
  doctorId: UserId.nullable(),
  visitType: VisitType,
  amount: Money,
})
export type Price = z.infer<typeof Price>

export const StationEntry = z.strictObject({
  kind: z.literal('STATION'),
  stationId: StationId,
  name: z.string().max(80),
  letter: z.string().max(3),
  active: z.boolean(),
})
export type StationEntry = z.infer<typeof StationEntry>

/** Fields of a quarantined command that are shown; a list of patients is shown by its beginning. */
export const MAX_ENTERED = 40

/**
 * Among what a quarantined command touches: nobody knows of a session of its author at its station, as
 * after a restore that may have forgotten it. A word in a list of words: apps of before pass it over.
 */
export const SESSION_UNKNOWN = 'station_sessions'

/** A command that waits for an ADMIN: made offline by someone (or in a clinic) deactivated meanwhile. */
export const Quarantined = z.strictObject({
  kind: z.literal('QUARANTINED'),
  commandId: CommandId,
  stationId: StationId,
  name: z.string().max(40),
  by: UserId,
  at: Stamp,
  reason: z.enum(['MEMBER_INACTIVE', 'CLINIC_INACTIVE']),
  /** Whom it is about; null: a list of patients. Absent where it was kept before this was told. */
  patientId: PatientId.nullable().optional(),
  /** What was entered, to be decided on; emptied with the decision. Absent as above. */
  entered: z.array(Entered).max(MAX_ENTERED).optional(),
  /** How many fields there are beyond those. */
  more: z.int().min(0).optional(),
  /** The documents that the command touches; and SESSION_UNKNOWN, if so. */
  touches: z.array(z.strictObject({ collection: z.string().max(32), id: z.string().max(64) })),
  decision: z.enum(['PENDING', 'ACCEPTED', 'REJECTED']),
})
export type Quarantined = z.infer<typeof Quarantined>

/** A doctor's favourite prescriptions, as they name them. */
export const Favourites = z.strictObject({
  kind: z.literal('FAVOURITES'),
  doctorId: UserId,
  prescriptions: z
    .array(
      z.strictObject({
        name: z.string().trim().min(1).max(80),
        lines: z.array(PrescriptionLine).min(1).max(40),
      }),
    )
    .max(200),
})
export type Favourites = z.infer<typeof Favourites>

/**
 * A document of the `clinic` collection: written by the server, pulled by stations. Its id is
 * `settings`, `staff:USER`, `doctor:USER`, `price:DOCTOR|all:TYPE`, `station:STATION`,
 * `quarantined:COMMAND` or `favourites:USER`.
 */
export const ClinicDoc = z.strictObject({
  id: z.string().max(100),
  clinicId: ClinicId,
  body: z.discriminatedUnion('kind', [
    Settings,
    ClinicStaff,
    Doctor,
    Price,
    StationEntry,
    Quarantined,
    Favourites,
  ]),
})
export type ClinicDoc = z.infer<typeof ClinicDoc>

import { z } from 'zod'
import { ClinicId, StationId, UserId } from '#shared/ids.ts'
import { Money } from '#shared/money.ts'
import { Role } from '#shared/roles.ts'
import { Instant } from './instant.ts'

export const ClinicView = z.object({
  clinicId: ClinicId,
  name: z.string(),
  timeZone: z.string(),
  currency: Money.shape.currency,
  digits: z.enum(['ARABIC_INDIC', 'LATIN']),
  waitAmberMinutes: z.number(),
  waitRedMinutes: z.number(),
  /** Whether courtesy lifts in the line. */
  courtesyEnabled: z.boolean(),
  demo: z.boolean(),
})

export const PersonView = z.object({ userId: UserId, name: z.string(), roles: z.array(Role) })

/** Why the clinic's file cannot be used now. */
export const TroubleCode = z.enum([
  'LOCKED', // another program has the file
  'WRONG_KEY', // the key is another file's
  'DAMAGED', // not whole, and making it anew did not help
  'REPLACING', // not whole: a new one is being made of what can be read
  'NEWER', // a later version of the app has written it
  'DISK_FULL',
  'DISK_FAILED', // the disk does not read or write
  'CANNOT_OPEN', // the folder is read-only or not there
  'KEY_MISSING', // the system's keystore has no key for this data
  'KEY_UNREADABLE', // the system's keystore no longer opens the key
])
export type TroubleCode = z.infer<typeof TroubleCode>

export const SessionView = z.discriminatedUnion('status', [
  /** The clinic's file cannot be used. */
  z.object({
    status: z.literal('TROUBLE'),
    code: TroubleCode,
    /** A recovery code would open it. */
    canRecover: z.boolean(),
  }),
  /** The station belongs to no clinic yet. */
  z.object({ status: z.literal('NOT_ENROLLED'), serverUrl: z.string().nullable() }),
  /** Enrolled, the first pull not far enough to know the clinic. */
  z.object({ status: z.literal('OPENING') }),
  z.object({ status: z.literal('LOCKED'), clinic: ClinicView, stationName: z.string() }),
  z.object({
    status: z.literal('SIGNED_IN'),
    clinic: ClinicView,
    stationName: z.string(),
    stationId: StationId,
    letter: z.string(),
    queueDay: z.string(),
    person: PersonView,
    hasPin: z.boolean(),
    /** What this person may do without regard to a visit's status: drives which buttons exist. */
    mayCheckIn: z.boolean(),
    mayImport: z.boolean(),
    maySeeQueue: z.boolean(),
    /** An ADMIN, who may make a recovery code; `hasRecovery`: this computer's data has one. */
    mayRecover: z.boolean(),
    hasRecovery: z.boolean(),
    subscription: z.object({
      status: z.enum(['TRIAL', 'ACTIVE', 'PAST_DUE', 'CANCELED', 'EXPIRED', 'UNKNOWN']),
      canWrite: z.boolean(),
      warnDays: z.number().nullable(),
      endsAt: Instant.nullable(),
    }),
  }),
])
export type SessionView = z.infer<typeof SessionView>

/** Who may unlock this station. */
export const PeopleView = z.array(
  z.object({
    userId: UserId,
    name: z.string(),
    email: z.string(),
    roles: z.array(Role),
    hasPin: z.boolean(),
    /** Has signed in here before: needs no internet. */
    knownHere: z.boolean(),
    /** On the demo clinic only: what to sign in with. */
    demoPassword: z.string().nullable(),
  }),
)
export type PeopleView = z.infer<typeof PeopleView>

import { z } from 'zod'

/**
 * Every code that crosses a boundary: server to station, station to window. The renderer translates
 * each; the server maps each to an HTTP status. Details carry ids and numbers, never a patient's data.
 */
export const ErrorCode = z.enum([
  // what was sent
  'INVALID', // not of the expected form; details.issues names the fields
  'TOO_LARGE', // over the limit of bytes or count: send less at once
  'PROTOCOL_VERSION', // this version of the protocol is not served: update the app
  'NOT_FOUND', // no such record, or not yours: the two answer alike
  // who is asking
  'UNAUTHENTICATED', // no token, a bad one, or one that has ended
  'SIGN_IN_FAILED', // wrong e-mail, password or PIN
  'TOO_MANY_ATTEMPTS', // wait details.retryAfterSeconds
  'SESSION_LOCKED', // no person is signed in at this station
  'SIGN_IN_NEEDS_INTERNET', // this person has never signed in here: the first time needs the server
  'STATION_REVOKED', // the clinic no longer trusts this station
  'REFRESH_REUSED', // an old refresh token came back: the station must enrol again
  // what they may do
  'FORBIDDEN', // roles and status do not allow it
  'MEMBER_INACTIVE', // no longer a member of this clinic
  'CLINIC_INACTIVE', // the clinic is closed: no new visits
  'SUBSCRIPTION', // the subscription does not allow new work now
  'NOT_SIGNED_IN_HERE', // the author never signed in at this station: held until they do
  'BAD_SIGNATURE', // the command was not signed by its station
  'NOT_THE_COMMAND', // the writes are not what the command's name allows
  // the rules of the clinic
  'UNLAWFUL_STEP', // that status does not follow from the present one
  'TICKET_TAKEN', // another visit of that day has the number
  'UNDO_LATE', // two minutes have passed, or something later happened
  'NOTHING_TO_UNDO',
  'REFUND_OVER_PAID', // more than was paid
  'REFUND_OVER_LIMIT', // more than this role may give back
  'REASON_MISSING',
  'LAST_IN_LINE', // nobody to be moved behind
  'PRIORITY_AHEAD', // nobody is moved by hand before one whom priority lifts
  'LINE_EMPTY', // nobody waits
  'IMMUTABLE', // written once, never changed
  'WAIVER_OVER_FEE', // more than the visit's fee
  'INVOICE_STANDS', // the visit has an invoice: it must be voided first
  'NOTES_CLOSED', // the visit's day is over: an addendum says what came later
  // held: kept, shown, tried again
  'QUARANTINED', // made after its author or clinic was deactivated: an ADMIN decides
  'PARENT_HELD', // depends on a command that is held
  // the replica
  'LOCKED', // another process has the file
  'WRONG_KEY', // the key does not open the file
  'DAMAGED', // the file is not whole
  'DISK_FULL',
  'NOT_ENROLLED', // this station belongs to no clinic yet
  'RESEED', // the checkpoint is too old or of another epoch: start the pull anew
  // the line
  'OFFLINE', // no network, or no answer in time
  'UNAVAILABLE', // the server cannot serve now: try again later
  'INTERNAL', // a fault of ours; details.requestId finds it in the log
  // printing
  'PRINT_FAILED',
  // the patient list
  'CSV_UNREADABLE', // not UTF-8 or not a table
  'CSV_NO_NAME_COLUMN',
])
export type ErrorCode = z.infer<typeof ErrorCode>

export const ErrorDetails = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]),
)
export type ErrorDetails = z.infer<typeof ErrorDetails>

/** What crosses a boundary when something is refused; never an Error object. */
export const Refusal = z.object({
  ok: z.literal(false),
  code: ErrorCode,
  details: ErrorDetails,
})
export type Refusal = z.infer<typeof Refusal>

export class AppError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(code)
    this.name = 'AppError'
    this.code = code
    this.details = details
  }
}

export function refusal(code: ErrorCode, details: ErrorDetails = {}): Refusal {
  return { ok: false, code, details }
}

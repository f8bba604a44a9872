import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { AppError, type ErrorCode, refusal } from '#shared/errors.ts'
import type { ServerDeps, ServerEnv } from '../server-deps.ts'

/** Codes that no route of this server answers with have the status they would have. */
export const STATUS_OF = {
  INVALID: 400,
  TOO_LARGE: 413,
  PROTOCOL_VERSION: 426,
  NOT_FOUND: 404,
  UNAUTHENTICATED: 401,
  SIGN_IN_FAILED: 401,
  TOO_MANY_ATTEMPTS: 429,
  SESSION_LOCKED: 403,
  SIGN_IN_NEEDS_INTERNET: 403,
  STATION_REVOKED: 403,
  REFRESH_REUSED: 401,
  FORBIDDEN: 403,
  MEMBER_INACTIVE: 403,
  CLINIC_INACTIVE: 403,
  SUBSCRIPTION: 402,
  NOT_SIGNED_IN_HERE: 403,
  BAD_SIGNATURE: 400,
  NOT_THE_COMMAND: 400,
  UNLAWFUL_STEP: 409,
  TICKET_TAKEN: 409,
  UNDO_LATE: 409,
  NOTHING_TO_UNDO: 409,
  REFUND_OVER_PAID: 409,
  REFUND_OVER_LIMIT: 403,
  REASON_MISSING: 400,
  PRIORITY_AHEAD: 409,
  LAST_IN_LINE: 409,
  LINE_EMPTY: 409,
  IMMUTABLE: 409,
  WAIVER_OVER_FEE: 409,
  INVOICE_STANDS: 409,
  NOTES_CLOSED: 409,
  QUARANTINED: 409,
  PARENT_HELD: 409,
  LOCKED: 423,
  WRONG_KEY: 500,
  DAMAGED: 500,
  DISK_FULL: 507,
  NOT_ENROLLED: 403,
  RESEED: 410,
  OFFLINE: 503,
  UNAVAILABLE: 503,
  INTERNAL: 500,
  PRINT_FAILED: 500,
  CSV_UNREADABLE: 400,
  CSV_NO_NAME_COLUMN: 400,
} as const satisfies Record<ErrorCode, ContentfulStatusCode>

const RETRY_AFTER_SECONDS = 5

/** The one place where an error becomes an answer. */
export function errorResponse(deps: ServerDeps, error: Error, c: Context<ServerEnv>): Response {
  const known = toAppError(error, c.get('requestId'))
  if (known.code === 'INTERNAL' || known.code === 'UNAVAILABLE') {
    // A server that is being stopped sends everybody elsewhere: nothing is wrong with it.
    const isDraining = known.code === 'UNAVAILABLE' && deps.closing.aborted
    const said = { requestId: c.get('requestId'), ...describe(error) }
    deps.log[isDraining ? 'info' : 'error'](said, known.code)
  }
  deps.metrics.refusals.inc({ code: known.code })
  const wait = known.details['retryAfterSeconds']
  if (typeof wait === 'number') c.header('Retry-After', String(wait))
  if (STATUS_OF[known.code] === 401) c.header('WWW-Authenticate', 'Bearer')
  return c.json(refusal(known.code, known.details), STATUS_OF[known.code])
}

function toAppError(error: Error, requestId: string): AppError {
  if (error instanceof AppError) return error
  if (isDatabaseAway(error)) {
    return new AppError('UNAVAILABLE', { retryAfterSeconds: RETRY_AFTER_SECONDS })
  }
  return new AppError('INTERNAL', { requestId })
}

function codeOf(error: Error): string | null {
  return 'code' in error && typeof error.code === 'string' ? error.code : null
}

/**
 * What may well go better the next time. SQLSTATE: connection (08), shut down (57P0x), too many
 * (53300), out of time (57014), in each other's way (40); or the socket's own code.
 */
const AWAY = /^(08...|57P0.|57014|53300|40...|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND)$/
/** What `pg` says without a code. */
const AWAY_MESSAGE =
  /^(Connection terminated|Client has encountered a connection|timeout exceeded when trying to)/

function isDatabaseAway(error: Error): boolean {
  const code = codeOf(error)
  return code === null ? AWAY_MESSAGE.test(error.message) : AWAY.test(code)
}

/** Without the message: PostgreSQL quotes the values it refuses. */
export function describe(error: Error): { error: string; code: string | null; at: string[] } {
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '))
  return { error: error.name, code: codeOf(error), at: frames.slice(0, 12).map((at) => at.trim()) }
}

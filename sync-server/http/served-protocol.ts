import { createMiddleware } from 'hono/factory'
import { AppError } from '#shared/errors.ts'
import { OLDEST_PROTOCOL, PROTOCOL_HEADER, PROTOCOL_VERSION } from '#shared/protocol.ts'
import type { ServerEnv } from '../server-deps.ts'

/** Which versions of the protocol a server speaks, both included. */
export interface ServedProtocols {
  oldest: number
  newest: number
}

export const SERVED_PROTOCOLS: ServedProtocols = {
  oldest: OLDEST_PROTOCOL,
  newest: PROTOCOL_VERSION,
}

/**
 * @throws AppError PROTOCOL_VERSION: the station must be updated before it can go on, and keeps what
 *   it has until then. One that is newer than the server waits for the server.
 */
export function requireProtocol({ oldest, newest }: ServedProtocols, protocol: number): void {
  if (protocol < oldest || protocol > newest) {
    throw new AppError('PROTOCOL_VERSION', { served: newest, oldest })
  }
}

/** Refuses a station of another time at the door, whatever it asks for. Who says no version may ask on. */
export function checkProtocol(served: ServedProtocols) {
  return createMiddleware<ServerEnv>(async (c, next) => {
    const said = c.req.header(PROTOCOL_HEADER)
    if (said !== undefined) requireProtocol(served, /^\d{1,6}$/.test(said) ? Number(said) : 0)
    await next()
  })
}

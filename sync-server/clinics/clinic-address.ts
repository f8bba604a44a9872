import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { getPath } from 'hono/utils/url'
import { AppError } from '#shared/errors.ts'
import { ClinicId } from '#shared/ids.ts'
import { TokenRequest } from '#shared/protocol.ts'
import { acrossClinics } from '../database/clinic-tx.ts'
import { readBody } from '../http/read-body.ts'
import { verifyStationToken } from '../identity/access-token.ts'
import { parseRefreshToken } from '../identity/refresh-token.ts'
import type { ServerDeps, ServerEnv } from '../server-deps.ts'

/** As the table has it: what is not of this form is no address, and is not asked for. */
const SLUG = /^[a-z0-9](?:-?[a-z0-9]){1,62}$/
const IN_PATH = /^\/c\/([^/]*)(?=\/|$)/

/** The path that routes are found by: without the clinic's address, if it begins with one. */
export function pathBehindAddress(request: Request): string {
  return getPath(request).replace(IN_PATH, '') || '/'
}

/**
 * The clinic's address in a request's own: `/c/SLUG/...`, or SLUG.`clinicHost`. Null: it names none.
 *
 * @param clinicHost the host under which each clinic has a name of its own, if there is one
 */
export function addressIn(request: Request, clinicHost: string | null): string | null {
  const inPath = IN_PATH.exec(getPath(request))?.[1]
  if (inPath !== undefined) return inPath
  const { hostname } = new URL(request.url)
  if (clinicHost === null || !hostname.endsWith(`.${clinicHost}`)) return null
  return hostname.slice(0, -clinicHost.length - 1)
}

/**
 * First on a request's way: the address says which clinic it is about, and whoever belongs to another
 * is refused as if there were none. An address that nobody has, a closed clinic's and one at which
 * the token is not at home answer alike, after the same lookup. A closed clinic's own stations still
 * get through: care goes on, and what they hold must come in.
 */
export function atAddress(deps: ServerDeps) {
  return createMiddleware<ServerEnv>(async (c, next) => {
    const slug = addressIn(c.req.raw, deps.clinicHost)
    if (slug !== null) {
      const clinic = SLUG.test(slug) ? await findClinic(deps, slug) : null
      const station = await stationOf(deps, c)
      const isAtHome = station === null ? clinic?.active === true : station === clinic?.clinicId
      if (clinic === null || !isAtHome) throw new AppError('NOT_FOUND')
      c.set('address', clinic.clinicId)
    }
    await next()
  })
}

async function findClinic(
  { pool, log }: Pick<ServerDeps, 'pool' | 'log'>,
  slug: string,
): Promise<{ clinicId: ClinicId; active: boolean } | null> {
  const audit = { reason: 'the clinic of an address', log: (entry: object) => log.debug(entry) }
  const { rows } = await acrossClinics(pool, audit, (tx) =>
    tx.query<{ clinicId: string; active: boolean }>(
      'SELECT clinic_id AS "clinicId", active FROM clinic_at($1)',
      [slug],
    ),
  )
  const clinic = rows[0]
  return clinic === undefined ? null : { ...clinic, clinicId: ClinicId.parse(clinic.clinicId) }
}

/** The clinic of a station's token; null: there is no good one, which the route itself will say. */
async function stationOf(
  { signingKey, now }: Pick<ServerDeps, 'signingKey' | 'now'>,
  c: Context<ServerEnv>,
): Promise<ClinicId | null> {
  const authorization = c.req.header('authorization')
  const claims = await ifGood(verifyStationToken(signingKey, authorization, now()))
  if (claims !== null || c.req.path !== '/v1/token') return claims?.clinicId ?? null
  const request = await ifGood(readBody(c, TokenRequest))
  if (request === null) return null
  const token = await ifGood(parseRefreshToken(signingKey, request.refreshToken))
  // Without our signature it may name any clinic.
  return token?.stated ? token.clinicId : null
}

async function ifGood<T>(read: Promise<T>): Promise<T | null> {
  try {
    return await read
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}

/**
 * Whether a request may be about this clinic: under an address, about that address's alone.
 *
 * @throws AppError NOT_FOUND
 */
export function requireAddress(address: ClinicId | undefined, clinicId: ClinicId): void {
  if (address !== undefined && address !== clinicId) throw new AppError('NOT_FOUND')
}

import { createPublicKey } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { AppError } from '#shared/errors.ts'
import type { UserId } from '#shared/ids.ts'
import {
  EnrolRequest,
  type EnrolResponse,
  type PublicKey,
  type SessionResponse,
  SignInRequest,
  type SignInResponse,
  TokenRequest,
} from '#shared/protocol.ts'
import type { RenewedToken } from '#shared/renewed-token.ts'
import { RejoinRequest } from '#shared/rejoin.ts'
import { requireAddress } from '../clinics/clinic-address.ts'
import { enterForgotten } from '../clinics/forgotten-stations.ts'
import { listMemberships, requireRole } from '../clinics/membership.ts'
import { addStation, rejoinStation } from '../clinics/stations.ts'
import { type ClinicTx, withClinic, withUser, writeClinic } from '../database/clinic-tx.ts'
import { readBody } from '../http/read-body.ts'
import type { ServerDeps, ServerEnv } from '../server-deps.ts'
import { ACCESS_TOKEN_SECONDS, signPersonToken } from './access-token.ts'
import { clientAddress } from './client-address.ts'
import { checkCredentials } from './credentials.ts'
import { plainUrl, verifyProof } from './dpop.ts'
import { renewAccess } from './renew-access.ts'
import { issueRefreshToken } from './refresh-token.ts'
import { requirePerson } from './require-person.ts'
import { requireStation } from './require-station.ts'
import { startSession } from './station-session.ts'

/** Who you are, and from which station. */
export function identityRoutes(deps: ServerDeps): Hono<ServerEnv> {
  const routes = new Hono<ServerEnv>()
  routes.post('/sign-in', (c) => signIn(deps, c))
  routes.post('/stations', requirePerson(deps), (c) => enrol(deps, c))
  routes.post('/stations/rejoin', requirePerson(deps), (c) => rejoin(deps, c))
  routes.post('/token', (c) => refresh(deps, c))
  routes.post('/sessions', requireStation(deps), (c) => openSession(deps, c))
  return routes
}

async function signIn(deps: ServerDeps, c: Context<ServerEnv>): Promise<Response> {
  const request = await readBody(c, SignInRequest)
  const person = await checkCredentials(deps, request, clientAddress(c, deps.trustedProxies))
  const address = c.get('address')
  const memberships = await withUser(deps.pool, person.userId, (tx) => listMemberships(tx, address))
  // At a clinic's own address, who does not work there is nobody.
  if (address !== undefined && memberships.length === 0) throw new AppError('SIGN_IN_FAILED')
  const accessToken = await signPersonToken(deps.signingKey, person.userId, deps.now())
  return c.json({ ok: true, ...person, accessToken, memberships } satisfies SignInResponse)
}

async function enrol(deps: ServerDeps, c: Context<ServerEnv>): Promise<Response> {
  const request = await readBody(c, EnrolRequest)
  return admit(deps, c, request, (tx, by) => addStation(tx, request, by, deps.now()))
}

/** One that was refused goes on as a new station, with all it has: an ADMIN says so, as for any other. */
async function rejoin(deps: ServerDeps, c: Context<ServerEnv>): Promise<Response> {
  const request = await readBody(c, RejoinRequest)
  return admit(deps, c, request, async (tx, by) => {
    const now = deps.now()
    await enterForgotten(tx, deps.signingKey, request, { by, now })
    return rejoinStation(tx, request, by, now)
  })
}

async function admit(
  deps: ServerDeps,
  c: Context<ServerEnv>,
  { clinicId, publicKey }: EnrolRequest,
  add: (tx: ClinicTx, by: UserId) => ReturnType<typeof addStation>,
): Promise<Response> {
  requireKey(publicKey)
  const { userId } = c.get('person')
  requireAddress(c.get('address'), clinicId)
  const enrolled = await writeClinic(deps.pool, clinicId, async (tx) => {
    await requireRole(tx, userId, 'ADMIN')
    const station = await add(tx, userId)
    const refreshToken = await issueRefreshToken(tx, deps.signingKey, station.stationId, {
      generation: 0,
      now: deps.now(),
    })
    return { ...station, refreshToken }
  })
  const entitlementKeys = [deps.signingKey.publicKey]
  return c.json({ ok: true, ...enrolled, clinicId, entitlementKeys } satisfies EnrolResponse, 201)
}

/** @throws AppError INVALID if it is of a key's form but no key: nothing could ever be verified by it */
function requireKey(publicKey: PublicKey): void {
  try {
    createPublicKey({ key: publicKey, format: 'jwk' })
  } catch {
    throw new AppError('INVALID', { issues: ['publicKey'] })
  }
}

async function refresh(deps: ServerDeps, c: Context<ServerEnv>): Promise<Response> {
  const { refreshToken } = await readBody(c, TokenRequest)
  const proof = await verifyProof(c.req.header('dpop'), {
    method: 'POST',
    urls: addressesOf(c, deps),
    now: deps.now(),
  })
  const tokens = await renewAccess(deps, refreshToken, proof)
  const expiresInSeconds = ACCESS_TOKEN_SECONDS
  return c.json({ ok: true, ...tokens, expiresInSeconds } satisfies RenewedToken)
}

/**
 * What a proof may name: the public address if there is one, otherwise the one that was asked; and
 * the clinic's own host.
 */
function addressesOf(c: Context<ServerEnv>, { publicUrl, clinicHost }: ServerDeps): string[] {
  if (publicUrl === null) return [plainUrl(c.req.url)]
  const asked = new URL(c.req.url)
  const base = new URL(publicUrl)
  const isClinics = clinicHost !== null && asked.hostname.endsWith(`.${clinicHost}`)
  if (isClinics) base.hostname = asked.hostname
  // The public address may have a path of its own, which a proxy takes off.
  return [plainUrl(base.href).replace(/\/$/, '') + asked.pathname]
}

async function openSession(deps: ServerDeps, c: Context<ServerEnv>): Promise<Response> {
  const request = await readBody(c, SignInRequest)
  const station = c.get('station')
  const person = await checkCredentials(deps, request, clientAddress(c, deps.trustedProxies))
  const roles = await withClinic(deps.pool, station.clinicId, (tx) =>
    startSession(tx, station.stationId, person.userId),
  )
  if (roles === null) throw new AppError('MEMBER_INACTIVE')
  return c.json({ ok: true, ...person, roles } satisfies SessionResponse)
}

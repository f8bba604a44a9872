import { AppError } from '#shared/errors.ts'
import type { ClinicId } from '#shared/ids.ts'
import { EnrolResponse, type Membership, SignInResponse } from '#shared/protocol.ts'
import { MAX_FORMER_TOKENS, rejoinText } from '#shared/rejoin.ts'
import type { z } from 'zod'
import { makeKey, privateKeyObject, publicPart, signText } from '../replica/station-key.ts'
import type { Identity, PrivateKey } from '../replica/station-meta.ts'
import { type ServerLine, serverLine } from '../sync/server-line.ts'

/** How long a person waits for what they asked of the server, milliseconds. */
export const TIMEOUT_MS = 20_000

export interface Credentials {
  readonly serverUrl: string
  readonly email: string
  readonly password: string
}

/** @throws AppError SIGN_IN_FAILED, OFFLINE and the like */
export function signIn(
  line: ServerLine,
  { email, password }: Credentials,
): Promise<SignInResponse> {
  return line.post({
    path: '/v1/sign-in',
    body: { email, password },
    answer: SignInResponse,
    timeoutMs: TIMEOUT_MS,
  })
}

/** The clinics that this person may enrol a station in. */
export async function findMemberships(
  credentials: Credentials,
): Promise<z.infer<typeof Membership>[]> {
  return (await signIn(serverLine(credentials.serverUrl), credentials)).memberships
}

/** What the server has made of this installation, for the caller to keep: all in one transaction. */
export interface Enrolled {
  readonly identity: Identity
  readonly refreshToken: string
}

/**
 * Makes this installation a station of the clinic. The key is made here and only its public part is
 * sent.
 */
export async function enrolStation(
  request: Credentials & { clinicId: ClinicId; stationName: string },
): Promise<Enrolled> {
  const { clinicId, stationName } = request
  return askToJoin(request, {
    path: '/v1/stations',
    clinicId,
    stationName,
    key: makeKey(),
    more: {},
  })
}

export interface Rejoining {
  readonly former: Identity
  /** Its last refresh token and those of the stations it was before, the latest first. */
  readonly formerTokens: readonly string[]
  /** Of the new station, kept before this is asked: asked again, it is the same one. */
  readonly key: PrivateKey
}

/**
 * Lets an installation that the server refuses go on as a new station of its clinic: an ADMIN's word
 * for it, and a proof that the key it had is here.
 *
 * @throws AppError SIGN_IN_FAILED, FORBIDDEN for whoever is not an ADMIN, BAD_SIGNATURE, OFFLINE
 */
export async function rejoinStation(
  { former, formerTokens, key }: Rejoining,
  person: Pick<Credentials, 'email' | 'password'>,
): Promise<Enrolled> {
  const { serverUrl, clinicId, stationId: formerId, stationName } = former
  const text = rejoinText({ clinicId, formerId, publicKey: publicPart(key) })
  const proof = signText(privateKeyObject(former.key), text)
  const more = { formerId, proof, formerTokens: formerTokens.slice(0, MAX_FORMER_TOKENS) }
  try {
    return await askToJoin(
      { serverUrl, ...person },
      { path: '/v1/stations/rejoin', clinicId, stationName, key, more },
    )
  } catch (error) {
    // To whoever is not its ADMIN the server says that there is no such clinic; here they know better.
    const isForeign = error instanceof AppError && error.code === 'NOT_FOUND'
    throw isForeign ? new AppError('FORBIDDEN') : error
  }
}

interface Joining {
  readonly path: string
  readonly clinicId: ClinicId
  readonly stationName: string
  readonly key: PrivateKey
  readonly more: object
}

async function askToJoin(
  credentials: Credentials,
  { path, clinicId, stationName, key, more }: Joining,
): Promise<Enrolled> {
  const { serverUrl } = credentials
  const line = serverLine(serverUrl)
  const { accessToken } = await signIn(line, credentials)
  const answer = await line.post({
    path,
    body: { clinicId, stationName, publicKey: publicPart(key), ...more },
    answer: EnrolResponse,
    headers: { authorization: `Bearer ${accessToken}` },
    timeoutMs: TIMEOUT_MS,
  })
  if (answer.clinicId !== clinicId) throw new AppError('UNAVAILABLE')
  const { stationId, letter, entitlementKeys, refreshToken } = answer
  return {
    identity: { serverUrl, clinicId, stationId, stationName, letter, key, entitlementKeys },
    refreshToken,
  }
}

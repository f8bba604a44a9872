import { AppError } from '#shared/errors.ts'
import type { ClinicId } from '#shared/ids.ts'
import { EnrolResponse, type Membership, SignInResponse } from '#shared/protocol.ts'
import type { z } from 'zod'
import { makeKey, publicPart } from '../replica/station-key.ts'
import type { Identity } from '../replica/station-meta.ts'
import { type ServerLine, serverLine } from '../sync/server-line.ts'

const TIMEOUT_MS = 20_000

export interface Credentials {
  readonly serverUrl: string
  readonly email: string
  readonly password: string
}

/** @throws AppError SIGN_IN_FAILED, OFFLINE and the like */
function signIn(line: ServerLine, { email, password }: Credentials): Promise<SignInResponse> {
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

/**
 * Makes this installation a station of the clinic. The key is made here and only its public part is
 * sent; nothing is kept yet: that is the caller's, in one transaction.
 */
export async function enrolStation(
  request: Credentials & { clinicId: ClinicId; stationName: string },
): Promise<{ identity: Identity; refreshToken: string }> {
  const { serverUrl, clinicId, stationName } = request
  const line = serverLine(serverUrl)
  const { accessToken } = await signIn(line, request)
  const key = makeKey()
  const answer = await line.post({
    path: '/v1/stations',
    body: { clinicId, stationName, publicKey: publicPart(key) },
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

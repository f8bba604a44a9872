import { errors, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import { AppError } from '#shared/errors.ts'
import { ClinicId, StationId, UserId } from '#shared/ids.ts'
import type { SigningKey } from './signing-key.ts'

export const ACCESS_TOKEN_SECONDS = 15 * 60
const ISSUER = 'dawr'
const PERSON = 'dawr-person'
const STATION = 'dawr-station'

const PersonClaims = z.object({ sub: UserId })
const StationClaims = z.object({
  sub: StationId,
  clinicId: ClinicId,
  exp: z.number(),
  /** The thumbprint of the station's key (RFC 9449, section 6.1). */
  cnf: z.object({ jkt: z.string() }),
})
export type StationClaims = z.infer<typeof StationClaims>

/** @param now milliseconds since the Unix epoch */
export function signPersonToken(key: SigningKey, userId: UserId, now: number): Promise<string> {
  return sign(key, new SignJWT().setSubject(userId).setAudience(PERSON), now)
}

export function signStationToken(
  key: SigningKey,
  station: { stationId: StationId; clinicId: ClinicId; thumbprint: string },
  now: number,
): Promise<string> {
  const token = new SignJWT({ clinicId: station.clinicId, cnf: { jkt: station.thumbprint } })
  return sign(key, token.setSubject(station.stationId).setAudience(STATION), now)
}

function sign(key: SigningKey, token: SignJWT, now: number): Promise<string> {
  const seconds = Math.floor(now / 1000)
  return token
    .setProtectedHeader({ alg: key.algorithm, kid: key.id, typ: 'at+jwt' })
    .setIssuer(ISSUER)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + ACCESS_TOKEN_SECONDS)
    .sign(key.privateKey)
}

/** @throws AppError UNAUTHENTICATED */
export async function verifyPersonToken(
  key: SigningKey,
  authorization: string | undefined,
  now: number,
): Promise<UserId> {
  return (await verify(key, authorization, { audience: PERSON, now, claims: PersonClaims })).sub
}

/** Per key: the `Authorization` of station tokens that were found good. */
const verified = new WeakMap<SigningKey, Map<string, StationClaims>>()
const MAX_VERIFIED = 10_000

/**
 * A token is the same for a quarter of an hour and of every request: its signature is looked at once.
 *
 * @throws AppError UNAUTHENTICATED
 */
export async function verifyStationToken(
  key: SigningKey,
  authorization: string | undefined,
  now: number,
): Promise<StationClaims> {
  const known = verified.get(key) ?? new Map<string, StationClaims>()
  verified.set(key, known)
  const before = known.get(authorization ?? '')
  // By the whole second, as a token's end is looked at when it is verified.
  if (before !== undefined && Math.floor(now / 1000) < before.exp) return before
  const claims = await verify(key, authorization, { audience: STATION, now, claims: StationClaims })
  if (known.size >= MAX_VERIFIED) known.clear()
  known.set(authorization ?? '', claims)
  return claims
}

async function verify<Claims extends z.ZodType>(
  key: SigningKey,
  authorization: string | undefined,
  expected: { audience: string; now: number; claims: Claims },
): Promise<z.infer<Claims>> {
  const token = /^Bearer ([\w.-]+)$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) throw new AppError('UNAUTHENTICATED')
  try {
    const { payload } = await jwtVerify(token, key.verifyKey, {
      algorithms: [key.algorithm],
      typ: 'at+jwt',
      issuer: ISSUER,
      audience: expected.audience,
      currentDate: new Date(expected.now),
      requiredClaims: ['sub', 'exp', 'iat'],
    })
    return expected.claims.parse(payload)
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof z.ZodError) {
      throw new AppError('UNAUTHENTICATED')
    }
    throw error
  }
}

import type { KeyObject } from 'node:crypto'
import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { AppError } from '#shared/errors.ts'
import type { PublicKey } from '#shared/protocol.ts'
import { RenewedToken } from '#shared/renewed-token.ts'
import type { StationClock } from '../replica/station-clock.ts'
import type { ServerLine } from './server-line.ts'

const TIMEOUT_MS = 15_000
/** A token is renewed this long before its end, milliseconds: a request may be long on its way. */
const RENEW_BEFORE_MS = 60_000

/** A proof that the sender holds the key, for one request (RFC 9449, section 4.2). */
export function proveKey(
  proof: { key: KeyObject; publicKey: PublicKey },
  request: { method: string; url: string; now: number },
): Promise<string> {
  return new SignJWT({ htm: request.method, htu: request.url, jti: randomUUID() })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'dpop+jwt', jwk: proof.publicKey })
    .setIssuedAt(Math.floor(request.now / 1000))
    .sign(proof.key)
}

/**
 * Posts with a proof, and if that is refused with one more. A desk whose clock is off is told the time
 * by the refusal, and proves again by the server's clock. And a network may deliver a request twice: of
 * the second the proof was used, and its refusal, which comes back, says nothing of the station; the
 * token that the first was answered with is lost, and the one before it still good.
 */
async function postWithProof<T>(
  clock: StationClock,
  post: (now: number) => Promise<T>,
): Promise<T> {
  const sent = clock.monotonic()
  try {
    return await post(clock.now())
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'UNAUTHENTICATED') throw error
    const serverTime = error.details['serverTime']
    if (typeof serverTime !== 'number') return post(clock.now())
    clock.heard(serverTime, sent)
    return post(serverTime)
  }
}

export interface StationCredential {
  /** @throws AppError OFFLINE, UNAVAILABLE, UNAUTHENTICATED, STATION_REVOKED, REFRESH_REUSED */
  accessToken(): Promise<string>
  /** The highest outbox number that the server had heard from this station when it last gave a token. */
  lastCommand(): number
  /** The server no longer takes the token it gave: the next one is asked for anew. */
  discard(token: string): void
}

export interface CredentialParts {
  readonly line: ServerLine
  readonly clock: StationClock
  readonly key: KeyObject
  readonly publicKey: PublicKey
  refreshToken(): string | null
  /** Must be durable when it returns. */
  keepRefreshToken(token: string): void
  /** Ends a renewal that is under way: on a line that swallows everything the app would close for as long as it waits. */
  readonly stopped: AbortSignal
}

export function openCredential(parts: CredentialParts): StationCredential {
  const { line, clock } = parts
  let held: { token: string; until: number } | null = null
  let asking: Promise<string> | null = null
  let lastCommand = 0

  async function renew(): Promise<string> {
    const refreshToken = parts.refreshToken()
    if (refreshToken === null) throw new AppError('NOT_ENROLLED')
    const asked = clock.monotonic()
    const answer = await postWithProof(clock, async (now) =>
      line.post({
        path: '/v1/token',
        body: { refreshToken },
        answer: RenewedToken,
        headers: {
          dpop: await proveKey(parts, { method: 'POST', url: line.url('/v1/token'), now }),
        },
        timeoutMs: TIMEOUT_MS,
        signal: parts.stopped,
      }),
    )
    // Kept before it is used: the old one stays good only until the new one is.
    parts.keepRefreshToken(answer.refreshToken)
    lastCommand = answer.lastCommand ?? 0
    held = {
      token: answer.accessToken,
      until: asked + answer.expiresInSeconds * 1000 - RENEW_BEFORE_MS,
    }
    return answer.accessToken
  }

  return {
    async accessToken() {
      if (held !== null && clock.monotonic() < held.until) return held.token
      asking ??= renew().finally(() => void (asking = null))
      return asking
    },
    lastCommand: () => lastCommand,
    discard(token) {
      if (held?.token === token) held = null
    },
  }
}

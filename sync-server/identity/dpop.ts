import { calculateJwkThumbprint, EmbeddedJWK, errors, jwtVerify } from 'jose'
import { z } from 'zod'
import { AppError } from '#shared/errors.ts'
import { PublicKey } from '#shared/protocol.ts'

/** How far a proof's clock may be off. A desk that is further off is told the time (see below). */
export const PROOF_WINDOW_MS = 5 * 60_000

const Header = z.object({ jwk: PublicKey })
const Claims = z.object({
  /** Kept, so of characters that PostgreSQL can keep. */
  jti: z.string().regex(/^[\x20-\x7e]{8,128}$/),
  htm: z.string(),
  htu: z.string(),
  iat: z.number(),
})

/** A proof that its sender holds a private key, for one request (RFC 9449, section 4.3). */
export interface Proof {
  publicKey: PublicKey
  thumbprint: string
  jti: string
  /** When the same `jti` can no longer pass for new, milliseconds. */
  expiresAt: number
}

/**
 * @param urls what `htu` may say: the server may be known by more than one address
 * @throws AppError UNAUTHENTICATED; a proof whose clock is off gets `serverTime` in the details, so
 *   that a desk with a dead clock battery can make the next one by the server's clock
 */
export async function verifyProof(
  proof: string | undefined,
  request: { method: string; urls: readonly string[]; now: number },
): Promise<Proof> {
  if (proof === undefined) throw new AppError('UNAUTHENTICATED', { reason: 'DPoP proof missing' })
  const { publicKey, claims } = await verifySignature(proof)
  const isOfRequest = claims.htm === request.method && request.urls.includes(plainUrl(claims.htu))
  if (!isOfRequest) {
    throw new AppError('UNAUTHENTICATED', { reason: 'DPoP proof of another request' })
  }
  const madeAt = claims.iat * 1000
  if (Math.abs(madeAt - request.now) > PROOF_WINDOW_MS) {
    const details = { reason: 'DPoP proof of another time', serverTime: request.now }
    throw new AppError('UNAUTHENTICATED', details)
  }
  return {
    publicKey,
    thumbprint: await calculateJwkThumbprint(publicKey),
    jti: claims.jti,
    expiresAt: madeAt + 2 * PROOF_WINDOW_MS,
  }
}

async function verifySignature(proof: string) {
  try {
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      algorithms: ['EdDSA'],
      typ: 'dpop+jwt',
      // `iat` has a window of its own, and no other claim of time is expected.
      currentDate: new Date(0),
    })
    return { publicKey: Header.parse(protectedHeader).jwk, claims: Claims.parse(payload) }
  } catch (error) {
    // A key that is none, which the proof itself brings, is refused by the platform: a DOMException.
    const isOfProof =
      error instanceof errors.JOSEError ||
      error instanceof z.ZodError ||
      error instanceof DOMException
    if (isOfProof) {
      throw new AppError('UNAUTHENTICATED', { reason: 'DPoP proof unreadable' })
    }
    throw error
  }
}

/** Without query and fragment (RFC 9449, section 4.2), in the form `URL` gives every address. */
export function plainUrl(text: string): string {
  if (!URL.canParse(text)) return ''
  const url = new URL(text)
  return url.origin + url.pathname
}

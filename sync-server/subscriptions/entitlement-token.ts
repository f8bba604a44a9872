import { SignJWT } from 'jose'
import type { Entitlement, Subscription } from '#shared/entitlement.ts'
import type { ClinicId } from '#shared/ids.ts'
import { ENTITLEMENT_AUDIENCE } from '#shared/protocol.ts'
import type { SigningKey } from '../identity/signing-key.ts'

const FRESH_MS = 5 * 60_000
const MAX_KEPT = 10_000

/** Signs each clinic's entitlement, at most once in some minutes while nothing changes. */
export interface EntitlementSigner {
  /** @param now milliseconds since the Unix epoch */
  sign: (clinicId: ClinicId, subscription: Subscription, now: number) => Promise<string>
}

export function createEntitlementSigner(key: SigningKey): EntitlementSigner {
  const kept = new Map<ClinicId, { of: string; at: number; token: Promise<string> }>()
  return {
    sign: (clinicId, subscription, now) => {
      const of = JSON.stringify(subscription)
      const known = kept.get(clinicId)
      if (known?.of === of && now >= known.at && now < known.at + FRESH_MS) return known.token
      if (kept.size >= MAX_KEPT) kept.clear()
      const token = signEntitlement(key, {
        clinicId,
        subscription,
        issuedAt: new Date(now).toISOString(),
      })
      kept.set(clinicId, { of, at: now, token })
      return token
    },
  }
}

/** A JWS (RFC 7515) that stations verify offline; its audience keeps it apart from access tokens. */
function signEntitlement(key: SigningKey, entitlement: Entitlement): Promise<string> {
  return new SignJWT({ ...entitlement })
    .setProtectedHeader({ alg: key.algorithm, kid: key.id, typ: `${ENTITLEMENT_AUDIENCE}+jwt` })
    .setAudience(ENTITLEMENT_AUDIENCE)
    .sign(key.privateKey)
}

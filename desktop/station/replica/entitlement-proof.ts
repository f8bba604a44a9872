import { errors, importJWK, jwtVerify } from 'jose'
import { z } from 'zod'
import { Entitlement } from '#shared/entitlement.ts'
import { AppError } from '#shared/errors.ts'
import { ENTITLEMENT_AUDIENCE } from '#shared/protocol.ts'
import type { Identity } from './station-meta.ts'

/** Besides these a JWT carries its own claims (`aud`, `iat`). */
const Claims = z.object(Entitlement.shape)

/**
 * Verifies the server's statement against the keys pinned at enrolment, without asking anyone.
 *
 * @throws AppError BAD_SIGNATURE if none of them signed it, or it is another clinic's
 */
export async function verifyEntitlement(
  jws: string,
  { clinicId, entitlementKeys }: Pick<Identity, 'clinicId' | 'entitlementKeys'>,
): Promise<Entitlement> {
  for (const pinned of entitlementKeys) {
    const key = await importJWK({ ...pinned }, 'EdDSA')
    try {
      const { payload } = await jwtVerify(jws, key, {
        algorithms: ['EdDSA', 'Ed25519'],
        audience: ENTITLEMENT_AUDIENCE,
        // Only its end of validity is ours to judge, by the latest time seen; see `entitlementState`.
        currentDate: new Date(0),
      })
      const claims = Claims.safeParse(payload)
      if (claims.success && claims.data.clinicId === clinicId) return claims.data
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error
    }
  }
  throw new AppError('BAD_SIGNATURE', { what: 'entitlement' })
}

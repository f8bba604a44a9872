import { z } from 'zod'
import { type ClinicId, StationId } from './ids.ts'
import { EnrolRequest, type PublicKey, TokenRequest } from './protocol.ts'

export const MAX_FORMER_TOKENS = 20

/**
 * Asks that an installation which the server no longer takes goes on as a new station. An ADMIN asks,
 * and the file's owner proves that the former station's key is at hand.
 */
export const RejoinRequest = z.strictObject({
  ...EnrolRequest.shape,
  formerId: StationId,
  /** Of `rejoinText`, by the former station's key; base64url. */
  proof: z.string().max(128),
  /**
   * The last refresh token of the former station, and of each in whose place it went on itself, the latest
   * first. A server that was restored from a backup knows by its own signature on them who those were.
   */
  formerTokens: z.array(TokenRequest.shape.refreshToken).max(MAX_FORMER_TOKENS).optional(),
})
export type RejoinRequest = z.infer<typeof RejoinRequest>

/**
 * What the former key signs: of no use for any other new key, clinic or station, nor for anything else
 * that a station signs, all of which is JSON.
 */
export function rejoinText(of: {
  clinicId: ClinicId
  formerId: StationId
  publicKey: PublicKey
}): string {
  return `dawr rejoin 1\n${of.clinicId}\n${of.formerId}\n${of.publicKey.x}`
}

import { z } from 'zod'
import { type ClinicId, StationId } from './ids.ts'
import { EnrolRequest, type PublicKey } from './protocol.ts'

/**
 * Asks that an installation which the server no longer takes goes on as a new station. An ADMIN asks,
 * and the file's owner proves that the former station's key is at hand.
 */
export const RejoinRequest = z.strictObject({
  ...EnrolRequest.shape,
  formerId: StationId,
  /** Of `rejoinText`, by the former station's key; base64url. */
  proof: z.string().max(128),
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

import { z } from 'zod'
import { TokenResponse } from './protocol.ts'

/**
 * A station's next tokens, and the highest outbox number that the server has ever heard from it. A file
 * that has not counted so far is an old copy. Not of a version: who does not know it neither says nor
 * misses it.
 */
export const RenewedToken = TokenResponse.extend({ lastCommand: z.int().min(0).optional() })
export type RenewedToken = z.infer<typeof RenewedToken>

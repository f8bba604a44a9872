import { z } from 'zod'
import { ErrorCode, ErrorDetails } from '#shared/errors.ts'
import { ActionName } from './actions.ts'
import { QueryName } from './queries.ts'

/** Numbers a request within its window. */
const RequestId = z.int().min(1)

/**
 * What a window sends. The station parses each message, then its input or parameters against
 * ACTIONS and QUERIES; an unknown name or a message of another form is answered with INVALID.
 */
export const ToStation = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('act'), id: RequestId, name: ActionName, input: z.unknown() }),
  z.strictObject({
    type: z.literal('watch'),
    id: RequestId,
    query: QueryName,
    params: z.unknown(),
    /** The window keeps the view it has and takes what changed of it (`view-patch.ts`). */
    patches: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal('unwatch'), id: RequestId }),
])
export type ToStation = z.infer<typeof ToStation>

export const FromStation = z.discriminatedUnion('type', [
  z.object({ type: z.literal('done'), id: RequestId, output: z.unknown() }),
  /** An act that was refused, or a watch that cannot be (then nothing further comes for it). */
  z.object({
    type: z.literal('refused'),
    id: RequestId,
    code: ErrorCode,
    details: ErrorDetails,
  }),
  z.object({ type: z.literal('view'), id: RequestId, view: z.unknown() }),
  /** Of the view that came last for the watch, what is another now. */
  z.object({ type: z.literal('patch'), id: RequestId, patch: z.unknown() }),
])
export type FromStation = z.infer<typeof FromStation>

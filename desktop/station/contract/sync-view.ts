import { z } from 'zod'
import { CommandName } from '#shared/commands.ts'
import { ErrorCode } from '#shared/errors.ts'
import { CommandId, StationId } from '#shared/ids.ts'
import { Instant } from './instant.ts'

export const SyncView = z.object({
  state: z.enum(['OFFLINE', 'CONNECTING', 'CATCHING_UP', 'LIVE', 'NEEDS_ATTENTION']),
  /** Why it needs attention, or why it is offline. */
  code: ErrorCode.nullable(),
  /** Since when in this state. */
  since: Instant,
  /** While catching up, or while a new desk's history comes in behind its day: had and to have. */
  progress: z.object({ done: z.number(), total: z.number() }).nullable(),
  unsynced: z.number(),
  held: z.number(),
  oldestUnsynced: Instant.nullable(),
  lastContact: Instant.nullable(),
  /** The newest unsynced commands, latest first, at most 50. */
  waiting: z.array(
    z.object({
      commandId: CommandId,
      command: CommandName,
      at: Instant,
      byName: z.string(),
      patientName: z.string().nullable(),
      held: z.boolean(),
    }),
  ),
  stations: z.array(
    z.object({
      stationId: StationId,
      name: z.string(),
      isThis: z.boolean(),
      live: z.boolean(),
      lastContact: Instant.nullable(),
    }),
  ),
  /** How far this machine's clock is ahead of the server's, if more than five minutes. */
  clockAheadMinutes: z.number().nullable(),
  /** The server no longer takes this installation as the station it was: an ADMIN may `rejoin` it. */
  mayRejoin: z.boolean(),
  /** The file was damaged, and what came of it; until somebody has read it. */
  damage: z
    .object({
      at: Instant,
      kind: z.enum(['REPLACED', 'LOG_CUT']),
      /** Unsynced acts that go on, and those that only a person can enter again (in the inbox). */
      kept: z.number(),
      listed: z.number(),
      /** Whether all that was confirmed could be read. */
      whole: z.boolean(),
    })
    .nullable(),
})
export type SyncView = z.infer<typeof SyncView>

import { setTimeout } from 'node:timers/promises'
import type { ReplicaCore } from '../replica/replica-core.ts'

/** A desk that has done nothing for so long is between two commands and not in the middle of many, milliseconds. */
const QUIET_MS = 15
/** So often at most: what the server has said is not put off for longer than this many times as long. */
const WAITS = 4

/**
 * Until the desk pauses, a few times the length of a pause at most. What comes in costs the thread that
 * answers the desk as much as a command does; of a burst the commands go first, and all that is on its
 * way after them goes in one piece.
 */
export async function letDeskGoFirst(
  core: Pick<ReplicaCore, 'clock' | 'committedAt'>,
): Promise<void> {
  for (let wait = 0; wait < WAITS; wait += 1) {
    const rest = core.committedAt + QUIET_MS - core.clock.monotonic()
    if (rest <= 0) return
    await setTimeout(rest)
  }
}

import type { Replica } from './replica/replica.ts'
import type { ReplicaFile } from './replica/replica-file.ts'
import type { StationLog } from './station-log.ts'
import { placeOf } from './windows.ts'

/** Nobody waits once nothing was committed for so long, milliseconds. */
const QUIET_MS = 300
/** Between two steps, for whoever comes now. */
const BETWEEN_MS = 5

export interface TidyingParts {
  readonly fileFailed: (error: unknown) => void
  readonly log: StationLog
}

/** Does what a command or a page should not wait for in the pauses between them. @returns how to end it */
export function startTidying(
  { tidy }: Pick<ReplicaFile, 'tidy'>,
  { onCommitted }: Pick<Replica, 'onCommitted'>,
  { fileFailed, log }: TidyingParts,
): () => void {
  let timer: NodeJS.Timeout | null = null
  let wasDisturbed = false

  function look(): void {
    timer = null
    if (wasDisturbed) wait(QUIET_MS)
    else if (tidyOrSay()) wait(BETWEEN_MS)
  }

  /** Nobody waits for the answer: what fails here fails again where somebody does, and is tried after the next commit. */
  function tidyOrSay(): boolean {
    try {
      return tidy()
    } catch (error) {
      log({ event: 'not-tidied', at: placeOf(error) })
      fileFailed(error)
      return false
    }
  }

  /** One timer however many commits: whatever comes while it runs makes it run once more. */
  function wait(ms: number): void {
    wasDisturbed = false
    timer = setTimeout(look, ms)
  }

  const unlisten = onCommitted(() => {
    if (timer === null) wait(QUIET_MS)
    else wasDisturbed = true
  })
  wait(QUIET_MS)
  return () => {
    unlisten()
    if (timer !== null) clearTimeout(timer)
  }
}

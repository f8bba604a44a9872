import type { Replica } from './replica/replica.ts'
import type { ReplicaFile } from './replica/replica-file.ts'

/** Nobody waits once nothing was committed for so long, milliseconds. */
const QUIET_MS = 300
/** Between two steps, for whoever comes now. */
const BETWEEN_MS = 5

/** Does what a command or a page should not wait for in the pauses between them. @returns how to end it */
export function startTidying(
  { tidy }: Pick<ReplicaFile, 'tidy'>,
  { onCommitted }: Pick<Replica, 'onCommitted'>,
): () => void {
  let timer: NodeJS.Timeout | null = null
  let wasDisturbed = false

  function look(): void {
    timer = null
    if (wasDisturbed) wait(QUIET_MS)
    else if (tidy()) wait(BETWEEN_MS)
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

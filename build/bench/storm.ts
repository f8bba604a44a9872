import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { within } from './samples.ts'
import type { Bench } from './suite.ts'

/** A station that is caught up: its token, and where in its clinic's feed it is. */
export const StormSeat = z.object({
  token: z.string(),
  checkpoint: z.object({ clinicId: z.string(), epoch: z.string(), seq: z.number() }),
})
export type StormSeat = z.infer<typeof StormSeat>

export const StormWord = z.union([
  z.object({ seats: z.array(StormSeat) }),
  z.enum(['cut', 'come back']),
])
type StormWord = z.infer<typeof StormWord>

/** Many stations in a process of their own: `storm-stations.ts`. */
export async function openStations(bench: Bench, url: string, seats: StormSeat[]) {
  const child = fork(fileURLToPath(import.meta.resolve('./storm-stations.ts')), [url])
  bench.onEnd(() => child.kill())
  const tell = (word: StormWord) => child.send(word)
  await once(child, 'message')
  tell({ seats })
  await once(child, 'message')
  return {
    /** Until each has its stream and the answer to its pull. */
    async comeBack(): Promise<void> {
      tell('come back')
      await within(once(child, 'message'), 120, 'the last station')
    },
    cut: () => void tell('cut'),
  }
}

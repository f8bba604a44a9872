import { z } from 'zod'

/** What the large clinic did while it was loud. */
export const Loudness = z.object({
  /** Documents. */
  pulled: z.number(),
  imported: z.number(),
  /** Requests that were told to come back later. */
  turnedAway: z.number(),
})
export type Loudness = z.infer<typeof Loudness>

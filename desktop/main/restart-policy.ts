/** Milliseconds. A desk cannot wait long for its queue, and a broken file must not spin the disk. */
const FIRST_DELAY = 250
const LONGEST_DELAY = 30_000
/** A process that lived this long counts as healthy: its next crash starts over. */
const HEALTHY_AFTER = 60_000
const TELL_AFTER = 3

export interface Restarts {
  /** Crashes in a row, each before the process counted as healthy. */
  crashes: number
}

export const NO_RESTARTS: Restarts = { crashes: 0 }

export interface RestartDecision {
  restarts: Restarts
  delay: number
  /** Worth a sentence to the person at the desk: it no longer looks like a single accident. */
  tell: boolean
}

/** After a crash: when to start again. It never gives up, for without the station there is no queue. */
export function afterCrash(previous: Restarts, lived: number): RestartDecision {
  const crashes = lived >= HEALTHY_AFTER ? 1 : previous.crashes + 1
  const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (crashes - 1))
  return { restarts: { crashes }, delay, tell: crashes === TELL_AFTER }
}

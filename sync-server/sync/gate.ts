import { AppError } from '#shared/errors.ts'

/** Lets so many in at a time, and the others in the order they came. */
export interface Gate {
  /**
   * @param isGone whether nobody waits for it any more: asked when its turn comes
   * @throws AppError UNAVAILABLE: too many wait already, or who asked is gone
   */
  run: <T>(work: () => Promise<T>, isGone?: () => boolean) => Promise<T>
  /** The same behind all who came by `run`, then too when they come later: for what nobody waits for. */
  runLast: <T>(work: () => Promise<T>) => Promise<T>
  /** When nobody is inside and nobody waits. */
  empty: () => Promise<void>
}

const RETRY_AFTER_SECONDS = 5

/** @param most that may wait in front, so that what comes when nothing goes on does not pile up */
export function createGate(size: number, most = Infinity): Gate {
  const waiting: (() => void)[] = []
  const last: (() => void)[] = []
  let inside = 0
  let left: (() => void)[] = []
  const unavailable = (): AppError =>
    new AppError('UNAVAILABLE', { retryAfterSeconds: RETRY_AFTER_SECONDS })
  async function runIn<T>(line: (() => void)[], work: () => Promise<T>): Promise<T> {
    if (inside < size) inside += 1
    else await new Promise<void>((enter) => line.push(enter))
    try {
      return await work()
    } finally {
      // Whoever comes in next takes this one's place.
      const next = waiting.shift() ?? last.shift()
      if (next === undefined) inside -= 1
      else next()
      if (inside === 0) {
        for (const tell of left) tell()
        left = []
      }
    }
  }
  return {
    run: async (work, isGone = () => false) => {
      if (waiting.length >= most) throw unavailable()
      return runIn(waiting, async () => {
        if (isGone()) throw unavailable()
        return work()
      })
    },
    runLast: (work) => runIn(last, work),
    async empty() {
      if (inside > 0) await new Promise<void>((tell) => left.push(tell))
    },
  }
}

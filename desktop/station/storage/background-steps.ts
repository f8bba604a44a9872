import type Database from 'better-sqlite3'

import type { LogFolding } from './log-folding.ts'
import { guard } from './storage-error.ts'
import type { Transactions } from './transaction.ts'

/** What need not be done while anybody waits, in pieces so short that nobody who comes then does. */
export interface BackgroundSteps {
  /**
   * One transaction of what is done again if a power cut takes it back.
   *
   * @param work goes on, a little at a time, for as long as `hasTime`
   * @throws whatever `work` throws, after a rollback
   */
  run<T>(work: (hasTime: () => boolean) => T): T
}

/** What a step should take with its commit, milliseconds: a frame of the screen is 16. */
const STEP_MS = 6
/** Of which the commit is by far the most. Guessed until the first has been seen. */
const FIRST_PRICE = 10

export function openBackgroundSteps(
  db: Database.Database,
  transactions: Transactions,
  folding: LogFolding,
): BackgroundSteps {
  /** What a millisecond of work has come to with the commit: what is touched is told only by the disk. */
  let price = FIRST_PRICE
  return {
    run(work) {
      transactions.settle()
      const start = performance.now()
      const until = start + STEP_MS / price
      let asked = 0
      let worked = start
      const step = db.transaction(() => {
        const result = work(() => {
          asked += 1
          return performance.now() < until
        })
        worked = performance.now()
        return result
      })
      const result = guard(() =>
        transactions.withoutWaiting(() => folding.early(() => step.immediate())),
      )
      // Work that knows its own end says nothing of the other's.
      if (asked === 0) return result
      const seen = (performance.now() - start) / (worked - start)
      // Up at once and down slowly: one step in a few folds the log for all of them.
      price = Math.max(seen, price * 0.9)
      return result
    },
  }
}

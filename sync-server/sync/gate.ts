/** Lets so many in at a time, and the others in the order they came. */
export interface Gate {
  run: <T>(work: () => Promise<T>) => Promise<T>
  /** The same behind all who came by `run`, then too when they come later: for what nobody waits for. */
  runLast: <T>(work: () => Promise<T>) => Promise<T>
  /** When nobody is inside and nobody waits. */
  empty: () => Promise<void>
}

export function createGate(size: number): Gate {
  const waiting: (() => void)[] = []
  const last: (() => void)[] = []
  let inside = 0
  let left: (() => void)[] = []
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
    run: (work) => runIn(waiting, work),
    runLast: (work) => runIn(last, work),
    async empty() {
      if (inside > 0) await new Promise<void>((tell) => left.push(tell))
    },
  }
}

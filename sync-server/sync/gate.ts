/** Lets so many in at a time, and the others in the order they came. */
export interface Gate {
  run: <T>(work: () => Promise<T>) => Promise<T>
}

export function createGate(size: number): Gate {
  const waiting: (() => void)[] = []
  let inside = 0
  return {
    async run(work) {
      if (inside < size) inside += 1
      else await new Promise<void>((enter) => waiting.push(enter))
      try {
        return await work()
      } finally {
        // Whoever comes in next takes this one's place.
        const next = waiting.shift()
        if (next === undefined) inside -= 1
        else next()
      }
    },
  }
}

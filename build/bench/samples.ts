import { median, percentile } from './rows.ts'

/** The same percentile of each run. */
export function percentiles(runs: readonly (readonly number[])[], p: number): number[] {
  return runs.filter((run) => run.length > 0).map((run) => percentile(run, p))
}

/** Of each name that has any. */
export function medians(
  runs: ReadonlyMap<string, readonly number[]>,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...runs].flatMap(([name, values]) => (values.length > 0 ? [[name, median(values)]] : [])),
  )
}

/** Runs it and says how long it took, milliseconds. */
export async function timed<T>(run: () => Promise<T> | T): Promise<{ ms: number; result: T }> {
  const start = performance.now()
  const result = await run()
  return { ms: performance.now() - start, result }
}

/** Splits into lists of at most so many. */
export function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}

/** @throws Error naming what did not come: a bench that waits for ever says nothing */
export async function within<T>(promise: Promise<T>, seconds: number, what: string): Promise<T> {
  const late = Promise.withResolvers<never>()
  const error = new Error(`${what} did not come within ${seconds} s`)
  const timer = setTimeout(() => late.reject(error), seconds * 1000)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

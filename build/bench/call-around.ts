import type { VisitRow } from '#desktop/station/contract/board-view.ts'
import { within } from './samples.ts'
import type { BenchWindow } from './window.ts'

/** Calls waiting patients on A, one after the other, and waits for each on B. */
export async function callAround(a: BenchWindow, b: BenchWindow, count: number): Promise<number[]> {
  const board = await a.until('board', {}, () => true)
  const waiting = board.lines.flatMap((line) => line.waiting)
  const times: number[] = []
  let seen: (rows: readonly VisitRow[]) => void = () => undefined
  const end = b.watch('board', {}, ({ lines }) => seen(lines.flatMap((line) => line.waiting)))
  // As at a desk: A's own board is watched as well.
  const endOwn = a.watch('board', {}, () => undefined)
  const calledAt = new Map<string, string | null>()
  for (let index = 0; index < count; index += 1) {
    const row = waiting[index % waiting.length]
    if (row === undefined) throw new Error('nobody waits')
    const { visitId } = row
    const before = calledAt.get(visitId) ?? null
    const { promise, resolve } = Promise.withResolvers<number>()
    seen = (rows) => {
      const shown = rows.find((one) => one.visitId === visitId)?.calledAt ?? null
      if (shown === null || shown === before) return
      calledAt.set(visitId, shown)
      resolve(performance.now())
    }
    const start = performance.now()
    await a.act('call', { visitId })
    times.push((await within(promise, 10, 'the call on the other board')) - start)
    await pause()
  }
  end()
  endOwn()
  return times
}

/** So that what the last one left behind does not meet the next. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 20))
}

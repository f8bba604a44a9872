import { useSyncExternalStore } from 'react'

const TICK_MS = 10_000

let now = Date.now()
let timer: ReturnType<typeof setInterval> | null = null
const listeners = new Set<() => void>()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    now = Date.now()
    for (const each of listeners) each()
  }, TICK_MS)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0 || timer === null) return
    clearInterval(timer)
    timer = null
  }
}

/** The time, to ten seconds: one timer for all waits on the board, and only those cells render. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now)
}

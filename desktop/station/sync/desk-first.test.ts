import { expect, test } from 'vitest'
import { letDeskGoFirst } from './desk-first.ts'

function deskWith(committedAt: number) {
  let reads = 0
  return {
    core: {
      committedAt,
      clock: {
        now: () => 0,
        monotonic() {
          reads += 1
          return performance.now()
        },
        heard: () => undefined,
        lastHeard: () => null,
        aheadBy: () => null,
      },
    },
    reads: () => reads,
  }
}

test('what comes in waits for a pause of the desk, and for no more than a few', async () => {
  const idle = deskWith(-Infinity)
  await letDeskGoFirst(idle.core)
  expect(idle.reads()).toBe(1)
  const last = performance.now()
  await letDeskGoFirst(deskWith(last).core)
  // Timers may be a millisecond early.
  expect(performance.now() - last).toBeGreaterThan(13)
  const busy = deskWith(0)
  Object.defineProperty(busy.core, 'committedAt', { get: () => performance.now() })
  await letDeskGoFirst(busy.core)
  expect(busy.reads()).toBe(4)
})

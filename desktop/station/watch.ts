import { AppError } from '#shared/errors.ts'
import { patchOf, type ViewPatch } from './contract/view-patch.ts'
import type { Change, View } from './views/view.ts'

/** A view that goes on changing while it is computed is sent all the same after this many tries. */
const TRIES = 3

export interface Watch {
  tell(change: Change): void
  stop(): void
}

export interface WatchParts {
  readonly view: View
  readonly send: (view: unknown) => void
  /** What changed of the view sent last; null: whoever watches takes whole views only. */
  readonly sendPatch: ((patch: ViewPatch) => void) | null
  /** Nothing further comes. */
  readonly refuse: (error: unknown) => void
}

/**
 * Computes a view now and after each change it depends on. A change that comes meanwhile makes one
 * more computation, not one more each, and what was computed across it is not sent: a picture of
 * two moments would show a visit without its patient.
 */
export function startWatch({ view, send, sendPatch, refuse }: WatchParts): Watch {
  let isStale = true
  let isRunning = false
  let isStopped = false
  let last: { value: unknown } | null = null

  async function run(): Promise<void> {
    isRunning = true
    try {
      for (let tries = 1; isStale; tries += 1) {
        isStale = false
        const value = await view.compute()
        if (isStopped) return
        if (isStale && tries < TRIES) continue
        tries = 0
        // What a view has kept from its last time is not looked into.
        const patch: ViewPatch | null = last === null ? ['=', value] : patchOf(last.value, value)
        if (patch === null) continue
        last = { value }
        if (sendPatch === null || patch[0] === '=') send(value)
        else sendPatch(patch)
      }
    } catch (error) {
      if (!isStopped) {
        isStopped = true
        refuse(error)
      }
    } finally {
      isRunning = false
    }
  }

  void run()
  return {
    tell(change) {
      if (isStopped || !view.dependsOn(change)) return
      isStale = true
      if (!isRunning) void run()
    },
    stop: () => void (isStopped = true),
  }
}

/** For a view that cannot be: every change is refused at once. */
export function refusedView(code: AppError['code']): View {
  return {
    compute() {
      throw new AppError(code)
    },
    dependsOn: () => false,
  }
}

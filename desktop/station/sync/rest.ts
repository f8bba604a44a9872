/** A loop's rest between two steps, which ends when something happens. */
export interface Rest {
  /** Until something happens, or milliseconds have passed; not at all if something has since the last. */
  sleep(ms: number): Promise<void>
  /** Something happened. */
  wake(): void
}

export function openRest(stopping: AbortSignal): Rest {
  let end: (() => void) | null = null
  let woken = false
  return {
    sleep(ms) {
      if (woken || stopping.aborted) {
        woken = false
        return Promise.resolve()
      }
      return new Promise((resolve) => {
        const timer = setTimeout(done, ms)
        end = done
        function done(): void {
          clearTimeout(timer)
          end = null
          woken = false
          resolve()
        }
      })
    },
    wake() {
      woken = true
      end?.()
    },
  }
}

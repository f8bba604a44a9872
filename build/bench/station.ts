import { openStation, type Station } from '#desktop/station/station.ts'
import type { StationLog } from '#desktop/station/station-log.ts'
import { BENCH_PASSWORD, DESK } from './clinic.ts'
import { type BenchWindow, windowOf } from './window.ts'

export interface BenchStation {
  readonly station: Station
  readonly window: BenchWindow
  close(): Promise<void>
}

/** A station in this process and one window at it. Faults are shown: a figure with them means nothing. */
export async function openBenchStation(options: {
  folder: string
  key: Uint8Array
  log?: StationLog
}): Promise<BenchStation> {
  const { folder, key } = options
  const station = await openStation({
    folder,
    key,
    demo: false,
    appVersion: '0.0.0',
    log(line) {
      if (line.event === 'fault' || line.event === 'sync-fault') console.error(JSON.stringify(line))
      options.log?.(line)
    },
  })
  const window = windowOf(station)
  return {
    station,
    window,
    async close() {
      window.close()
      await station.close()
    },
  }
}

export async function signInDesk(window: BenchWindow): Promise<void> {
  await window.act('signIn', { email: DESK.email, password: BENCH_PASSWORD })
}

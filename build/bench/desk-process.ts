import { resolve } from 'node:path'
import { readyUrl, Supervisor } from '../start/supervisor.ts'
import { BENCH_CLINIC, BENCH_PASSWORD, DESK } from './clinic.ts'
import { signInDesk } from './station.ts'
import type { Bench } from './suite.ts'
import { type BenchWindow, windowAt } from './window.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/** The programs of one suite. What they say is shown only if it may explain a figure. */
export function supervise(bench: Bench): Supervisor {
  const supervisor = new Supervisor(
    (line) => {
      if (/fault|error|"level":(40|50|60)/i.test(line)) console.error(line)
    },
    (message) => console.error(message),
  )
  bench.onEnd(() => supervisor.stop())
  return supervisor
}

export interface Desk {
  /** For a browser: with the token. */
  readonly url: string
  readonly window: BenchWindow
}

/** A station in a process of its own, behind the development host. */
export async function startDesk(
  bench: Bench,
  { folder, renderer = folder }: { folder: string; renderer?: string },
): Promise<Desk> {
  const program = resolve(ROOT, 'desktop/dev-host/main.ts')
  const url = await supervise(bench).start({
    name: 'station',
    command: process.execPath,
    args: [program, '--folder', folder, '--renderer', renderer],
    ready: readyUrl,
    within: 60_000,
  })
  const window = await windowAt(url)
  bench.onEnd(() => window.close())
  return { url, window }
}

/** A new desk of the bench's clinic: enrolled, caught up and signed in. */
export async function enrolDesk(
  bench: Bench,
  serverUrl: string,
  name: string,
): Promise<BenchWindow> {
  const { window } = await startDesk(bench, { folder: bench.folder(`desk-${name}`) })
  await window.act('enrol', {
    serverUrl,
    email: DESK.email,
    password: BENCH_PASSWORD,
    clinicId: BENCH_CLINIC,
    stationName: name,
  })
  await window.until('sync', {}, ({ state, progress }) => state === 'LIVE' && progress === null)
  await signInDesk(window)
  return window
}

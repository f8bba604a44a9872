// `npm start`, after the set-up: a server, a demo clinic and two desks of it, in windows where the
// machine has a screen. What it keeps is in .dawr/; `npm start -- --fresh` begins anew.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { DemoDesk } from '#desktop/station/demo-desk.ts'
import { DEMO_CLINICS } from '#server/clinics/demo-data.ts'
import { SERVER_FLAGS } from './start/server-flags.ts'
import { forget, keptPort, leave, serverFolder, takeTurn } from './start/state.ts'
import { ChildFailed, readyUrl, Supervisor } from './start/supervisor.ts'
import {
  chromiumWindow,
  electronWindow,
  stationHost,
  surfaceOf,
  type Desk,
  type Surface,
} from './start/windows.ts'

const { values: options } = parseArgs({
  options: {
    fresh: { type: 'boolean', default: false },
    /** Prints the addresses instead of opening windows. */
    'no-windows': { type: 'boolean', default: false },
  },
})

/** Everything the demo keeps between two starts; ignored by git. */
const STATE = resolve('.dawr')
const PATIENTS = join(STATE, 'patients.csv')
/** Milliseconds, the demo's patients and the first sync included. */
const READY_WITHIN = 240_000

const DESKS: Desk[] = [
  { name: 'reception', stationName: 'الاستقبال' },
  { name: 'doctor', stationName: 'غرفة الطبيب' },
].map(({ name, stationName }) => ({
  name,
  stationName,
  email: `${name}@demo.dawr`,
  folder: join(STATE, name),
}))

const supervisor = new Supervisor(console.log, (message) => void stop(1, message))

let stopping = false
async function stop(code: number, reason: string): Promise<void> {
  if (stopping) return
  stopping = true
  console.log(`${reason}, closing ...`)
  await supervisor.stop()
  leave(STATE)
  process.exit(code)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void stop(0, 'asked to stop'))
}

try {
  await run()
} catch (error) {
  // What we did not foresee needs its stack; either way the processes are ended in order.
  if (!(error instanceof ChildFailed)) console.error(error)
  await stop(1, error instanceof Error ? error.message : String(error))
}

async function run(): Promise<void> {
  const running = takeTurn(STATE)
  if (running !== null) {
    console.log(`The demo is already running (process ${running}).`)
    process.exit(1)
  }
  if (options.fresh) {
    await forget(STATE)
    takeTurn(STATE)
  }
  await buildApp()
  const env = {
    DATA_FOLDER: serverFolder(STATE),
    PORT: String(await keptPort(STATE, 'server')),
    LOG_LEVEL: 'warn',
  }
  const args = [...SERVER_FLAGS, 'sync-server/main.ts']
  const server = { name: 'server', command: process.execPath, args, env }
  const serverUrl = await supervisor.start({ ...server, ready: readyUrl, within: 60_000 })
  const seed = { ...server, name: 'seed', args: ['sync-server/seed-demo.ts'] }
  if ((await supervisor.run(seed)) !== 0) throw new ChildFailed('the demo clinic was not made')
  const past = { ...server, name: 'history', args: ['build/demo/seed-history.ts'] }
  if ((await supervisor.run(past)) !== 0) throw new ChildFailed('the demo has no past')
  const surface: Surface = options['no-windows']
    ? { kind: 'addresses' }
    : surfaceOf(process.env, process.platform)
  await openDesks(surface, serverUrl)
}

/** Two seconds: always, rather than a guess whether it is stale. */
async function buildApp(): Promise<void> {
  const cli = join('node_modules', 'electron-vite', 'bin', 'electron-vite.js')
  const code = await supervisor.run({
    name: 'build',
    command: process.execPath,
    args: [cli, 'build', '--logLevel', 'warn'],
  })
  if (code !== 0) throw new ChildFailed('the app did not build')
}

async function openDesks(surface: Surface, serverUrl: string): Promise<void> {
  if (!existsSync(PATIENTS)) await writePatients()
  if (surface.kind === 'electron') {
    const { executable } = surface
    const windows = DESKS.map((desk) =>
      supervisor.run(electronWindow(executable, desk, demoDesk(desk, serverUrl))),
    )
    return stopWhenClosed(windows)
  }
  const open: Array<{ desk: Desk; url: string }> = []
  for (const desk of DESKS) {
    const port = await keptPort(STATE, desk.name)
    const host = stationHost(desk, port, demoDesk(desk, serverUrl))
    const url = await supervisor.start({ ...host, ready: readyUrl, within: READY_WITHIN })
    open.push({ desk, url })
  }
  if (surface.kind === 'addresses') {
    console.log('\nReady. Open in a browser of this machine:')
    for (const { desk, url } of open) console.log(`  ${desk.name.padEnd(9)} ${url}`)
    return
  }
  const windows = open.map(({ desk, url }) =>
    supervisor.run(chromiumWindow(surface.executable, desk, url)),
  )
  await stopWhenClosed(windows)
}

/** Enrolled in the demo clinic and signed in at by itself; reception brings in the old list. */
function demoDesk({ name, stationName, email }: Desk, serverUrl: string): DemoDesk {
  const [clinic] = DEMO_CLINICS
  if (clinic === undefined) throw new Error('there is no demo clinic')
  return {
    serverUrl,
    clinicId: clinic.clinicId,
    admin: 'admin@demo.dawr',
    stationName,
    email,
    patientList: name === 'reception' ? PATIENTS : null,
  }
}

/** A clinic of some years: enough that finding somebody means something, quick enough to bring in. */
async function writePatients(): Promise<void> {
  const args = ['build/demo/write-csv.ts', '--count', '20000', '--out', PATIENTS]
  const code = await supervisor.run({ name: 'patients', command: process.execPath, args })
  if (code !== 0) throw new ChildFailed('the demo patients were not made')
}

async function stopWhenClosed(windows: Array<Promise<number | null>>): Promise<void> {
  const codes = await Promise.all(windows)
  if (codes.every((code) => code === 0)) await stop(0, 'all windows are closed')
  else await stop(1, `a window ended with code ${codes.find((code) => code !== 0)}`)
}

// `npm start`, after the set-up: a server, a demo clinic and two desks of it, in windows where the
// machine has a screen. What it keeps is in .dawr/; `npm start -- --fresh` begins anew.
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
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

const DESKS: Desk[] = ['reception', 'doctor'].map((name) => ({ name, folder: join(STATE, name) }))

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
  if (!(error instanceof ChildFailed)) throw error
  await stop(1, error.message)
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
  await supervisor.start({
    name: 'server',
    command: process.execPath,
    args: ['sync-server/main.ts'],
    env: { DATA_FOLDER: serverFolder(STATE), PORT: String(await keptPort(STATE, 'server')) },
    ready: readyUrl,
    within: 60_000,
  })
  await openDesks(
    options['no-windows'] ? { kind: 'addresses' } : surfaceOf(process.env, process.platform),
  )
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

async function openDesks(surface: Surface): Promise<void> {
  if (surface.kind === 'electron') {
    const windows = DESKS.map((desk) => supervisor.run(electronWindow(surface.executable, desk)))
    return stopWhenClosed(windows)
  }
  const addresses: string[] = []
  for (const desk of DESKS) {
    const port = await keptPort(STATE, desk.name)
    const host = { ...stationHost(desk, port), ready: readyUrl, within: 30_000 }
    addresses.push(await supervisor.start(host))
  }
  if (surface.kind === 'addresses') {
    console.log('\nReady. Open in a browser of this machine:')
    for (const [at, desk] of DESKS.entries())
      console.log(`  ${desk.name.padEnd(9)} ${addresses[at]}`)
    return
  }
  const windows = DESKS.map((desk, at) =>
    supervisor.run(chromiumWindow(surface.executable, desk, addresses[at] ?? '')),
  )
  await stopWhenClosed(windows)
}

async function stopWhenClosed(windows: Array<Promise<number | null>>): Promise<void> {
  const codes = await Promise.all(windows)
  if (codes.every((code) => code === 0)) await stop(0, 'all windows are closed')
  else await stop(1, `a window ended with code ${codes.find((code) => code !== 0)}`)
}

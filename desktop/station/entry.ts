// The station in Electron's utilityProcess. No Electron import: what the process gives is typed here.
import { AppError } from '#shared/errors.ts'
import type { ContractPort } from './contract/port.ts'
import { ShellToStation, type StationToShell } from './contract/shell.ts'
import { DemoDesk, prepareDemoDesk } from './demo-desk.ts'
import type { LogLine } from './station-log.ts'
import { openStation, type Station } from './station.ts'
import { placeOf } from './windows.ts'

/** Electron's MessagePortMain, as far as it is used. */
interface ShellPort {
  postMessage(message: unknown): void
  on(event: 'message', listener: (event: { data: unknown }) => void): void
  on(event: 'close', listener: () => void): void
  start(): void
}

interface ParentPort {
  postMessage(message: unknown, transfer: []): void
  on(event: 'message', listener: (event: { data: unknown; ports: ShellPort[] }) => void): void
}

const log = (line: LogLine): void => void process.stderr.write(`${JSON.stringify(line)}\n`)

function contractPort(port: ShellPort): ContractPort {
  return {
    send: (message) => port.postMessage(message),
    onMessage(listener) {
      port.on('message', ({ data }) => listener(data))
      port.start()
    },
    onClose: (listener) => port.on('close', listener),
  }
}

/** Windows may come while the file is still being opened: they wait for it. */
let opening: Promise<Station> | null = null

function fail(error: unknown): never {
  // The shell restarts the process, and says so if that does not help.
  log({ event: 'cannot-open', at: placeOf(error), code: codeOf(error) })
  process.exit(1)
}

let keyKept: (kept: boolean) => void = () => undefined

/** Before the file is opened with it: a key that only this process has would be gone at its end. */
async function keepKey(key: Uint8Array): Promise<void> {
  const answered = new Promise<boolean>((resolve) => (keyKept = resolve))
  parent.postMessage({ type: 'keep-key', key } satisfies StationToShell, [])
  if (!(await answered)) throw new AppError('UNAVAILABLE')
}

function codeOf(error: unknown): string | null {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : null
  return typeof code === 'string' ? code : null
}

/** A demo that could not be made ready is enrolled by hand, like any other. */
async function makeReady(station: Promise<Station>, text: string): Promise<void> {
  try {
    await prepareDemoDesk(await station, DemoDesk.parse(JSON.parse(text)))
  } catch (error) {
    log({ event: 'demo-not-ready', code: codeOf(error) })
  }
}

function handle(message: ShellToStation, ports: readonly ShellPort[]): void {
  switch (message.type) {
    case 'open':
      opening ??= openStation({ ...message, log, keepKey })
      opening.catch(fail)
      if (message.demo && message.demoDesk !== null) void makeReady(opening, message.demoDesk)
      return
    case 'key-kept':
      keyKept(message.kept)
      return
    case 'connect': {
      const [port] = ports
      if (port !== undefined)
        void opening?.then((station) => station.connect(contractPort(port)), fail)
      return
    }
    case 'close':
      void (opening ?? Promise.resolve(null))
        .then((station) => station?.close())
        .then(() => process.exit(0), fail)
  }
}

const parentPort: unknown = Reflect.get(process, 'parentPort')
if (typeof parentPort !== 'object' || parentPort === null) {
  throw new Error("this is the station's process of the Electron shell")
}
// Cast: Electron's documented shape; each message is parsed
const parent = parentPort as ParentPort
parent.on('message', ({ data, ports }) => {
  const parsed = ShellToStation.safeParse(data)
  if (parsed.success) handle(parsed.data, ports)
  else log({ event: 'unknown-shell-message' })
})

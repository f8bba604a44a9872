import { join } from 'node:path'
import {
  MessageChannelMain,
  utilityProcess,
  type MessagePortMain,
  type UtilityProcess,
  type WebContents,
} from 'electron'
import {
  type ShellChannel,
  type ShellToStation,
  StationToShell,
} from '#desktop/station/contract/shell.ts'
import type { LogFile } from './log-file.ts'
import { afterCrash, NO_RESTARTS } from './restart-policy.ts'

/** Milliseconds to finish a write and close the file, before the process is ended regardless. */
const CLOSE_WITHIN = 5_000

export type OpenMessage = Extract<ShellToStation, { type: 'open' }>

export interface StationProcess {
  /** Gives the window a port, now and again after each restart of the station. */
  join(contents: WebContents): void
  close(): Promise<void>
}

export interface StationOptions {
  open: OpenMessage
  /** Gets what the station prints: lines of ids and codes. */
  log: LogFile
  /** Puts a recovered key into the system's keystore; false: it could not. */
  keepKey: (key: Uint8Array) => Promise<boolean>
  /** Called once when the station keeps crashing. */
  trouble: () => void
}

export function startStation({ open, log, keepKey, trouble }: StationOptions): StationProcess {
  const joined = new Set<WebContents>()
  let opening = open
  let restarts = NO_RESTARTS
  let closing = false
  let startedAt = 0
  let child = start()

  function start(): UtilityProcess {
    startedAt = Date.now()
    const started = utilityProcess.fork(join(import.meta.dirname, 'station.js'), [], {
      serviceName: 'dawr-station',
      // A program with windows has no console on Windows: without a file its output is lost.
      stdio: 'pipe',
    })
    started.stdout?.on('data', (text: Buffer) => log.write(text))
    started.stderr?.on('data', (text: Buffer) => log.write(text))
    // The key goes by message: arguments and environment are readable by other programs.
    send(started, opening)
    started.on('message', (message: unknown) => void answer(started, message))
    started.once('exit', restart)
    for (const contents of joined) connect(started, contents)
    return started
  }

  async function answer(station: UtilityProcess, message: unknown): Promise<void> {
    const parsed = StationToShell.safeParse(message)
    if (!parsed.success) return
    const { key } = parsed.data
    const kept = await keepKey(key)
    // Should the process crash later, the next one opens with it too.
    if (kept) opening = { ...opening, key }
    send(station, { type: 'key-kept', kept })
  }

  function restart(): void {
    if (closing) return
    const decision = afterCrash(restarts, Date.now() - startedAt)
    restarts = decision.restarts
    if (decision.tell) trouble()
    setTimeout(() => {
      if (!closing) child = start()
    }, decision.delay)
  }

  return {
    join(contents) {
      if (!joined.has(contents)) {
        joined.add(contents)
        contents.once('destroyed', () => joined.delete(contents))
      }
      connect(child, contents)
    },
    async close() {
      closing = true
      if (child.pid === undefined) return
      const { promise, resolve } = Promise.withResolvers<void>()
      child.once('exit', () => resolve())
      const deadline = setTimeout(() => child.kill(), CLOSE_WITHIN)
      send(child, { type: 'close' })
      await promise
      clearTimeout(deadline)
    },
  }
}

/** One channel per window: messages go between window and station without passing through here. */
function connect(station: UtilityProcess, contents: WebContents): void {
  const { port1, port2 } = new MessageChannelMain()
  send(station, { type: 'connect' }, [port1])
  contents.postMessage('shell:port' satisfies ShellChannel, null, [port2])
}

function send(station: UtilityProcess, message: ShellToStation, ports?: MessagePortMain[]): void {
  station.postMessage(message, ports)
}

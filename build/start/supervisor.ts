import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** Milliseconds between asking a process to end and ending it. */
const GRACE = 15_000

export interface ChildSpec {
  /** Stands before each of its lines. */
  name: string
  command: string
  args: string[]
  env?: Record<string, string>
  /** Closing it is no failure. */
  isWindow?: boolean
}

export interface ReadySpec<T> extends ChildSpec {
  /** What a line of standard output says when the process is ready; null: not that line. */
  ready(line: string): T | null
  /** Milliseconds. */
  within: number
}

export class ChildFailed extends Error {}

/** The processes of one demo: they start in order, speak with their name, and end together. */
export class Supervisor {
  readonly #children = new Map<ChildProcess, ChildSpec>()
  readonly #print: (line: string) => void
  readonly #onFailure: (message: string) => void
  #stopping = false

  /** @param onFailure a process ended that should not have; told once */
  constructor(print: (line: string) => void, onFailure: (message: string) => void) {
    this.#print = print
    this.#onFailure = onFailure
    // The last resort, if this process ends without stop(): nothing of ours stays behind.
    process.once('exit', () => {
      for (const child of this.#children.keys()) child.kill('SIGKILL')
    })
  }

  /** Starts a process and waits until it says that it is ready. */
  start<T>(spec: ReadySpec<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const child = this.#spawn(spec, (line) => {
      const value = spec.ready(line)
      if (value !== null) resolve(value)
      return value !== null
    })
    const deadline = setTimeout(
      () => reject(new ChildFailed(`${spec.name} was not ready within ${spec.within / 1000} s`)),
      spec.within,
    )
    child.once('error', (error) => reject(new ChildFailed(`${spec.name}: ${error.message}`)))
    child.once('exit', (code, signal) =>
      reject(new ChildFailed(`${spec.name} ended early (${signal ?? `code ${code}`})`)),
    )
    return promise.finally(() => clearTimeout(deadline))
  }

  /** Starts a process; the promise is its exit code, or null if a signal ended it. */
  run(spec: ChildSpec): Promise<number | null> {
    const { promise, resolve, reject } = Promise.withResolvers<number | null>()
    const child = this.#spawn(spec, () => false)
    child.once('error', (error) => reject(new ChildFailed(`${spec.name}: ${error.message}`)))
    child.once('exit', resolve)
    return promise
  }

  /** The last started ends first: a window before its station, a station before its server. */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const child of [...this.#children.keys()].toReversed()) await end(child)
  }

  #spawn(spec: ChildSpec, consumes: (line: string) => boolean): ChildProcess {
    // By the channel a process of ours learns that this one is gone, even when it was killed. Other
    // programs would hand the open channel on to theirs.
    const channel = spec.command === process.execPath ? ['ipc' as const] : []
    const child = spawn(spec.command, spec.args, {
      env: { ...process.env, ...spec.env },
      stdio: ['ignore', 'pipe', 'pipe', ...channel],
    })
    this.#children.set(child, spec)
    child.once('exit', (code, signal) => {
      this.#children.delete(child)
      if (this.#stopping || spec.isWindow === true || code === 0) return
      this.#onFailure(`${spec.name} ended (${signal ?? `code ${code}`})`)
    })
    this.#relay(child.stdout, spec.name, consumes)
    this.#relay(child.stderr, spec.name, () => false)
    return child
  }

  #relay(stream: Readable | null, name: string, consumes: (line: string) => boolean): void {
    if (!stream) return
    createInterface({ input: stream }).on('line', (line) => {
      if (!consumes(line)) this.#print(`${name.padEnd(9)} | ${line}`)
    })
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const { promise, resolve } = Promise.withResolvers<void>()
  child.once('exit', () => resolve())
  const deadline = setTimeout(() => child.kill('SIGKILL'), GRACE)
  child.kill('SIGTERM')
  await promise
  clearTimeout(deadline)
}

/** Our processes say they are ready with one line of JSON that has a `url`. */
export function readyUrl(line: string): string | null {
  if (!line.startsWith('{')) return null
  try {
    const parsed: unknown = JSON.parse(line)
    const url = typeof parsed === 'object' && parsed !== null && 'url' in parsed && parsed.url
    return typeof url === 'string' ? url : null
  } catch {
    return null
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'

const ROOT = resolve(import.meta.dirname, '../../..')
const Ready = z.object({ url: z.url() })

export interface RunningProcess {
  url: string
  child: ChildProcess
  /** SIGKILL, as a power cut would; resolves when it is gone. */
  kill: () => Promise<void>
  stop: () => Promise<void>
}

interface Program {
  script: string
  args: string[]
  env?: Record<string, string>
  /** Its log, kept as test output. */
  logFile: string
  within?: number
}

/** Starts a program of the project and waits for its line `{"url": ...}`. */
export async function startProgram(program: Program): Promise<RunningProcess> {
  mkdirSync(dirname(program.logFile), { recursive: true })
  const log = createWriteStream(program.logFile, { flags: 'a' })
  const child = spawn(process.execPath, [resolve(ROOT, program.script), ...program.args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...program.env },
  })
  child.stderr.pipe(log)
  const gone = new Promise<void>((settle) => child.once('exit', () => settle()))
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await gone
  }
  const url = await new Promise<string>((settle, fail) => {
    const timer = setTimeout(
      () => fail(new Error(`${program.script} was not ready; see ${program.logFile}`)),
      program.within ?? 60_000,
    )
    createInterface({ input: child.stdout }).on('line', (line) => {
      log.write(`${line}\n`)
      const ready = Ready.safeParse(parseLine(line))
      if (ready.success) {
        clearTimeout(timer)
        settle(ready.data.url)
      }
    })
    void gone.then(() => fail(new Error(`${program.script} ended; see ${program.logFile}`)))
  })
  return { url, child, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null // a line for people
  }
}

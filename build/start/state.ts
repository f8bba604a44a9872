import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Everything the demo keeps between two starts; ignored by git. */
export const STATE = resolve('.dawr')
const LOCK = join(STATE, 'start.pid')

/** The process that already runs this demo, or null after taking its place. */
export function takeTurn(): number | null {
  const holder = readPid(LOCK)
  if (holder !== null && holder !== process.pid && isAlive(holder)) return holder
  mkdirSync(STATE, { recursive: true })
  writeFileSync(LOCK, String(process.pid))
  return null
}

export function leave(): void {
  rmSync(LOCK, { force: true })
}

/** Forgets the demo. A PostgreSQL that outlived a killed start would write into the removed folder. */
export async function forget(): Promise<void> {
  for (const file of globSync('**/postmaster.pid', { cwd: STATE })) {
    await endProcess(readPid(join(STATE, file)))
  }
  rmSync(STATE, { recursive: true, force: true })
}

async function endProcess(pid: number | null): Promise<void> {
  if (pid === null || !isAlive(pid)) return
  process.kill(pid, 'SIGINT') // PostgreSQL's fast shutdown
  for (let tries = 0; tries < 50 && isAlive(pid); tries += 1) await sleep(100)
}

function readPid(file: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10)
    return Number.isInteger(pid) && pid > 1 ? pid : null
  } catch {
    return null
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Alive, but another user's: PostgreSQL started by root runs as its own.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const lockIn = (state: string) => join(state, 'start.pid')

/** The process that already runs the demo of this folder, or null after taking its place. */
export function takeTurn(state: string): number | null {
  const holder = readNumber(lockIn(state))
  if (holder !== null && holder !== process.pid && isAlive(holder)) return holder
  mkdirSync(state, { recursive: true })
  writeFileSync(lockIn(state), String(process.pid))
  return null
}

export function leave(state: string): void {
  rmSync(lockIn(state), { force: true })
}

/**
 * Where the server keeps its database. As root, PostgreSQL runs as a user of its own, who cannot
 * look into root's home: a clone that lies there gets a folder outside.
 */
export function serverFolder(state: string): string {
  if (process.getuid?.() !== 0 || isOpenToOthers(state)) return join(state, 'server')
  const clone = createHash('sha256').update(state).digest('hex').slice(0, 12)
  return join('/var/lib', `dawr-demo-${clone}`)
}

function isOpenToOthers(folder: string): boolean {
  const parent = dirname(folder)
  return parent === folder || ((statSync(parent).mode & 0o001) !== 0 && isOpenToOthers(parent))
}

/**
 * A free port, found once and kept: a station remembers its server's address, and a browser what it
 * stored under an origin.
 */
export async function keptPort(state: string, name: string): Promise<number> {
  const file = join(state, `${name}.port`)
  const kept = readNumber(file)
  if (kept !== null) return kept
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  await new Promise((closed) => server.close(closed))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  writeFileSync(file, String(address.port))
  return address.port
}

/** Forgets the demo. A PostgreSQL that outlived a killed start would write into the removed folder. */
export async function forget(state: string): Promise<void> {
  for (const folder of [serverFolder(state), state]) {
    for (const file of globSync('**/postmaster.pid', { cwd: folder })) {
      await endProcess(readNumber(join(folder, file)))
    }
    rmSync(folder, { recursive: true, force: true })
  }
}

async function endProcess(pid: number | null): Promise<void> {
  if (pid === null || !isAlive(pid)) return
  process.kill(pid, 'SIGINT') // PostgreSQL's fast shutdown
  for (let tries = 0; tries < 50 && isAlive(pid); tries += 1) await sleep(100)
}

/** The number in a file's first line; never 0 or 1, which as a process id mean more than one. */
function readNumber(file: string): number | null {
  try {
    const number = Number.parseInt(readFileSync(file, 'utf8'), 10)
    return Number.isInteger(number) && number > 1 ? number : null
  } catch {
    return null
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Alive, but another user's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

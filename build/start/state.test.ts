import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { forget, keptPort, leave, serverFolder, takeTurn } from './state.ts'

let parent = ''
let state = ''
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'dawr-state-'))
  state = join(parent, '.dawr')
})
afterEach(() => rm(parent, { recursive: true, force: true }))

/** A process that lives until it is killed. */
async function sleeper() {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)'])
  await once(child.stdout, 'data')
  return child
}

test('one demo at a time; one that was killed does not hold the turn', async () => {
  expect(takeTurn(state)).toBe(null)
  const other = await sleeper()
  await writeFile(join(state, 'start.pid'), String(other.pid))
  expect(takeTurn(state)).toBe(other.pid)
  const gone = once(other, 'exit')
  other.kill('SIGKILL')
  await gone
  expect(takeTurn(state)).toBe(null)
  leave(state)
  expect(existsSync(join(state, 'start.pid'))).toBe(false)
})

test('a port is found once and kept', async () => {
  takeTurn(state)
  const port = await keptPort(state, 'server')
  expect(port).toBeGreaterThan(1_024)
  expect(await keptPort(state, 'server')).toBe(port)
})

test('forgetting ends a PostgreSQL that was left running, and removes everything', async () => {
  takeTurn(state)
  const left = await sleeper()
  const gone = once(left, 'exit')
  const folder = join(serverFolder(state), 'postgres')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'postmaster.pid'), `${left.pid}\n/somewhere\n`)
  await forget(state)
  await gone
  expect(left.signalCode).toBe('SIGINT')
  expect([state, serverFolder(state)].map((path) => existsSync(path))).toEqual([false, false])
})

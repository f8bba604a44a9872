import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { z } from 'zod'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

// Whole programs, with a disk that they do wait for.
vi.setConfig({ testTimeout: 180_000 })

let folder: string
const running: ChildProcess[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dawr-embedded-'))
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => end(server, 'SIGTERM')))
  await rm(folder, { recursive: true, force: true })
})

/** Starts the real program, and reads the line by which it says that it is ready. */
async function start(environment: Record<string, string> = {}): Promise<ChildProcess> {
  return (await startWithUrl(environment)).child
}

async function startWithUrl(environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, DATA_FOLDER: folder, PORT: '0', LOG_LEVEL: 'warn', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.push(child)
  let errors = ''
  child.stderr.on('data', (chunk) => (errors += String(chunk)))
  const line = await new Promise<string>((done, fail) => {
    child.stdout.once('data', (chunk) => done(String(chunk)))
    child.once('exit', (code) => fail(new Error(`ended with ${code}: ${errors}`)))
  })
  const { url } = z.object({ ready: z.literal(true), url: z.url() }).parse(JSON.parse(line))
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  return { child, url }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  return new Promise((done) => {
    child.once('exit', (code) => done(code))
    child.kill(signal)
  })
}

const pidFile = () => join(folder, 'postgres', 'postmaster.pid')
async function postmaster(): Promise<number | null> {
  const text = await readFile(pidFile(), 'utf8').catch(() => null)
  return text === null ? null : Number(text.split('\n')[0])
}

/** A process that has ended may stay as a name until its parent looks: it runs no more. */
async function runs(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => null)
  if (status !== null) return !/^State:\s+Z/m.test(status)
  try {
    return process.platform !== 'linux' && process.kill(pid, 0)
  } catch {
    return false
  }
}

test('starts from nothing, keeps its secrets to itself, and leaves nothing running', async () => {
  const server = await start()
  const pid = (await postmaster()) ?? expect.fail('PostgreSQL runs')
  for (const name of ['postgres-passwords.json', 'signing-key.json']) {
    expect(((await stat(join(folder, name))).mode & 0o777).toString(8)).toBe('600')
  }
  expect(((await stat(join(folder, 'postgres'))).mode & 0o777).toString(8)).toBe('700')
  expect(await end(server, 'SIGTERM')).toBe(0)
  expect([await postmaster(), await runs(pid)]).toEqual([null, false])
})

test('after kill -9 the PostgreSQL that stayed behind is adopted, and stopped at the end', async () => {
  await end(await start(), 'SIGKILL')
  const left = (await postmaster()) ?? expect.fail('PostgreSQL stayed')
  expect(await runs(left)).toBe(true)
  const again = await start()
  expect(await postmaster()).toBe(left)
  expect(await end(again, 'SIGTERM')).toBe(0)
  expect(await runs(left)).toBe(false)
})

test('when PostgreSQL was killed too, its file is stale and a new one starts', async () => {
  await end(await start(), 'SIGKILL')
  const left = (await postmaster()) ?? expect.fail('PostgreSQL stayed')
  process.kill(left, 'SIGKILL')
  while (await runs(left)) await new Promise((done) => setTimeout(done, 50))
  await start()
  expect(await postmaster()).not.toBe(left)
})

test('a stale file whose process number belongs to somebody else now does not stop the start', async () => {
  await end(await start(), 'SIGTERM')
  const stale = [process.pid, join(folder, 'postgres'), 1, 1, '', '127.0.0.1', '', 'ready   ']
  await writeFile(pidFile(), `${stale.join('\n')}\n`)
  await start()
  expect(await postmaster()).not.toBe(process.pid)
})

test('without its PostgreSQL the server says so, lives on, and still ends in order', async () => {
  const { child, url } = await startWithUrl()
  process.kill((await postmaster()) ?? expect.fail('PostgreSQL runs'), 'SIGINT')
  await expect.poll(postmaster, { timeout: 10_000 }).toBeNull()
  const body = JSON.stringify({ email: 'a@demo.dawr', password: 'x' })
  const answer = await fetch(`${url}/v1/sign-in`, { method: 'POST', body })
  expect(await answer.json()).toMatchObject({ code: 'UNAVAILABLE' })
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
  expect((await fetch(`${url}/readyz`)).status).toBe(503)
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  expect(await end(child, 'SIGTERM')).toBe(0)
})

test('two servers of one folder share a PostgreSQL, and the last one turns it off', async () => {
  const first = await start()
  const pid = (await postmaster()) ?? expect.fail('PostgreSQL runs')
  const second = await start()
  expect(await postmaster()).toBe(pid)
  expect(await end(first, 'SIGTERM')).toBe(0)
  expect(await runs(pid)).toBe(true)
  expect(await end(second, 'SIGTERM')).toBe(0)
  expect(await runs(pid)).toBe(false)
})

test('a wrong setting is named, without its value, and nothing starts', async () => {
  const secret = 'postgres://somebody:secret@db.example/dawr'
  const failed = start({ PORT: '99999', DATABASE_URL: secret.replace('postgres:', 'mysql:') })
  await expect(failed).rejects.toThrow(/ended with 1: .*DATABASE_URL.*PORT/)
  await expect(failed).rejects.not.toThrow(/secret/)
  await expect(start({ DATABASE_URL: secret })).rejects.toThrow('go together')
})

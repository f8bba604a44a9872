import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { calculateJwkThumbprint } from 'jose'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { Command } from '#shared/commands.ts'
import { type CommandResult, PROTOCOL_VERSION, PushResponse } from '#shared/protocol.ts'
import { queueDayOf } from '#shared/queue-day.ts'
import { verifyAudit } from '../audit/verify-audit.ts'
import { signStationToken } from '../identity/access-token.ts'
import { importSigningKey, type SigningKey } from '../identity/signing-key.ts'
import { createTestClinic, type Desk, type TestClinic } from '../sync/test-clinic.ts'
import { checkIn, register } from '../sync/test-commands.ts'
import { createTestDatabase, type TestDatabase } from './test-database.ts'
import { makePrivateKey } from './test-server.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const Ready = z.object({ url: z.url() })

const privateKey = makePrivateKey()
let database: TestDatabase
let clinic: TestClinic
let key: SigningKey
let listener: pg.Client
let running: { child: ChildProcess; url: string } | null = null

beforeAll(async () => {
  database = await createTestDatabase()
  // The server's clock is the real one here: a trial that lasts, whenever this runs.
  clinic = await createTestClinic(database, 3_650)
  key = await importSigningKey(privateKey)
  listener = new pg.Client({ connectionString: database.appUrl })
  await listener.connect()
  await listener.query('LISTEN dawr_clinics')
})
afterAll(async () => {
  if (running !== null) await kill()
  await listener.end()
  await database.drop()
})

async function start(): Promise<void> {
  const child = spawn(process.execPath, ['sync-server/main.ts'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      DATABASE_URL: database.appUrl,
      DATABASE_OWNER_URL: database.ownerUrl,
      SIGNING_KEY: JSON.stringify(privateKey),
      PORT: '0',
      LOG_LEVEL: 'fatal',
    },
  })
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  createInterface({ input: child.stdout }).once('line', resolve)
  child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)))
  running = { child, url: Ready.parse(JSON.parse(await promise)).url }
}

/** SIGKILL; then waits until PostgreSQL has noticed that nobody is there any more. */
async function kill(): Promise<void> {
  const child = running?.child
  running = null
  if (child === undefined) return
  const gone = new Promise((settle) => child.once('exit', settle))
  child.kill('SIGKILL')
  await gone
  const left = `SELECT count(*)::int AS count FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'dawr'
      AND state <> 'idle' AND pid <> pg_backend_pid()`
  for (;;) {
    const { rows } = await database.ownerPool.query<{ count: number }>(left)
    if (rows[0]?.count === 0) return
    await pause(10)
  }
}

/** PostgreSQL tells of a push the moment it is committed. */
function nextCommit(): Promise<void> {
  return new Promise((settle) => {
    listener.once('notification', () => settle())
  })
}

/** A desk that works on; what was not answered is sent again as it was. */
interface Worker {
  desk: Desk
  token: string
  number: number
  waiting: readonly Command[] | null
  answered: Map<string, CommandResult>
}

async function openWorker(): Promise<Worker> {
  const desk = await clinic.openDesk('reception')
  const { stationId, clinicId, publicKey } = desk.credential
  const thumbprint = await calculateJwkThumbprint(publicKey)
  const token = await signStationToken(key, { stationId, clinicId, thumbprint }, Date.now())
  return { desk, token, number: 0, waiting: null, answered: new Map() }
}

function makeBatch(worker: Worker): Command[] {
  clinic.clock.now = Date.now()
  const queueDay = queueDayOf(clinic.clock.now, clinic.settings)
  return Array.from({ length: 1 + (worker.number % 4) }, (_, index) => {
    worker.number += 1
    return index % 2 === 0
      ? checkIn(worker.desk, 'reception', { number: worker.number, visit: { queueDay } })
      : register(worker.desk, 'reception')
  })
}

async function post(url: string, { desk, token }: Worker, commands: readonly Command[]) {
  const response = await fetch(`${url}/v1/push`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({
      protocol: PROTOCOL_VERSION,
      commands: commands.map((command) => desk.sign(command)),
    }),
  })
  return PushResponse.parse(await response.json()).results
}

/** Until the server is gone. */
async function work(url: string, worker: Worker): Promise<void> {
  for (;;) {
    const commands = worker.waiting ?? makeBatch(worker)
    worker.waiting = commands
    const results = await post(url, worker, commands).catch(() => null)
    if (results === null) return
    for (const result of results) worker.answered.set(result.commandId, result)
    worker.waiting = null
  }
}

async function countStored(commands: readonly Pick<Command, 'commandId'>[]): Promise<number> {
  const { rowCount } = await clinic.within((tx) =>
    tx.query('SELECT 1 FROM commands WHERE clinic_id = $1 AND command_id = ANY ($2::uuid[])', [
      clinic.clinicId,
      commands.map(({ commandId }) => commandId),
    ]),
  )
  return rowCount
}

test('a server killed at any moment loses nothing that it answered, and doubles nothing', async () => {
  const workers = await Promise.all([openWorker(), openWorker(), openWorker()])
  const made = await clinic.within(verifyAudit)
  const killed = { beforeCommit: 0, afterCommit: 0 }
  for (let round = 0; round < 40; round += 1) {
    await start()
    const url = running?.url ?? expect.fail('the server is not there')
    const working = workers.map((worker) => work(url, worker))
    await pause(100 + Math.random() * 200)
    // Every other time just after a commit, before its answer can have gone out.
    if (round % 2 === 1) await nextCommit()
    await kill()
    await Promise.all(working)
    for (const { waiting, answered } of workers) {
      expect(await countStored([...answered.values()])).toBe(answered.size)
      if (waiting === null) continue
      const stored = await countStored(waiting)
      // Whole or not at all.
      expect([0, waiting.length]).toContain(stored)
      killed[stored === 0 ? 'beforeCommit' : 'afterCommit'] += 1
    }
    if (round >= 5 && killed.beforeCommit > 0 && killed.afterCommit > 0) break
  }
  process.stdout.write(`pushes cut off by SIGKILL: ${JSON.stringify(killed)}\n`)
  expect(killed.beforeCommit).toBeGreaterThan(0)
  expect(killed.afterCommit).toBeGreaterThan(0)

  await start()
  const url = running?.url ?? expect.fail('the server is not there')
  for (const worker of workers) {
    const results = worker.waiting === null ? [] : await post(url, worker, worker.waiting)
    for (const result of results) worker.answered.set(result.commandId, result)
  }
  const answers = workers.flatMap(({ answered }) => [...answered.values()])
  expect(answers.filter(({ verdict }) => verdict !== 'ACCEPTED')).toEqual([])
  const documents = answers.flatMap((answer) => answer.documents)
  const seqs = documents.map(({ seq }) => seq)
  expect(new Set(seqs).size).toBe(seqs.length)
  const reader = await clinic.openDesk('admin')
  await reader.pull()
  for (const { collection, id, doc } of documents) {
    expect(reader.documents.get(`${collection}:${id}`)).toEqual(doc)
  }
  const pulled = [...reader.documents.keys()].filter((name) => !name.startsWith('clinic:'))
  expect(pulled).toHaveLength(documents.length)
  const audit = await clinic.within(verifyAudit)
  // Besides the commands, the reader's own enrolment.
  expect(made.ok && audit.ok ? audit.entries - made.entries : NaN).toBe(answers.length + 1)
}, 240_000)

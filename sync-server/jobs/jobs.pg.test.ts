import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import pino from 'pino'
import { Writable } from 'node:stream'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { withClinic } from '../database/clinic-tx.ts'
import { createMetrics } from '../http/metrics.ts'
import { createTestClinic, type TestClinic } from '../sync/test-clinic.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { type JobHandlers, type Jobs, openJobs } from './job-runner.ts'
import { JOB_DATA, type JobName, SCHEDULES } from './job-queues.ts'
import { retryJobs } from './retry-jobs.ts'

const SECRET = 'منى السيد 01012345678'
const WITHIN = { timeout: 15_000, interval: 50 }

const NOTHING = () => Promise.resolve()

type Scheduled = { name: JobName; data: unknown }

let database: TestDatabase
let clinic: TestClinic
let superuser: pg.Client
/** As it was installed. */
let scheduled: Scheduled[]
const running: Jobs[] = []
const logged: string[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  clinic = await createTestClinic(database)
  superuser = new pg.Client({ connectionString: database.superuserUrl })
  await superuser.connect()
  const { rows } = await superuser.query<Scheduled>('SELECT name, data FROM jobs.schedule')
  scheduled = rows
  // Whatever the hour it runs at.
  await superuser.query('DELETE FROM jobs.schedule')
})
afterAll(async () => {
  await superuser.end()
  await database.drop()
})
beforeEach(async () => {
  logged.length = 0
  await superuser.query('DELETE FROM jobs.job')
})
afterEach(async () => {
  for (const jobs of running.splice(0)) await jobs.close()
})

async function start(sweep: JobHandlers['sweep-expired'] | null): Promise<Jobs> {
  const sink = new Writable({
    write(chunk, _encoding, done) {
      logged.push(String(chunk))
      done()
    },
  })
  const deps = {
    pool: database.pool,
    log: pino({ level: 'info', base: null }, sink),
    metrics: createMetrics(database.pool),
  }
  const jobs = await openJobs(
    deps,
    sweep === null
      ? null
      : { 'sweep-expired': sweep, 'share-history': NOTHING, 'retry-held': NOTHING },
  )
  running.push(jobs)
  return jobs
}

interface JobRow {
  name: string
  state: string
  data: unknown
  output: unknown
  later: boolean
}

async function readJobs(): Promise<JobRow[]> {
  const { rows } = await superuser.query<JobRow>(
    `SELECT name, state::text AS state, data, output, start_after > now() AS later
     FROM jobs.job ORDER BY name, created_on`,
  )
  return rows
}

function send(jobs: Jobs, key: string, andThen: () => void = () => undefined): Promise<void> {
  return withClinic(database.pool, clinic.clinicId, async (tx) => {
    await jobs.send(tx, 'sweep-expired', [{ key, data: {} }])
    andThen()
  })
}

test('a job that is due by the clock comes with data that its work can read', () => {
  expect(scheduled.map(({ name }) => name)).toEqual([...SCHEDULES.keys()])
  for (const { name, data } of scheduled)
    expect(JOB_DATA[name].safeParse(data).error).toBeUndefined()
})

test('a job and what it follows from are written together or not at all', async () => {
  const jobs = await start(null)
  await expect(
    send(jobs, 'a', () => {
      throw new Error('after all not')
    }),
  ).rejects.toThrow('after all not')
  expect(await readJobs()).toEqual([])
  await send(jobs, 'a')
  expect(await readJobs()).toMatchObject([{ name: 'sweep-expired', state: 'created', data: {} }])
})

test('of one key one stands in the line, and each is worked on once, however many servers there are', async () => {
  let done = 0
  const sender = await start(null)
  for (const key of ['a', 'a', 'b', 'c']) await send(sender, key)
  expect(await readJobs()).toHaveLength(3)
  const handler = async () => {
    await pause(50)
    done += 1
  }
  await start(handler)
  await start(handler)
  await vi.waitFor(async () => {
    expect((await readJobs()).map(({ state }) => state)).toEqual(Array(3).fill('completed'))
  }, WITHIN)
  expect(done).toBe(3)
})

test('many are worked on one behind the other, and one that fails keeps none back', async () => {
  let tries = 0
  const sender = await start(null)
  await withClinic(database.pool, clinic.clinicId, (tx) =>
    sender.send(
      tx,
      'sweep-expired',
      Array.from({ length: 60 }, (_, index) => ({ key: `${index}`, data: {} })),
    ),
  )
  await start(() => {
    tries += 1
    return tries === 10 ? Promise.reject(new Error('once')) : Promise.resolve()
  })
  // At one a second it would take a minute.
  await vi.waitFor(async () => {
    const states = (await readJobs()).map(({ state }) => state)
    expect(states.filter((state) => state === 'completed')).toHaveLength(59)
    expect(states.filter((state) => state === 'retry')).toHaveLength(1)
  }, WITHIN)
})

test('what fails is tried again later, then given up, and nothing it says is kept', async () => {
  let tries = 0
  const jobs = await start(() => {
    tries += 1
    return Promise.reject(
      new pg.DatabaseError(`Key (name)=(${SECRET}) already exists.`, 1, 'error'),
    )
  })
  await send(jobs, 'a')
  await vi.waitFor(async () => {
    expect(await readJobs()).toMatchObject([{ state: 'retry', later: true }])
  }, WITHIN)
  // Its last try, and now.
  await superuser.query('UPDATE jobs.job SET retry_count = retry_limit - 1, start_after = now()')
  await vi.waitFor(async () => {
    expect((await readJobs()).map(({ name, state }) => [name, state])).toEqual([
      ['given-up', 'created'],
      ['sweep-expired', 'failed'],
    ])
  }, WITHIN)
  expect(tries).toBe(2)
  expect(await retryJobs(database.pool)).toBe(1)
  await vi.waitFor(async () => {
    expect((await readJobs()).map(({ name, state }) => [name, state])).toEqual([
      ['sweep-expired', 'failed'],
      ['sweep-expired', 'retry'],
    ])
  }, WITHIN)
  const { rows } = await superuser.query<{ kept: string }>('SELECT j::text AS kept FROM jobs.job j')
  const said = [...logged, ...rows.map(({ kept }) => kept)].join('\n')
  expect(said).not.toContain(SECRET)
  expect(logged.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
    'job failed',
    'job given up',
    'job failed',
  ])
})

test('a server that stops ends what is under way and begins nothing', async () => {
  const begun: string[] = []
  const ended: string[] = []
  const jobs = await start(async () => {
    begun.push('x')
    await pause(300)
    ended.push('x')
  })
  await send(jobs, 'a')
  await vi.waitFor(() => expect(begun).toHaveLength(1), WITHIN)
  await send(jobs, 'b')
  await jobs.close()
  expect(ended).toEqual(begun)
  const states = (await readJobs()).map(({ state }) => state)
  expect(states.toSorted()).toEqual(['completed', 'created'])
})

test('who serves can change nothing of how jobs are kept', async () => {
  const { rows } = await superuser.query<{ fault: string }>(`
    SELECT 'CREATE' AS fault WHERE has_schema_privilege('dawr_app', 'jobs', 'CREATE')
    UNION ALL
    SELECT relname FROM pg_class
    WHERE relnamespace = 'jobs'::regnamespace AND pg_has_role('dawr_app', relowner, 'MEMBER')
    UNION ALL
    SELECT proname FROM pg_proc
    WHERE pronamespace = 'jobs'::regnamespace
      AND (prosecdef OR has_function_privilege('public', oid, 'EXECUTE'))`)
  expect(rows).toEqual([])
  await expect(database.pool.query('ALTER TABLE jobs.job ADD COLUMN x text')).rejects.toThrow(
    'must be owner',
  )
})

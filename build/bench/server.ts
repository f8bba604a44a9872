import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { fillFeed } from '../demo/fill-feed.ts'
import { SERVER_FLAGS } from '../start/server-flags.ts'
import { readyUrl } from '../start/supervisor.ts'
import type { FeedDocument } from '#shared/protocol.ts'
import { createClinic } from '#server/clinics/create-clinic.ts'
import { createUser } from '#server/clinics/create-user.ts'
import { acrossClinics, withClinic } from '#server/database/clinic-tx.ts'
import { startEmbeddedPostgres } from '#server/database/embedded.ts'
import { prepareDatabase } from '#server/database/prepare-database.ts'
import { createPool } from '#server/database/pool.ts'
import { hashPassword } from '#server/identity/password.ts'
import { BENCH_CLINIC, BENCH_PASSWORD, DESK, LINES, PEOPLE, PRICES, SETTINGS } from './clinic.ts'
import { supervise } from './desk-process.ts'
import { clinicFeed, type Size } from './profile.ts'
import type { Bench } from './suite.ts'

export interface BenchServer {
  readonly url: string
  /** Hono and pg alone on the same PostgreSQL: `floor-server.ts`. */
  readonly floorUrl: string
  readonly ownerUrl: string
  /** With the server's signing key in it. */
  readonly dataFolder: string
  /** What was there at the start. */
  readonly feed: readonly FeedDocument[]
}

/** A real server and a floor server, each in a process of its own, on one durable PostgreSQL. */
export async function startBenchServer(bench: Bench, size: Size): Promise<BenchServer> {
  const folder = bench.folder('server')
  const postgres = await startEmbeddedPostgres(folder)
  bench.onEnd(() => postgres.stop())
  await prepareDatabase(postgres.ownerUrl)
  const feed = clinicFeed(size, Date.now())
  await fillDatabase(postgres.ownerUrl, feed)

  const supervisor = supervise(bench)
  const env = {
    DATABASE_URL: postgres.appUrl,
    DATABASE_OWNER_URL: postgres.ownerUrl,
    DATA_FOLDER: folder,
    PORT: '0',
    LOG_LEVEL: 'warn',
  }
  const program = (script: string) => ({
    name: 'server',
    command: process.execPath,
    args: [...SERVER_FLAGS, fileURLToPath(script)],
    env,
    ready: readyUrl,
    within: 60_000,
  })
  return {
    url: await supervisor.start(program(import.meta.resolve('#server/main.ts'))),
    floorUrl: await supervisor.start(program(import.meta.resolve('./floor-server.ts'))),
    ownerUrl: postgres.ownerUrl,
    dataFolder: folder,
    feed,
  }
}

async function fillDatabase(ownerUrl: string, feed: readonly FeedDocument[]): Promise<void> {
  const pool = createPool(ownerUrl, (error) => console.error(error))
  const now = Date.now()
  const passwordHash = await hashPassword(BENCH_PASSWORD)
  const audit = { reason: 'people of the bench', log: () => undefined }
  await acrossClinics(pool, audit, async (tx) => {
    for (const { userId, email, name } of PEOPLE) {
      await createUser(tx, { id: userId, email, name, passwordHash })
    }
  })
  await withClinic(pool, BENCH_CLINIC, async (tx) => {
    const staff = PEOPLE.map(({ userId, roles }) => ({ userId, roles }))
    const clinic = { ownerId: DESK.userId, settings: SETTINGS, staff, doctors: LINES }
    await createClinic(tx, { ...clinic, prices: PRICES, trialDays: 14 }, now)
  })
  await fillFeed(pool, BENCH_CLINIC, feed)
  await pool.end()
  // What a server that has run for a night has done to its tables.
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  await client.query('VACUUM (ANALYZE) documents')
  await client.end()
}

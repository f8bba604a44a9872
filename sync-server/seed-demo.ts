import pino from 'pino'
import { seedDemoClinics } from './clinics/seed-demo-clinics.ts'
import { readConfig } from './config.ts'
import { startEmbeddedPostgres } from './database/embedded.ts'
import { migrate, readMigrations } from './database/migrate.ts'
import { createPool } from './database/pool.ts'

// `node sync-server/seed-demo.ts`, with the server's environment, whether it is running or not.
const config = readConfig(process.env)
const log = pino({ level: config.logLevel, base: null }, pino.destination({ dest: 2, sync: true }))
const embedded = config.database === null ? await startEmbeddedPostgres(config.dataFolder) : null
const ownerUrl = embedded?.ownerUrl ?? config.database?.ownerUrl
if (ownerUrl === undefined) throw new Error('no database')
await migrate(ownerUrl, await readMigrations())
const pool = createPool(ownerUrl, () => undefined)
try {
  const made = await seedDemoClinics(pool, { trialDays: config.trialDays, now: Date.now(), log })
  process.stdout.write(`${JSON.stringify({ seeded: made })}\n`)
} finally {
  await pool.end()
  await embedded?.stop()
}

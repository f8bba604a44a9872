import pino from 'pino'
import { seedDemoClinics } from './clinics/seed-demo-clinics.ts'
import { readConfig } from './config.ts'
import { withDatabase } from './database/open-database.ts'

// `node sync-server/seed-demo.ts`, with the server's environment, whether it is running or not.
const config = readConfig(process.env)
const log = pino({ level: config.logLevel, base: null }, pino.destination({ dest: 2, sync: true }))
const made = await withDatabase(config, 'OWNER', (pool) =>
  seedDemoClinics(pool, { trialDays: config.trialDays, now: Date.now(), log }),
)
process.stdout.write(`${JSON.stringify({ seeded: made })}\n`)

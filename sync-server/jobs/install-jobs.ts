import pg from 'pg'
import type { PgBoss } from 'pg-boss'
import { createBoss } from './boss.ts'
import { GIVEN_UP, GIVEN_UP_QUEUE, JOBS_SCHEMA, QUEUES, SCHEDULES } from './job-queues.ts'

/** Any number, as long as every server takes the same one; another than the migrations'. */
const LOCK = 4_728_392

/** What of pg-boss's tables a server works with; the others are for what is switched off here. */
const USED = [
  'job',
  'job_common',
  'job_dependency',
  'queue',
  'schedule',
  'subscription',
  'version',
  'instance',
]

/**
 * Makes or brings forward pg-boss's own schema and the queues, and lets the serving role use them. For
 * the owner's role, behind the migrations: who serves may change no table.
 */
export async function installJobs(ownerUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'dawr-migrate' })
  await client.connect()
  try {
    // Held by the session: pg-boss opens and ends transactions of its own.
    await client.query('SELECT pg_advisory_lock($1)', [LOCK])
    const boss = createBoss(
      { executeSql: (text, values) => client.query(text, values) },
      { migrate: true },
    )
    await boss.start()
    try {
      await declareQueues(boss)
    } finally {
      await boss.stop({ graceful: false })
    }
    await client.query(`
      REVOKE ALL ON SCHEMA ${JOBS_SCHEMA} FROM PUBLIC;
      GRANT USAGE ON SCHEMA ${JOBS_SCHEMA} TO dawr_app;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ${USED.map((table) => `${JOBS_SCHEMA}.${table}`).join(', ')}
        TO dawr_app;
      REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA ${JOBS_SCHEMA} FROM PUBLIC;
      GRANT EXECUTE ON FUNCTION ${JOBS_SCHEMA}.job_now(), ${JOBS_SCHEMA}.create_queue(text, jsonb)
        TO dawr_app`)
  } finally {
    await client.end()
  }
}

async function declareQueues(boss: PgBoss): Promise<void> {
  await boss.createQueue(GIVEN_UP, GIVEN_UP_QUEUE)
  await boss.updateQueue(GIVEN_UP, GIVEN_UP_QUEUE)
  for (const [name, queue] of Object.entries(QUEUES)) {
    // Made once, and its numbers as this server has them; its policy is what it was made with.
    const { policy, ...numbers } = queue
    await boss.createQueue(name, { policy, ...numbers })
    await boss.updateQueue(name, numbers)
  }
  // Without data a job comes with null, which is no data of any.
  for (const [name, cron] of SCHEDULES) await boss.schedule(name, cron, {})
}

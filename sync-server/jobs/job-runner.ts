import type { JobResult, JobWithMetadata, PgBoss } from 'pg-boss'
import { describe } from '../http/error-response.ts'
import type { ServerDeps } from '../server-deps.ts'
import { createBoss } from './boss.ts'
import { createJobMetrics, type FinishedJobs } from './job-metrics.ts'
import { type DataOf, JOB_DATA, type JobName } from './job-queues.ts'
import { type JobSender, senderOf } from './job-sender.ts'

/** How long jobs that are under way may take once the server stops; others take them up again later. */
const DRAIN_MS = 10_000
/** A job that nobody waits for may wait so long. */
const POLL_SECONDS = 1

export type JobHandlers = { [N in JobName]: (data: DataOf<N>, jobs: JobSender) => Promise<void> }

export interface Jobs extends JobSender {
  /** What is under way is finished, nothing is begun. */
  close: () => Promise<void>
}

/**
 * @param handlers null: this instance sends jobs and works on none
 */
export async function openJobs(
  { pool, log, metrics }: Pick<ServerDeps, 'pool' | 'log' | 'metrics'>,
  handlers: JobHandlers | null,
): Promise<Jobs> {
  const works = handlers !== null
  const boss = createBoss(
    { executeSql: (text, values) => pool.query(text, values) },
    { supervise: works, schedule: works },
  )
  boss.on('error', (error) => log.warn(describe(error), 'jobs'))
  // Without what it says: a slow statement is quoted with its values.
  boss.on('warning', ({ data }) => log.warn({ warning: Reflect.get(data, 'type') }, 'jobs'))
  await boss.start()
  if (handlers !== null) {
    const finished = createJobMetrics(metrics.registry, boss)
    for (const name of Object.keys(JOB_DATA) as JobName[]) {
      await work(boss, name, { handlers, log, finished, jobs: senderOf(boss) })
    }
  }
  return { ...senderOf(boss), close: () => boss.stop({ timeout: DRAIN_MS }) }
}

/** Each by itself: those of a batch have one time together, and fail together. */
const LONG: ReadonlySet<JobName> = new Set(['retry-held'])

interface Worked extends Pick<ServerDeps, 'log'> {
  handlers: JobHandlers
  finished: FinishedJobs
  /** For what follows from a job. */
  jobs: JobSender
}

/** Batch after batch while they come back full, so that many jobs do not wait a second each. */
const BATCH = {
  batchSize: 25,
  burstWhenBatchFull: true,
  pollingIntervalSeconds: POLL_SECONDS,
  includeMetadata: true,
  perJobResults: true,
} as const

async function work(boss: PgBoss, name: JobName, worked: Worked): Promise<void> {
  const batch = { ...BATCH, batchSize: LONG.has(name) ? 1 : BATCH.batchSize }
  await boss.work<object, void, typeof batch>(name, batch, async (jobs) => {
    const results: JobResult[] = []
    for (const job of jobs) results.push(await workOn(job, name, worked))
    return results
  })
}

async function workOn(
  job: JobWithMetadata,
  name: JobName,
  { handlers, log, finished, jobs }: Worked,
): Promise<JobResult> {
  // Cast: it is given what the schema of its own name has parsed.
  const handle = handlers[name] as (data: object, jobs: JobSender) => Promise<void>
  try {
    await handle(JOB_DATA[name].parse(job.data), jobs)
    finished.inc({ queue: name, outcome: 'DONE' })
    return { id: job.id, status: 'completed' }
  } catch (error) {
    const said = describe(error instanceof Error ? error : new Error('unknown'))
    const isLast = job.retryCount >= job.retryLimit
    finished.inc({ queue: name, outcome: isLast ? 'GIVEN_UP' : 'FAILED' })
    const entry = { job: job.id, queue: name, attempt: job.retryCount + 1, ...said }
    log[isLast ? 'error' : 'warn'](entry, isLast ? 'job given up' : 'job failed')
    // All that is kept of why: an error's own words may quote a patient's.
    return { id: job.id, status: 'failed', output: { code: said.code ?? said.error } }
  }
}

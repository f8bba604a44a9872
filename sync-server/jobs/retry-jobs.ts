import type pg from 'pg'
import { createBoss } from './boss.ts'
import { GIVEN_UP } from './job-queues.ts'

/** Puts the jobs that were given up into their line again, for an operator who has mended the cause. */
export async function retryJobs(pool: pg.Pool): Promise<number> {
  const boss = createBoss({ executeSql: (text, values) => pool.query(text, values) })
  await boss.start()
  try {
    return await boss.redrive(GIVEN_UP)
  } finally {
    await boss.stop({ graceful: false })
  }
}

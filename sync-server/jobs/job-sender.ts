import type pg from 'pg'
import type { Db, PgBoss } from 'pg-boss'
import type { ClinicTx, GlobalTx } from '../database/clinic-tx.ts'
import { createBoss } from './boss.ts'
import { type DataOf, JOB_DATA, type JobName } from './job-queues.ts'

export interface JobSender {
  /**
   * In the transaction of what they follow from: neither is there without the other.
   *
   * @param jobs of one key one is in the line at most: what is sent while it stands there is it
   */
  send: <N extends JobName>(
    tx: ClinicTx | GlobalTx,
    name: N,
    jobs: readonly { key: string; data: DataOf<N>; afterSeconds?: number }[],
  ) => Promise<void>
}

export function senderOf(boss: PgBoss): JobSender {
  return {
    send: async (tx, name, jobs) => {
      if (jobs.length === 0) return
      const db: Db = { executeSql: (text, values) => tx.query(text, values) }
      const rows = jobs.map(({ key, data, afterSeconds }) => ({
        singletonKey: key,
        data: JOB_DATA[name].parse(data),
        ...(afterSeconds === undefined ? {} : { startAfter: afterSeconds }),
      }))
      await boss.insert(name, rows, { db })
    },
  }
}

/** For who sends jobs and works on none: an operator's command. */
export async function withSender<T>(
  pool: pg.Pool,
  run: (sender: JobSender) => Promise<T>,
): Promise<T> {
  const boss = createBoss({ executeSql: (text, values) => pool.query(text, values) })
  await boss.start()
  try {
    return await run(senderOf(boss))
  } finally {
    await boss.stop({ graceful: false })
  }
}

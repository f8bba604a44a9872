import type { PgBoss } from 'pg-boss'
import { Counter, Gauge, type Registry } from 'prom-client'

export type FinishedJobs = Counter<'queue' | 'outcome'>

/** How many jobs there are, as the database counts them once a minute, and what became of those worked on here. */
export function createJobMetrics(registry: Registry, boss: PgBoss): FinishedJobs {
  const registers = [registry]
  const jobs = new Gauge({
    name: 'dawr_jobs',
    help: 'Jobs by queue and state; those in the queue given-up wait for an operator',
    labelNames: ['queue', 'state'],
    registers,
    collect: async () => {
      for (const queue of await boss.getQueues()) {
        jobs.set({ queue: queue.name, state: 'waiting' }, queue.queuedCount)
        jobs.set({ queue: queue.name, state: 'active' }, queue.activeCount)
      }
    },
  })
  return new Counter({
    name: 'dawr_jobs_total',
    help: 'Jobs worked on at this instance, by what became of them',
    labelNames: ['queue', 'outcome'],
    registers,
  })
}

import { type ConstructorOptions, type Db, PgBoss } from 'pg-boss'
import { JOBS_SCHEMA } from './job-queues.ts'

/**
 * pg-boss as it is used here. At rest unless said otherwise: it works on nothing, looks after nothing,
 * and no row says that it is there.
 */
export function createBoss(db: Db, more: Omit<ConstructorOptions, 'db' | 'schema'> = {}): PgBoss {
  return new PgBoss({
    db,
    schema: JOBS_SCHEMA,
    supervise: false,
    schedule: false,
    // Both are for whoever owns the tables.
    reindex: false,
    migrate: false,
    monitorVacuum: false,
    registerInstance: false,
    openTelemetry: { enabled: false },
    ...more,
  })
}

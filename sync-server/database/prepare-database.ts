import { installJobs } from '../jobs/install-jobs.ts'
import { migrate, readMigrations } from './migrate.ts'

/**
 * Brings a database to where this server can serve from it. For the owner's role.
 *
 * @returns the migrations that were applied now
 * @throws MigrationError if the database's history is not a beginning of this server's
 */
export async function prepareDatabase(ownerUrl: string): Promise<string[]> {
  const applied = await migrate(ownerUrl, await readMigrations())
  await installJobs(ownerUrl)
  return applied
}

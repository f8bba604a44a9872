import type pg from 'pg'
import type { Config } from '../config.ts'
import { ConfigError } from '../config.ts'
import { startEmbeddedPostgres } from './embedded.ts'
import { createPool } from './pool.ts'
import { prepareDatabase } from './prepare-database.ts'

/**
 * Runs an operator's command on the configured database, the embedded one too, whether a server is
 * running on it or not.
 *
 * @param role APP sees one clinic at a time by row-level security, and may do what a server may.
 *   OWNER is held by it as well, and may create people and clinics
 */
export async function withDatabase<T>(
  config: Config,
  role: 'APP' | 'OWNER',
  run: (pool: pg.Pool) => Promise<T>,
): Promise<T> {
  const embedded = config.database === null ? await startEmbeddedPostgres(config.dataFolder) : null
  const urls = embedded ?? config.database
  if (urls === null) throw new ConfigError('no database')
  try {
    await prepareDatabase(urls.ownerUrl)
    const pool = createPool(role === 'APP' ? urls.appUrl : urls.ownerUrl, () => undefined, {
      max: 2,
    })
    try {
      return await run(pool)
    } finally {
      await pool.end()
    }
  } finally {
    await embedded?.stop()
  }
}

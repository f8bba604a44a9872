import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import pg from 'pg'

type AppliedMigration = Pick<Migration, 'id' | 'checksum'>

export interface Migration {
  /** The file's name without its ending: `0001-tenancy`. */
  id: string
  sql: string
  checksum: string
}

/** The database and the code do not belong together; nothing was changed. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}

const FOLDER = new URL('./migrations/', import.meta.url)
const FILE_NAME = /^(\d{4})-[a-z0-9-]+\.sql$/
/** Any number, as long as every server takes the same one. */
const LOCK = 4_728_391

/** The migrations of a folder in order, 0001, 0002, ... without a gap. */
export async function readMigrations(folder: URL = FOLDER): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted()
  return Promise.all(
    names.map(async (name, index) => {
      const number = FILE_NAME.exec(name)?.[1]
      if (number === undefined) throw new MigrationError(`${name}: not NNNN-name.sql`)
      if (Number(number) !== index + 1) {
        throw new MigrationError(`${name}: expected number ${index + 1}`)
      }
      // A checkout on Windows may end lines otherwise; that is no edit.
      const sql = (await readFile(new URL(name, folder), 'utf8')).replaceAll('\r\n', '\n')
      const checksum = createHash('sha256').update(sql).digest('hex')
      return { id: name.slice(0, -'.sql'.length), sql, checksum }
    }),
  )
}

/**
 * Brings the database forward, each migration in a transaction of its own, one server at a time.
 *
 * @returns the ids that were applied now
 * @throws MigrationError if the database's history is not a beginning of the given one
 */
export async function migrate(
  ownerUrl: string,
  migrations: readonly Migration[],
): Promise<string[]> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'dawr-migrate' })
  await client.connect()
  try {
    // Held by the session: it must span the transactions below.
    await client.query('SELECT pg_advisory_lock($1)', [LOCK])
    await client.query(`
      CREATE TABLE IF NOT EXISTS schema_migrations (
        position int PRIMARY KEY,
        id text NOT NULL UNIQUE,
        checksum text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
      )`)
    const done = await client.query<{ id: string; checksum: string }>(
      'SELECT id, checksum FROM schema_migrations ORDER BY position',
    )
    refuseDivergence(done.rows, migrations)
    const missing = migrations.slice(done.rows.length)
    for (const [index, migration] of missing.entries()) {
      await apply(client, migration, done.rows.length + index + 1)
    }
    return missing.map(({ id }) => id)
  } finally {
    await client.end()
  }
}

function refuseDivergence(
  done: readonly AppliedMigration[],
  migrations: readonly Migration[],
): void {
  for (const [index, { id, checksum }] of done.entries()) {
    const known = migrations[index]
    if (known === undefined) {
      throw new MigrationError(`the database is newer than this server: it has ${id}`)
    }
    if (known.id !== id) {
      throw new MigrationError(`the database has ${id} where this server has ${known.id}`)
    }
    if (known.checksum !== checksum) {
      throw new MigrationError(`${id} was edited after it had been applied`)
    }
  }
}

async function apply(client: pg.Client, migration: Migration, position: number): Promise<void> {
  await client.query('BEGIN')
  try {
    await client.query(migration.sql)
    await client.query(
      'INSERT INTO schema_migrations (position, id, checksum) VALUES ($1, $2, $3)',
      [position, migration.id, migration.checksum],
    )
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    const reason = error instanceof Error ? error.message : String(error)
    throw new MigrationError(`${migration.id}: ${reason}`, { cause: error })
  }
}

import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { createPool } from '../database/pool.ts'

export interface TestDatabase {
  ownerUrl: string
  appUrl: string
  superuserUrl: string
  /** The serving role's: held by row-level security. */
  pool: pg.Pool
  /** The owner's: also held by row-level security, which is forced; may create users and clinics. */
  ownerPool: pg.Pool
  drop: () => Promise<void>
}

export interface RestorableDatabase extends TestDatabase {
  /** Keeps a copy of all that is in it; the last one made is what `restore` goes back to. */
  backUp: () => Promise<void>
  restore: () => Promise<void>
}

/** A database of its own for a test file: a copy of the migrated one, made in a fraction of a second. */
export async function createTestDatabase(): Promise<RestorableDatabase> {
  const server = inject('postgres')
  const { superuserUrl } = server
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const backup = `${name}_backup`
  await asSuperuser(superuserUrl, copyOf('dawr', name))
  const appUrl = inDatabase(server.appUrl, name)
  const ownerUrl = inDatabase(server.ownerUrl, name)
  const pool = createPool(appUrl, () => undefined)
  const ownerPool = createPool(ownerUrl, () => undefined)
  return {
    ownerUrl,
    appUrl,
    superuserUrl: inDatabase(superuserUrl, name),
    pool,
    ownerPool,
    backUp: async () => {
      await dropDatabase(superuserUrl, backup)
      await copyDatabase(superuserUrl, name, backup)
    },
    restore: async () => {
      await dropDatabase(superuserUrl, name)
      await copyDatabase(superuserUrl, backup, name)
    },
    drop: async () => {
      await Promise.all([pool.end(), ownerPool.end()])
      await dropDatabase(superuserUrl, name)
      await dropDatabase(superuserUrl, backup)
    },
  }
}

/** A database without a table, for tests of the migrations themselves. */
export async function createEmptyDatabase(): Promise<{
  ownerUrl: string
  drop: () => Promise<void>
}> {
  const server = inject('postgres')
  const name = `empty_${randomUUID().replaceAll('-', '')}`
  await asSuperuser(server.superuserUrl, `CREATE DATABASE ${name} OWNER dawr_owner`)
  return {
    ownerUrl: inDatabase(server.ownerUrl, name),
    drop: () => asSuperuser(server.superuserUrl, `DROP DATABASE ${name} WITH (FORCE)`),
  }
}

/** The same server and role, in another of its databases. */
export function inDatabase(url: string, name: string): string {
  const moved = new URL(url)
  moved.pathname = `/${name}`
  return moved.href
}

/** Whoever is still connected to the original is thrown out. */
export async function copyDatabase(superuserUrl: string, from: string, to: string): Promise<void> {
  await asSuperuser(
    superuserUrl,
    `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${from}'`,
  )
  await asSuperuser(superuserUrl, copyOf(from, to))
}

/** File by file: by way of the write-ahead log takes twice as long where files lie in memory. */
const copyOf = (from: string, to: string): string =>
  `CREATE DATABASE ${to} TEMPLATE ${from} OWNER dawr_owner STRATEGY FILE_COPY`

/** If there is one. */
export function dropDatabase(superuserUrl: string, name: string): Promise<void> {
  return asSuperuser(superuserUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
}

/** One statement by a connection of its own: databases are made and dropped outside of transactions. */
export async function asSuperuser(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

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

/** A database of its own for a test file: a copy of the migrated one, made in a fraction of a second. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = inject('postgres')
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await asSuperuser(server.superuserUrl, `CREATE DATABASE ${name} TEMPLATE dawr OWNER dawr_owner`)
  const appUrl = inDatabase(server.appUrl, name)
  const ownerUrl = inDatabase(server.ownerUrl, name)
  const pool = createPool(appUrl, () => undefined)
  const ownerPool = createPool(ownerUrl, () => undefined)
  return {
    ownerUrl,
    appUrl,
    superuserUrl: inDatabase(server.superuserUrl, name),
    pool,
    ownerPool,
    drop: async () => {
      await Promise.all([pool.end(), ownerPool.end()])
      await asSuperuser(server.superuserUrl, `DROP DATABASE ${name} WITH (FORCE)`)
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

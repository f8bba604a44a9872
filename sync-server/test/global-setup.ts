import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '../database/embedded.ts'
import { prepareDatabase } from '../database/prepare-database.ts'

export interface TestPostgres {
  superuserUrl: string
  ownerUrl: string
  appUrl: string
}

declare module 'vitest' {
  interface ProvidedContext {
    postgres: TestPostgres
  }
}

/** One PostgreSQL per run, whose database `dawr` is migrated and then only copied from. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(await findScratch(), 'dawr-test-'))
  // What a crash would lose is thrown away anyway.
  const flags = ['fsync', 'synchronous_commit', 'full_page_writes'].map((name) => `-c ${name}=off`)
  const postgres = await startEmbeddedPostgres(folder, flags)
  await prepareDatabase(postgres.ownerUrl)
  const { superuserUrl, ownerUrl, appUrl } = postgres
  project.provide('postgres', { superuserUrl, ownerUrl, appUrl })
  return async () => {
    await endConnections(superuserUrl)
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Linux's files in memory. */
const MEMORY = '/dev/shm'
/** What the databases of a whole run take at most, bytes, with room to spare. */
const NEEDED = 4 * 2 ** 30

/**
 * Each test file copies a database, which is thousands of small files: 0.05 s in memory, 1.8 s on a disk. Nothing of
 * them need outlive a process here, that power cuts lose nothing is for the tests with clusters of their own.
 */
async function findScratch(): Promise<string> {
  const memory = await statfs(MEMORY).catch(() => null)
  return memory !== null && memory.bavail * memory.bsize >= NEEDED ? MEMORY : tmpdir()
}

/** A test that failed half-way must not keep PostgreSQL running after the run. */
async function endConnections(superuserUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl })
  await client.connect()
  await client.query(`
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`)
  await client.end()
}

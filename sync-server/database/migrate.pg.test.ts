import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEmptyDatabase } from '../test/test-database.ts'
import { migrate, readMigrations } from './migrate.ts'

let folder: string
let database: Awaited<ReturnType<typeof createEmptyDatabase>>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dawr-migrations-'))
  database = await createEmptyDatabase()
})
afterEach(async () => {
  await rm(folder, { recursive: true })
  await database.drop()
})

function put(name: string, sql: string): Promise<void> {
  return writeFile(join(folder, name), sql)
}

async function run(): Promise<string[]> {
  return migrate(database.ownerUrl, await readMigrations(pathToFileURL(`${folder}/`)))
}

async function tables(): Promise<string[]> {
  const client = new pg.Client({ connectionString: database.ownerUrl })
  await client.connect()
  const { rows } = await client.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relname LIKE 't_' ORDER BY 1",
  )
  await client.end()
  return rows.map(({ name }) => name)
}

test('applies what is missing, once, in order', async () => {
  await put('0001-one.sql', 'CREATE TABLE t1 (a int)')
  expect(await run()).toEqual(['0001-one'])
  await put('0002-two.sql', 'CREATE TABLE t2 (a int); INSERT INTO t1 VALUES (1)')
  expect(await run()).toEqual(['0002-two'])
  expect(await run()).toEqual([])
  expect(await tables()).toEqual(['t1', 't2'])
})

test('servers that start together apply each migration once', async () => {
  await put('0001-one.sql', 'CREATE TABLE t1 (a int); SELECT pg_sleep(0.2)')
  const applied = await Promise.all([run(), run(), run()])
  expect(applied.flat()).toEqual(['0001-one'])
})

test('refuses a gap', async () => {
  await put('0001-one.sql', 'CREATE TABLE t1 (a int)')
  await put('0003-three.sql', 'CREATE TABLE t3 (a int)')
  await expect(run()).rejects.toThrow('0003-three.sql: expected number 2')
  expect(await tables()).toEqual([])
})

test('refuses an edit of what was applied, but not other line endings', async () => {
  await put('0001-one.sql', 'CREATE TABLE\n t1 (a int)')
  await run()
  await put('0001-one.sql', 'CREATE TABLE\r\n t1 (a int)')
  expect(await run()).toEqual([])
  await put('0001-one.sql', 'CREATE TABLE\n t1 (a bigint)')
  await expect(run()).rejects.toThrow('0001-one was edited after it had been applied')
})

test('refuses another history', async () => {
  await put('0001-one.sql', 'CREATE TABLE t1 (a int)')
  await run()
  await rm(join(folder, '0001-one.sql'))
  await put('0001-other.sql', 'CREATE TABLE t1 (a int)')
  await expect(run()).rejects.toThrow('the database has 0001-one where this server has 0001-other')
})

test('refuses a database newer than the code', async () => {
  await put('0001-one.sql', 'CREATE TABLE t1 (a int)')
  await put('0002-two.sql', 'CREATE TABLE t2 (a int)')
  await run()
  await rm(join(folder, '0002-two.sql'))
  await expect(run()).rejects.toThrow('the database is newer than this server: it has 0002-two')
})

test('a clinic that was closed before addresses said so is closed at its address', async () => {
  const all = await readMigrations()
  const before = all.findIndex(({ id }) => id === '0007-clinic-addresses')
  await migrate(database.ownerUrl, all.slice(0, before))
  const client = new pg.Client({ connectionString: database.ownerUrl })
  await client.connect()
  for (const [digit, active] of [
    [1, true],
    [2, false],
  ] as const) {
    const id = `0193000${digit}-0000-7000-8000-000000000000`
    await client.query(`BEGIN; SET LOCAL app.clinic_id = '${id}'`)
    const { rows } = await client.query<{ id: string }>(
      `INSERT INTO users (id, email, name, password_hash)
       VALUES (gen_random_uuid(), $1, 'x', 'x') RETURNING id`,
      [`${digit}@example.org`],
    )
    await client.query(
      `INSERT INTO clinics (clinic_id, owner_id, name, slug, active) VALUES ($1, $2, 'x', $3, $4)`,
      [id, rows[0]?.id, `clinic-${digit}`, active],
    )
    await client.query('INSERT INTO clinic_addresses (slug, clinic_id) VALUES ($2, $1)', [
      id,
      `clinic-${digit}`,
    ])
    await client.query('COMMIT')
  }
  await migrate(database.ownerUrl, all)
  const { rows } = await client.query<{ active: boolean }>(
    `SELECT (clinic_at('clinic-' || n)).active FROM generate_series(1, 2) AS n ORDER BY n`,
  )
  await client.end()
  expect(rows).toEqual([{ active: true }, { active: false }])
})

test('a migration that fails leaves nothing behind and can be put right', async () => {
  await put('0001-one.sql', 'CREATE TABLE t1 (a int)')
  await put('0002-two.sql', 'CREATE TABLE t2 (a int); SELECT 1 / 0')
  await expect(run()).rejects.toThrow('0002-two: division by zero')
  expect(await tables()).toEqual(['t1'])
  await put('0002-two.sql', 'CREATE TABLE t2 (a int)')
  expect(await run()).toEqual(['0002-two'])
})

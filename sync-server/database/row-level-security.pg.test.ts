import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'

const A = randomUUID()
const B = randomUUID()
const GLOBAL = ['users', 'clinic_addresses', 'sign_in_attempts', 'schema_migrations']

/** Columns whose checks a value made from the type alone would not pass. */
const SAMPLES: Record<string, (clinicId: string) => Record<string, unknown>> = {
  documents: (clinicId) => ({
    collection: 'patients',
    id: 'p1',
    doc: { id: 'p1', clinicId },
  }),
  commands: () => ({ verdict: 'HELD', payload: '{}' }),
  subscriptions: () => ({ plan: 'PRO', kind: 'PAID' }),
  clinic_staff: () => ({ roles: ['ADMIN'] }),
  membership_history: () => ({ roles: ['ADMIN'] }),
}

const VALUES: Record<string, () => unknown> = {
  uuid: randomUUID,
  text: () => 'x',
  'text[]': () => ['x'],
  bigint: () => 1,
  integer: () => 1,
  boolean: () => true,
  bytea: () => Buffer.from('x'),
  json: () => ({}),
  jsonb: () => ({}),
  'timestamp with time zone': () => new Date(),
}

let database: TestDatabase
let client: pg.Client
const tables: string[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  client = new pg.Client({ connectionString: database.superuserUrl })
  await client.connect()
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
       AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> ALL ($1) ORDER BY relname`,
    [GLOBAL],
  )
  tables.push(...rows.map(({ name }) => name))
  // Rows of both clinics everywhere; without foreign keys, which are not what is tried here.
  await client.query('SET session_replication_role = replica')
  for (const table of tables) for (const clinicId of [A, B]) await insertSample(table, clinicId)
  await client.query('RESET session_replication_role')
  // All rights, so that what holds is the policy and not a missing grant.
  for (const table of tables) await client.query(`GRANT ALL ON ${table} TO dawr_app`)
})
afterAll(async () => {
  await client.end()
  await database.drop()
})

async function sampleOf(table: string, clinicId: string): Promise<Record<string, unknown>> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
       AND attnotnull AND NOT atthasdef`,
    [table],
  )
  const byType = rows.map(({ name, type }) => {
    const make = VALUES[type]
    if (make === undefined) throw new Error(`${table}.${name}: no sample of type ${type}`)
    return [name, make()] as const
  })
  return { ...Object.fromEntries(byType), ...SAMPLES[table]?.(clinicId), clinic_id: clinicId }
}

async function insertSample(table: string, clinicId: string): Promise<void> {
  const sample = await sampleOf(table, clinicId)
  const places = Object.keys(sample).map((_, index) => `$${index + 1}`)
  await client.query(
    `INSERT INTO ${table} (${Object.keys(sample).join(', ')}) VALUES (${places.join(', ')})`,
    Object.values(sample),
  )
}

/** Runs as the serving role and takes back what it did. */
async function asApp<T>(clinicId: string | null, fault: string, run: () => Promise<T>): Promise<T> {
  await client.query('BEGIN')
  try {
    if (fault !== '') await client.query(fault)
    // Foreign keys are not what is tried here; the policies hold for replicated rows as well.
    await client.query('SET LOCAL session_replication_role = replica; SET LOCAL ROLE dawr_app')
    if (clinicId !== null) await client.query(`SET LOCAL app.clinic_id = '${clinicId}'`)
    return await run()
  } finally {
    await client.query('ROLLBACK')
  }
}

async function refuses(run: () => Promise<unknown>): Promise<boolean> {
  await client.query('SAVEPOINT try')
  try {
    await run()
    return false
  } catch (error) {
    return error instanceof pg.DatabaseError && error.message.includes('row-level security')
  } finally {
    await client.query('ROLLBACK TO try')
  }
}

/** What a statement without any filter reaches beyond clinic A. */
async function leaksOf(table: string, fault = ''): Promise<string[]> {
  return asApp(A, fault, async () => {
    const leaks: string[] = []
    const seen = await client.query<{ clinic_id: string }>(`SELECT clinic_id FROM ${table}`)
    if (seen.rows.some((row) => row.clinic_id !== A)) leaks.push('SELECT')
    if (!seen.rows.some((row) => row.clinic_id === A)) leaks.push('SELECT hides its own')
    await client.query('SAVEPOINT changes')
    const updated = await client.query(`UPDATE ${table} SET clinic_id = clinic_id`)
    if (updated.rowCount !== 1) leaks.push(`UPDATE of ${updated.rowCount}`)
    const deleted = await client.query(`DELETE FROM ${table}`)
    if (deleted.rowCount !== 1) leaks.push(`DELETE of ${deleted.rowCount}`)
    await client.query('ROLLBACK TO changes')
    if (!(await refuses(() => insertSample(table, B)))) leaks.push('INSERT')
    const move = () => client.query(`UPDATE ${table} SET clinic_id = $1`, [randomUUID()])
    if (!(await refuses(move))) leaks.push('UPDATE to another clinic')
    return leaks
  })
}

test('without any filter, every statement on every tenant table reaches its own clinic alone', async () => {
  const leaks = await eachTable((table) => leaksOf(table))
  expect(tables.length).toBeGreaterThan(10)
  expect(leaks).toEqual(allTables([]))
})

test('the same probe finds the leak of every table whose row-level security is off', async () => {
  const leaks = await eachTable((table) =>
    leaksOf(table, `ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`),
  )
  expect(leaks).toEqual(
    allTables(['SELECT', 'UPDATE of 2', 'DELETE of 2', 'INSERT', 'UPDATE to another clinic']),
  )
})

test.each([
  ['no clinic was ever set', null],
  ['a transaction with a clinic has ended', ''],
])('nothing is seen when %s', async (_, clinicId) => {
  const counts = await eachTable((table) =>
    asApp(clinicId, '', async () => (await client.query(`SELECT 1 FROM ${table}`)).rowCount),
  )
  expect(counts).toEqual(allTables(0))
})

test('a partition cannot be read past its parent’s policy', async () => {
  const { rows } = await client.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relispartition AND relkind = 'r' AND relnamespace = 'public'::regnamespace",
  )
  expect(rows.length).toBe(tables.length * 32)
  for (const { name } of rows.filter((_, index) => index % 16 === 0)) {
    await expect(asApp(A, '', () => client.query(`SELECT 1 FROM ${name}`))).rejects.toThrow(
      'permission denied',
    )
  }
})

test('a person sees their own memberships and those clinics’ names, and can change neither', async () => {
  const { rows } = await client.query<{ user_id: string }>(
    'SELECT user_id FROM clinic_staff WHERE clinic_id = $1',
    [A],
  )
  const userId = rows[0]?.user_id
  await client.query('BEGIN')
  await client.query('UPDATE clinic_staff SET active = true')
  await client.query(`SET LOCAL ROLE dawr_app; SET LOCAL app.user_id = '${userId}'`)
  const seen = await eachTable(
    async (table) => (await client.query(`SELECT 1 FROM ${table}`)).rowCount,
  )
  const changed = await client.query("UPDATE clinic_staff SET roles = '{ADMIN}'")
  await client.query('ROLLBACK')
  expect(seen).toEqual({ ...allTables(0), clinics: 1, clinic_staff: 1 })
  expect(changed.rowCount).toBe(0)
})

async function eachTable<T>(run: (table: string) => Promise<T>): Promise<Record<string, T>> {
  const results: Record<string, T> = {}
  for (const table of tables) results[table] = await run(table)
  return results
}

function allTables<T>(value: T): Record<string, T> {
  return Object.fromEntries(tables.map((table) => [table, value]))
}

import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'

/** Tables that belong to no clinic, each with what the serving role may do. All others are tenants'. */
const GLOBAL: Record<string, string[]> = {
  users: [],
  clinic_addresses: [],
  sign_in_attempts: ['DELETE', 'INSERT', 'SELECT', 'UPDATE'],
  schema_migrations: [],
}
/** What runs with the owner's rights, each for one question only. */
const DEFINERS = [
  'clinic_at',
  'erase_from_audit',
  'erase_written_once',
  'keep_address',
  'sweep_expired',
]
const POLICY =
  "(clinic_id = (NULLIF(current_setting('app.clinic_id'::text, true), ''::text))::uuid)"

interface TableRow {
  name: string
  strategy: string | null
  enabled: boolean
  forced: boolean
  policy: string | null
  policyCheck: string | null
  /** Policies that let anything but SELECT through, beside `clinic_only`. */
  otherPolicies: number
  partitions: number
  /** Keys, their first column each. */
  keys: Array<{ key: string; first: string }>
  /** What the serving role may do with all columns. */
  rights: string[]
}

let database: TestDatabase
let client: pg.Client
beforeAll(async () => {
  database = await createTestDatabase()
  client = new pg.Client({ connectionString: database.superuserUrl })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await database.drop()
})

async function readTables(): Promise<TableRow[]> {
  const { rows } = await client.query<TableRow>(`
    SELECT c.relname AS name, pg_get_partkeydef(c.oid) AS strategy,
      c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
      pg_get_expr(p.polqual, c.oid) AS policy, pg_get_expr(p.polwithcheck, c.oid) AS "policyCheck",
      (SELECT count(*)::int FROM pg_policy o
        WHERE o.polrelid = c.oid AND o.oid <> p.oid AND o.polcmd <> 'r') AS "otherPolicies",
      (SELECT count(*)::int FROM pg_inherits i WHERE i.inhparent = c.oid) AS partitions,
      ARRAY(SELECT json_build_object('key', k.relname, 'first', a.attname)
        FROM pg_index x JOIN pg_class k ON k.oid = x.indexrelid
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = x.indkey[0]
        WHERE x.indrelid = c.oid AND (x.indisunique OR x.indisprimary)) AS keys,
      ARRAY(SELECT right_.privilege FROM unnest(ARRAY['SELECT','INSERT','UPDATE','DELETE',
          'TRUNCATE','REFERENCES','TRIGGER','MAINTAIN']) AS right_(privilege)
        WHERE has_table_privilege('dawr_app', c.oid, right_.privilege) ORDER BY 1) AS rights
    FROM pg_class c
      LEFT JOIN pg_policy p ON p.polrelid = c.oid AND p.polname = 'clinic_only'
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'f', 'm', 'v')
      AND NOT c.relispartition
    ORDER BY c.relname`)
  return rows
}

async function readPartitionGrants(): Promise<string[]> {
  const { rows } = await client.query<{ grant: string }>(`
    SELECT c.relname || ' to ' || COALESCE(r.rolname, 'PUBLIC') AS grant
    FROM pg_class c CROSS JOIN LATERAL (
      SELECT (aclexplode(c.relacl)).grantee
      UNION ALL SELECT (aclexplode(a.attacl)).grantee FROM pg_attribute a
      WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL) g
      LEFT JOIN pg_roles r ON r.oid = g.grantee
    WHERE c.relispartition AND c.relkind = 'r' AND g.grantee <> c.relowner
      AND c.relnamespace = 'public'::regnamespace`)
  return rows.map((row) => row.grant)
}

async function readPublicGrants(): Promise<string[]> {
  const { rows } = await client.query<{ grant: string }>(`
    SELECT c.relname AS grant FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND EXISTS (SELECT FROM aclexplode(c.relacl) g WHERE g.grantee = 0)`)
  return rows.map((row) => row.grant)
}

/** Every partition has row-level security of its own, without a policy: read directly it is empty. */
async function readOpenPartitions(): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(`
    SELECT c.relname AS name FROM pg_class c
    WHERE c.relispartition AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
      AND (NOT c.relrowsecurity OR NOT c.relforcerowsecurity
        OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))`)
  return rows.map(({ name }) => name)
}

/** Columns of a key that the serving role may change, and a clinic's id of another type than uuid. */
async function readLooseColumns(): Promise<string[]> {
  const { rows } = await client.query<{ fault: string }>(`
    SELECT c.relname || '.' || a.attname AS fault
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relkind = 'p' AND c.relnamespace = 'public'::regnamespace AND NOT c.relispartition
      AND (a.attname = 'clinic_id' AND a.atttypid <> 'uuid'::regtype
        OR has_column_privilege('dawr_app', c.oid, a.attnum, 'UPDATE') AND EXISTS (
          SELECT FROM pg_index x
          WHERE x.indrelid = c.oid AND x.indisprimary AND a.attnum = ANY (x.indkey)))`)
  return rows.map(({ fault }) => fault)
}

/** A key into another tenant table that does not begin with the clinic could point at another's row. */
async function readCrossingKeys(): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(`
    SELECT o.conname AS name FROM pg_constraint o
      JOIN pg_class c ON c.oid = o.conrelid JOIN pg_class t ON t.oid = o.confrelid
      JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = o.conkey[1]
      JOIN pg_attribute b ON b.attrelid = o.confrelid AND b.attnum = o.confkey[1]
    WHERE o.contype = 'f' AND c.relnamespace = 'public'::regnamespace
      AND NOT c.relispartition AND NOT t.relispartition AND t.relname <> 'users'
      AND (a.attname <> 'clinic_id' OR b.attname <> 'clinic_id')`)
  return rows.map(({ name }) => name)
}

/** What the owner's rights run, or everybody may; and numbers that all clinics would draw from. */
async function readLooseRoutines(): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT p.proname AS name FROM pg_proc p
     WHERE p.pronamespace = 'public'::regnamespace
       AND (has_function_privilege('public', p.oid, 'EXECUTE')
         OR p.prosecdef AND (p.proname <> ALL ($1)
           OR NOT 'search_path=public, pg_temp' = ANY (COALESCE(p.proconfig, '{}'))))
     UNION ALL
     SELECT relname FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace`,
    [DEFINERS],
  )
  return rows.map(({ name }) => name)
}

function faultsOf(table: TableRow): string[] {
  const { name, rights } = table
  const global = GLOBAL[name]
  const excess = rights.filter(
    (right) => !(global ?? ['SELECT', 'INSERT', 'DELETE']).includes(right),
  )
  const faults = excess.map((right) => `the serving role may ${right} every column`)
  // A tenant table may be updated column by column only: never its keys.
  if (global !== undefined) return faults.map((fault) => `${name}: ${fault}`)
  if (table.strategy !== 'HASH (clinic_id)') faults.push('is not partitioned by clinic')
  if (table.partitions !== 32) faults.push(`has ${table.partitions} partitions`)
  if (!table.enabled || !table.forced) faults.push('row-level security is not forced')
  if (table.policy !== POLICY || table.policyCheck !== POLICY) faults.push('its policy differs')
  if (table.otherPolicies > 0) faults.push('another policy lets more than SELECT through')
  if (table.keys.length === 0) faults.push('has no key')
  for (const { key, first } of table.keys) {
    if (first !== 'clinic_id') faults.push(`${key} begins with ${first}`)
  }
  return faults.map((fault) => `${name}: ${fault}`)
}

async function findFaults(): Promise<string[]> {
  return [
    ...(await readTables()).flatMap(faultsOf),
    ...(await readPartitionGrants()).map((grant) => `partition granted: ${grant}`),
    ...(await readPublicGrants()).map((grant) => `granted to PUBLIC: ${grant}`),
    ...(await readOpenPartitions()).map((name) => `partition open to its readers: ${name}`),
    ...(await readLooseColumns()).map((name) => `key column that may change: ${name}`),
    ...(await readCrossingKeys()).map((name) => `key across clinics: ${name}`),
    ...(await readLooseRoutines()).map((name) => `for everybody, or as the owner: ${name}`),
  ]
}

test('every tenant table is partitioned by clinic, forced under its policy, keyed by clinic', async () => {
  expect(await findFaults()).toEqual([])
  const names = (await readTables()).map(({ name }) => name)
  expect(names).toEqual(
    expect.arrayContaining(['clinics', 'clinic_staff', 'documents', 'stations']),
  )
  expect(names).toEqual(expect.arrayContaining(Object.keys(GLOBAL)))
})

// The check itself is checked: each fault is put in, must be found, and is taken back.
test.each([
  ['ALTER TABLE stations DISABLE ROW LEVEL SECURITY', 'stations: row-level security is not forced'],
  [
    'ALTER TABLE documents NO FORCE ROW LEVEL SECURITY',
    'documents: row-level security is not forced',
  ],
  ['DROP POLICY clinic_only ON stations', 'stations: its policy differs'],
  ['ALTER POLICY clinic_only ON stations USING (true)', 'stations: its policy differs'],
  ['ALTER POLICY clinic_only ON stations WITH CHECK (true)', 'stations: its policy differs'],
  ['CREATE POLICY x ON stations FOR UPDATE USING (true)', 'another policy lets more than SELECT'],
  ['CREATE TABLE notes (clinic_id uuid, id uuid)', 'notes: is not partitioned by clinic'],
  ['CREATE TABLE notes (id uuid, clinic_id uuid, PRIMARY KEY (id))', 'notes_pkey begins with id'],
  ['CREATE VIEW all_staff AS SELECT user_id FROM clinic_staff', 'all_staff: is not partitioned'],
  ['CREATE UNIQUE INDEX x ON stations (letter, clinic_id)', 'stations: x begins with letter'],
  ['DROP TABLE dpop_jtis_07', 'dpop_jtis: has 31 partitions'],
  ['GRANT SELECT ON stations_00 TO dawr_app', 'partition granted: stations_00 to dawr_app'],
  ['GRANT SELECT (name) ON stations_00 TO dawr_app', 'partition granted: stations_00 to dawr_app'],
  ['GRANT SELECT ON stations_00 TO PUBLIC', 'partition granted: stations_00 to PUBLIC'],
  ['GRANT SELECT ON stations TO PUBLIC', 'granted to PUBLIC: stations'],
  ['GRANT UPDATE ON stations TO dawr_app', 'stations: the serving role may UPDATE every column'],
  ['GRANT TRUNCATE ON stations TO dawr_app', 'stations: the serving role may TRUNCATE'],
  [
    'ALTER TABLE stations_00 NO FORCE ROW LEVEL SECURITY',
    'partition open to its readers: stations_00',
  ],
  ['CREATE POLICY x ON stations_00 USING (true)', 'partition open to its readers: stations_00'],
  [
    'GRANT UPDATE (clinic_id) ON documents TO dawr_app',
    'key column that may change: documents.clinic_id',
  ],
  ['GRANT UPDATE (id) ON documents TO dawr_app', 'key column that may change: documents.id'],
  [
    'ALTER TABLE documents ADD UNIQUE (clinic_id, seq, id), ADD COLUMN x uuid REFERENCES clinics',
    'key across clinics',
  ],
  [
    'CREATE FUNCTION x() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    'for everybody, or as the owner: x',
  ],
  [
    `CREATE FUNCTION x() RETURNS int LANGUAGE sql SECURITY DEFINER AS $$ SELECT 1 $$;
     REVOKE ALL ON FUNCTION x() FROM PUBLIC`,
    'for everybody, or as the owner: x',
  ],
  ['ALTER FUNCTION clinic_at(text) RESET search_path', 'for everybody, or as the owner: clinic_at'],
  ['CREATE SEQUENCE numbers', 'for everybody, or as the owner: numbers'],
  ['GRANT SELECT ON clinic_addresses TO dawr_app', 'clinic_addresses: the serving role may SELECT'],
])('finds the fault of: %s', async (fault, expected) => {
  await client.query('BEGIN')
  try {
    await client.query(fault)
    expect((await findFaults()).join('\n')).toContain(expected)
  } finally {
    await client.query('ROLLBACK')
  }
})

test('what lies outside of public is the jobs’, which are of no clinic', async () => {
  const { rows: schemas } = await client.query<{ name: string }>(`
    SELECT nspname AS name FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1`)
  expect(schemas.map(({ name }) => name)).toEqual(['jobs', 'public'])
  // A column that says a clinic would be a row of one, and no policy here would hide it: a job's data
  // say ids only (job-queues.test.ts).
  const { rows: columns } = await client.query(`
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = 'jobs' AND column_name ~ 'clinic|patient|tenant'`)
  expect(columns).toEqual([])
  const { rows: granted } = await client.query<{ name: string }>(`
    SELECT DISTINCT c.relname || ' to ' || COALESCE(r.rolname, 'PUBLIC') AS name
    FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) g LEFT JOIN pg_roles r ON r.oid = g.grantee
    WHERE c.relnamespace = 'jobs'::regnamespace AND g.grantee <> c.relowner ORDER BY 1`)
  expect(granted.map(({ name }) => name)).toEqual(
    [
      'instance',
      'job',
      'job_common',
      'job_dependency',
      'queue',
      'schedule',
      'subscription',
      'version',
    ].map((table) => `${table} to dawr_app`),
  )
})

test('the audit chain cannot be edited by the serving role', async () => {
  const { rows } = await client.query(`
    SELECT privilege_type FROM information_schema.column_privileges
    WHERE grantee = 'dawr_app' AND table_name = 'audit_entries'
      AND privilege_type NOT IN ('SELECT', 'INSERT')`)
  expect(rows).toEqual([])
})

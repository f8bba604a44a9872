import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ClinicId } from '#shared/ids.ts'
import { DEMO_CLINICS } from '../clinics/demo-data.ts'
import { seedDemoClinics } from '../clinics/seed-demo-clinics.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { acrossClinics, currentClinic, queryClinic, withClinic } from './clinic-tx.ts'
import { createPool } from './pool.ts'
import { assertServingRole } from './serving-role.ts'

const [A, B] = DEMO_CLINICS.map(({ clinicId }) => clinicId)
const NAMES = 'SELECT name FROM clinics'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  const log = pino({ level: 'silent' })
  await seedDemoClinics(database.ownerPool, { trialDays: 14, now: Date.now(), log })
})
afterAll(() => database.drop())

test('many transactions at once keep their clinics apart, on shared connections', async () => {
  const pool = createPool(database.appUrl, () => undefined, { max: 3 })
  const names = await Promise.all(
    Array.from({ length: 60 }, async (_, index) => {
      const clinicId = (index % 2 === 0 ? A : B) ?? expect.fail('two clinics')
      const { rows } =
        index % 3 === 0
          ? await queryClinic<{ name: string }>(pool, clinicId, NAMES)
          : await withClinic(pool, clinicId, async (tx) => {
              expect(currentClinic()).toBe(clinicId)
              return tx.query<{ name: string }>(NAMES)
            })
      return [index % 2, ...rows.map(({ name }) => name)]
    }),
  )
  expect(new Set(names.map((row) => row.join()))).toEqual(
    new Set(DEMO_CLINICS.map(({ settings }, index) => `${index},${settings.name}`)),
  )
  // Nothing stays set on the connections.
  const { rows } = await pool.query(NAMES)
  expect(rows).toEqual([])
  await pool.end()
})

test('a failure rolls back, and gives the connection back in order', async () => {
  const pool = createPool(database.appUrl, () => undefined, { max: 1 })
  const clinicId = A ?? expect.fail('a clinic')
  const fail = withClinic(pool, clinicId, async (tx) => {
    await tx.query("UPDATE clinics SET name = 'lost' WHERE clinic_id = $1", [clinicId])
    throw new Error('after all')
  })
  await expect(fail).rejects.toThrow('after all')
  await expect(queryClinic(pool, clinicId, 'SELECT 1 / 0')).rejects.toThrow('division by zero')
  // An error that somebody swallowed must not look like a success.
  const swallowed = withClinic(pool, clinicId, async (tx) => {
    await tx.query("UPDATE clinics SET name = 'lost' WHERE clinic_id = $1", [clinicId])
    await tx.query('SELECT 1 / 0').catch(() => undefined)
  })
  await expect(swallowed).rejects.toThrow('division by zero')
  const { rows } = await queryClinic<{ name: string }>(pool, clinicId, NAMES)
  expect(rows).toEqual([{ name: DEMO_CLINICS[0]?.settings.name }])
  await pool.end()
})

test('a connection that PostgreSQL cuts fails its own transaction and nothing else', async () => {
  const pool = createPool(database.appUrl, () => undefined, { max: 2 })
  const clinicId = A ?? expect.fail('a clinic')
  const cut = 'SELECT pg_terminate_backend(pg_backend_pid())'
  for (const run of [
    () => withClinic(pool, clinicId, (tx) => tx.query(cut)),
    () => queryClinic(pool, clinicId, cut),
  ]) {
    await expect(run()).rejects.toMatchObject({ code: '57P01' })
    // Cut between two statements, when nobody waits for an answer.
    const idle = withClinic(pool, clinicId, async (tx) => {
      const { rows } = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      await database.pool.query('SELECT pg_terminate_backend($1, 5000)', [rows[0]?.pid])
      await new Promise((done) => setTimeout(done, 50))
      return tx.query(NAMES)
    })
    await expect(idle).rejects.toThrow(/terminat|not queryable/)
    const { rowCount } = await queryClinic(pool, clinicId, NAMES)
    expect(rowCount).toBe(1)
  }
  await pool.end()
})

test('an id that is no UUID never becomes SQL', () => {
  const forged = "' ; RESET ROLE; --" as ClinicId // as a caller that skipped the parser would
  expect(() => withClinic(database.pool, forged, () => Promise.resolve())).toThrow('invalid_format')
})

test('a transaction inside another is refused rather than left to wait for itself', async () => {
  const clinicId = A ?? expect.fail('a clinic')
  const nested = withClinic(database.pool, clinicId, () =>
    withClinic(database.pool, clinicId, (tx) => tx.query(NAMES)),
  )
  await expect(nested).rejects.toThrow('already running')
})

test('work across clinics is logged with its reason, and row-level security still holds', async () => {
  const logged: object[] = []
  const audit = { reason: 'a test', log: (entry: object) => void logged.push(entry) }
  const { rows } = await acrossClinics(database.pool, audit, (tx) => tx.query(NAMES))
  expect([logged, rows]).toEqual([[{ across: 'a test' }], []])
})

test('the server refuses to serve as a superuser, as the owner, or as one who may become either', async () => {
  await expect(assertServingRole(database.pool)).resolves.toBeUndefined()
  await expect(assertServingRole(database.ownerPool)).rejects.toThrow('owns tables')
  const superuser = createPool(database.superuserUrl, () => undefined)
  await expect(assertServingRole(superuser)).rejects.toThrow('superuser or BYPASSRLS')
  for (const [change, undo, reason] of [
    ['ALTER ROLE dawr_app BYPASSRLS', 'ALTER ROLE dawr_app NOBYPASSRLS', 'BYPASSRLS'],
    ['GRANT dawr_owner TO dawr_app', 'REVOKE dawr_owner FROM dawr_app', 'owns tables'],
  ] as const) {
    await superuser.query(change)
    try {
      await expect(assertServingRole(database.pool)).rejects.toThrow(reason)
    } finally {
      await superuser.query(undo)
    }
  }
  await superuser.end()
})

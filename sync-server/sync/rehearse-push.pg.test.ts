import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPool, openConnections } from '../database/pool.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { NEWS_CHANNEL } from './clinic-news.ts'
import { rehearsePush } from './rehearse-push.ts'
import { createTestClinic, newId } from './test-clinic.ts'
import { register } from './test-commands.ts'

let database: TestDatabase
let pool: pg.Pool
let listener: pg.Client
const heard: (string | undefined)[] = []
beforeAll(async () => {
  database = await createTestDatabase()
  listener = new pg.Client({ connectionString: database.appUrl })
  await listener.connect()
  listener.on('notification', ({ payload }) => heard.push(payload))
  await listener.query(`LISTEN ${NEWS_CHANNEL}`)
  pool = createPool(database.appUrl, () => undefined, { rehearse: rehearsePush })
  await openConnections(pool)
})
afterAll(async () => {
  await Promise.all([pool.end(), listener.end()])
  await database.drop()
})

test('connections are open and have planned a push before there is one, which none of them tells', async () => {
  const count = pool.totalCount
  expect(count).toBeGreaterThan(2)
  const planned = await Promise.all(
    Array.from({ length: count }, async () => {
      const client = await pool.connect()
      try {
        const { rows } = await client.query<{ statements: number; clinic: string }>(
          `SELECT count(*) AS statements, current_setting('app.clinic_id', true) AS clinic
           FROM pg_prepared_statements`,
        )
        return { ...rows[0], state: client.getTransactionStatus() }
      } finally {
        client.release()
      }
    }),
  )
  expect(planned).toEqual(
    Array.from({ length: count }, () => ({ statements: 3, clinic: '', state: 'I' })),
  )
  expect(pool.totalCount).toBe(count)
  await listener.query('SELECT')
  expect(heard).toEqual([])
})

test('what was rehearsed is what a push then asks', async () => {
  const single = createPool(database.appUrl, () => undefined, { max: 1, rehearse: rehearsePush })
  const countRuns = async (): Promise<Map<string, number>> => {
    const { rows } = await single.query<{ name: string; runs: number }>(
      'SELECT name, generic_plans + custom_plans AS runs FROM pg_prepared_statements',
    )
    return new Map(rows.map(({ name, runs }) => [name, runs]))
  }
  try {
    await openConnections(single)
    const rehearsed = [...(await countRuns()).keys()]
    const clinic = await createTestClinic({ ...database, pool: single })
    const desk = await clinic.openDesk('reception')
    const before = await countRuns()
    await desk.push(register(desk, 'reception'))
    const after = await countRuns()
    const asked = rehearsed.filter((name) => (after.get(name) ?? 0) > (before.get(name) ?? 0))
    expect(asked).toHaveLength(3)
  } finally {
    await single.end()
  }
  expect(heard).not.toEqual([])
})

test('a connection is given out although its rehearsal failed, and that is told', async () => {
  const told: string[] = []
  const unlucky = createPool(database.appUrl, ({ message }) => void told.push(message), {
    max: 1,
    rehearse: (client) => client.query('SELECT 1 / 0').then(() => undefined),
  })
  try {
    const { rows } = await unlucky.query<{ one: number }>('SELECT 1 AS one')
    expect(rows).toEqual([{ one: 1 }])
    expect(told).toEqual(['division by zero'])
  } finally {
    await unlucky.end()
  }
})

test('a start that finds too few connections says so, and can still be ended', async () => {
  const seen = new Set<pg.ClientBase>()
  const few = createPool(database.appUrl, () => undefined, {
    rehearse: async (client) => {
      seen.add(client)
      if (seen.size < 3) return
      await client.query('BEGIN')
      throw new Error('too many clients')
    },
  })
  await expect(openConnections(few)).rejects.toThrow('too many clients')
  expect((await few.query('SELECT')).rowCount).toBe(1)
  await few.end()
  expect(few.totalCount).toBe(0)
})

test('a clinic that does not exist is still refused', async () => {
  const clinicId = newId()
  const client = await pool.connect()
  try {
    await client.query(`BEGIN; SET LOCAL app.clinic_id = '${clinicId}'`)
    const asked = client.query(`SELECT * FROM push_state($1, $2, $2, '{}', '{}', '{}', 0, 1)`, [
      clinicId,
      newId(),
    ])
    await expect(asked).rejects.toMatchObject({ code: '23503' })
  } finally {
    await client.query('ROLLBACK')
    client.release()
  }
})

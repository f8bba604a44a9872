import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEmptyDatabase } from '../test/test-database.ts'
import { migrate, readMigrations } from './migrate.ts'

/** A clinic from a time when a receipt or a booking could be given twice moves on with what it has. */

const CLINIC = '019a9b00-0000-7000-8000-000000000001'
let database: Awaited<ReturnType<typeof createEmptyDatabase>>
let client: pg.Client

beforeEach(async () => {
  database = await createEmptyDatabase()
  client = new pg.Client({ connectionString: database.ownerUrl })
  await client.connect()
})
afterEach(async () => {
  await client.end()
  await database.drop()
})

let seq = 0
async function insert(collection: string, id: string, doc: object): Promise<void> {
  seq += 1
  await client.query(
    'INSERT INTO documents (clinic_id, collection, id, seq, doc) VALUES ($1, $2, $3, $4, $5)',
    [CLINIC, collection, id, seq, JSON.stringify({ id, clinicId: CLINIC, ...doc })],
  )
}

const receipt = (id: string, number: number): Promise<void> =>
  insert('entries', id, { body: { kind: 'PAYMENT', receipt: { letter: 'A', number } } })
const booking = (id: string, number: number, day = '2026-11-25'): Promise<void> =>
  insert('appointments', id, { doctorId: 'd', day, number: { letter: 'A', number } })

test('what was doubled stands as it is, and from then on none is doubled', async () => {
  const migrations = await readMigrations(new URL('migrations/', import.meta.url))
  const before = migrations.filter(({ id }) => id < '0016')
  expect(before).toHaveLength(15)
  await migrate(database.ownerUrl, before)
  await client.query(`SELECT set_config('app.clinic_id', $1, false)`, [CLINIC])
  await receipt('first', 1)
  await receipt('second', 1)
  await receipt('third', 1)
  await receipt('alone', 2)
  await booking('booked', 1)
  await booking('booked-again', 1)
  await booking('other-day', 1, '2026-11-26')
  const read = async (): Promise<unknown[]> => {
    const { rows } = await client.query<Record<string, unknown>>(
      'SELECT id, seq, doc FROM documents ORDER BY seq',
    )
    return rows
  }
  const stood = await read()

  await migrate(database.ownerUrl, migrations)
  expect(await read()).toEqual(stood)
  const { rows } = await client.query<{ id: string }>(
    'SELECT id FROM documents WHERE twice IS NOT NULL ORDER BY seq',
  )
  expect(rows.map(({ id }) => id)).toEqual(['second', 'third', 'booked-again'])

  for (const number of [1, 2]) {
    await expect(receipt(`late-${number}`, number)).rejects.toMatchObject({ code: '23505' })
  }
  await expect(booking('late', 1)).rejects.toMatchObject({ code: '23505' })
  const moveTo = (day: string): Promise<unknown> =>
    client.query(
      `UPDATE documents SET doc = jsonb_set(doc, '{day}', to_jsonb($1::text))
       WHERE id = 'booked-again'`,
      [day],
    )
  await expect(moveTo('2026-11-26')).rejects.toMatchObject({ code: '23505' })
  await moveTo('2026-11-27')
  await expect(booking('there', 1, '2026-11-27')).rejects.toMatchObject({ code: '23505' })
  await expect(client.query("DELETE FROM documents WHERE id = 'second'")).rejects.toThrow(
    'is written once',
  )
})

import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { rehearsePush } from './rehearse-push.ts'
import { createTestClinic, newId, type TestClinic } from './test-clinic.ts'
import { register } from './test-commands.ts'

let database: TestDatabase
let clinic: TestClinic
let client: pg.Client
beforeAll(async () => {
  database = await createTestDatabase()
  client = new pg.Client({ connectionString: database.appUrl, pipeline: true })
  await client.connect()
  // As the server's connections do, before there is a clinic.
  await rehearsePush(client)
  clinic = await createTestClinic(database)
})
afterAll(async () => {
  await client.end()
  await database.drop()
})

const Explained = z
  .tuple([
    z.object({
      Plan: z.object({ 'Shared Hit Blocks': z.number(), 'Shared Read Blocks': z.number() }),
    }),
  ])
  .transform(([{ Plan }]) => Plan['Shared Hit Blocks'] + Plan['Shared Read Blocks'])

/** Pages that PostgreSQL looked at to say what a push of so many new commands is judged by. */
async function pagesRead(stationId: string, commands: number): Promise<number> {
  const ids = Array.from({ length: commands }, () => newId())
  await client.query(`BEGIN; SET LOCAL app.clinic_id = '${clinic.clinicId}'`)
  const { rows } = await client.query<{ 'QUERY PLAN': unknown }>(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)
     SELECT * FROM push_state($1, $2, $2, $3, '{}', '{}', 1, 1)`,
    [clinic.clinicId, stationId, ids],
  )
  await client.query('ROLLBACK')
  return Explained.parse(rows[0]?.['QUERY PLAN'])
}

test('a connection that planned for an empty clinic does not read a grown one whole', async () => {
  const desk = await clinic.openDesk('reception')
  await pagesRead(desk.stationId, 1)
  const few = await pagesRead(desk.stationId, 100)
  for (let part = 0; part < 10; part += 1) {
    await desk.push(...Array.from({ length: 100 }, () => register(desk, 'reception')))
  }
  // A tree grows by a level or two: so many pages more for each key.
  expect(await pagesRead(desk.stationId, 100)).toBeLessThan(few + 4 * 100)
})

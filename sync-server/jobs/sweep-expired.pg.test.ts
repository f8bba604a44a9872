import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestClinic, DAY, type Desk, MINUTE, type TestClinic } from '../sync/test-clinic.ts'
import { register } from '../sync/test-commands.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { sweepExpired } from './sweep-expired.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

async function count(clinic: TestClinic, table: string): Promise<number> {
  const { rows } = await clinic.within((tx) =>
    tx.query<{ n: number }>(`SELECT count(*) AS n FROM ${table} WHERE clinic_id = $1`, [
      clinic.clinicId,
    ]),
  )
  return rows[0]?.n ?? 0
}

/** A proof that has run out and one that has not; tokens of four generations, the first two long ago. */
async function leaveTraces(clinic: TestClinic, desk: Desk): Promise<void> {
  const { now } = clinic.clock
  await clinic.within(async (tx) => {
    for (const [jti, at] of Object.entries({ gone: now - 1, good: now + MINUTE })) {
      await tx.query('INSERT INTO dpop_jtis VALUES ($1, $2, $3, $4)', [
        tx.clinicId,
        desk.stationId,
        jti,
        new Date(at),
      ])
    }
    for (const [generation, days] of [20, 10, 9, 8].entries()) {
      await tx.query('INSERT INTO refresh_tokens VALUES ($1, $2, $3, $4, $5)', [
        tx.clinicId,
        desk.stationId,
        Buffer.from([generation]),
        generation,
        new Date(now - days * DAY),
      ])
    }
  })
  for (let made = 0; made < 3; made += 1) {
    await desk.push(register(desk, 'reception'))
    await desk.pull()
    await desk.pull()
  }
}

test('what has run out goes, of every clinic, and what is still needed stays', async () => {
  const clinics = [await createTestClinic(database), await createTestClinic(database)]
  for (const clinic of clinics) await leaveTraces(clinic, await clinic.openDesk('reception'))
  await database.pool.query(
    `INSERT INTO sign_in_attempts VALUES ('\\x01', 1, now() - interval '1 second'),
       ('\\x02', 1, now() + interval '1 minute')`,
  )
  for (const clinic of clinics) expect(await count(clinic, 'station_acks')).toBe(3)
  const logged: string[] = []
  const log = pino({ level: 'info', base: null }, { write: (line) => logged.push(line) })
  await sweepExpired({ pool: database.pool, log, now: () => clinics[0]?.clock.now ?? 0 })
  for (const clinic of clinics) {
    expect(await count(clinic, 'dpop_jtis')).toBe(1)
    expect(await count(clinic, 'refresh_tokens')).toBe(2)
    expect(await count(clinic, 'station_acks')).toBe(1)
  }
  const { rows } = await database.pool.query<{ n: number }>(
    'SELECT count(*) AS n FROM sign_in_attempts',
  )
  expect(rows).toEqual([{ n: 1 }])
  // Across clinics: said, and why; without a name of one.
  expect(logged.join()).toContain('what has run out is swept')
  for (const { clinicId } of clinics) expect(logged.join()).not.toContain(clinicId)
})

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { withClinic } from '../database/clinic-tx.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { pruneTombstones } from './prune-tombstones.ts'
import { createTestClinic, type Desk, type TestClinic } from './test-clinic.ts'
import { madePatient, register } from './test-commands.ts'

let database: TestDatabase
let clinic: TestClinic
let here: Desk
let away: Desk
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  clinic = await createTestClinic(database)
  here = await clinic.openDesk('reception')
  away = await clinic.openDesk('reception')
})

const asOwner = <T>(run: Parameters<typeof withClinic<T>>[2]) =>
  withClinic(database.ownerPool, clinic.clinicId, run)
const prune = () => asOwner((tx) => pruneTombstones(tx, { silentDays: 90 }))

async function hearFrom(desk: Desk, daysAgo: number): Promise<void> {
  await asOwner((tx) =>
    tx.query(
      `UPDATE stations SET last_contact = now() - make_interval(days => $3)
       WHERE clinic_id = $1 AND station_id = $2`,
      [clinic.clinicId, desk.stationId, daysAgo],
    ),
  )
}

/** What the server does when it withdraws a document. */
async function remove(id: string): Promise<void> {
  await asOwner((tx) =>
    tx.query(
      `WITH next AS (
         UPDATE feeds SET head = head + 1 WHERE clinic_id = $1 RETURNING head)
       UPDATE documents SET deleted = true, seq = next.head FROM next
       WHERE clinic_id = $1 AND id = $2`,
      [clinic.clinicId, id],
    ),
  )
}

/** Pulled, and said so: what one has is acknowledged by the next pull. */
async function catchUp(desk: Desk): Promise<void> {
  await desk.pull()
  await desk.pull()
}

test('a tombstone stays until every station has it, or has been silent too long; then it reseeds', async () => {
  const made = register(here, 'reception')
  const { id } = madePatient(made)
  await here.push(made)
  for (const desk of [here, away]) {
    await catchUp(desk)
    await hearFrom(desk, 1)
  }
  await remove(id)
  await catchUp(here)
  expect(here.documents.get(`patients:${id}`)).toBeNull()
  expect(await prune()).toMatchObject({ pruned: 0, oldest: 0 })

  await hearFrom(away, 91)
  const { pruned, oldest } = await prune()
  expect(pruned).toBe(1)
  expect(oldest).toBe(here.checkpoint?.seq)
  // Who is not behind it goes on; who is would keep what is gone.
  await here.pull()
  await expect(away.pull()).rejects.toMatchObject({ code: 'RESEED' })
  away.checkpoint = null
  away.documents.clear()
  const { checkpoint } = await away.pull()
  expect(away.documents.has(`patients:${id}`)).toBe(false)
  expect(checkpoint).toEqual(here.checkpoint)
  // What it had made meanwhile is taken as ever.
  const late = register(away, 'reception')
  expect(await away.push(late)).toMatchObject([{ verdict: 'ACCEPTED' }])
  expect(await prune()).toMatchObject({ pruned: 0, oldest })
})

test('a station that has pulled nothing yet is waited for', async () => {
  const made = register(here, 'reception')
  await here.push(made)
  await catchUp(here)
  await remove(madePatient(made).id)
  await catchUp(here)
  await hearFrom(here, 1)
  await hearFrom(away, 1)
  expect(await prune()).toMatchObject({ pruned: 0 })
})

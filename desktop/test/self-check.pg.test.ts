import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkIn } from './support/desk-work.ts'
import { type Desk, openWorld, type World } from './support/station-in-process.ts'

/** A replica that is not what the server holds finds out by itself, and mends itself. */

let world: World
let desk: Desk
let superuser: pg.Client

beforeEach(async () => {
  world = await openWorld('2026-11-23T10:00:00Z')
  desk = await world.openDesk('first')
  await desk.signInWithPin('reception')
  superuser = new pg.Client({ connectionString: world.server.database.superuserUrl })
  await superuser.connect()
})
afterEach(async () => {
  await superuser.end()
  await world.close()
})

async function findNames(text: string): Promise<string[]> {
  const { hits } = await desk.window.until('search', { text, limit: 10 }, () => true)
  return hits.map(({ name }) => name)
}

const inDocuments = (sql: string, ...values: unknown[]) => superuser.query(sql, values)

async function metric(name: string): Promise<number> {
  const { body } = await world.server.call('GET', '/metrics')
  const line = String(body)
    .split('\n')
    .find((each) => each.startsWith(`${name} `))
  return Number(line?.slice(name.length + 1) ?? 0)
}

const requestsFor = (path: string) =>
  metric(`dawr_request_seconds_count{method="POST",route="${path}",status="200"}`)

/** Two hours go by, and the station is woken. */
async function afterTwoHours(): Promise<void> {
  world.passMinutes(120)
  await desk.window.act('syncNow', {})
}

test('equal replicas are found equal, and nothing is pulled anew', async () => {
  await checkIn(desk.window, 'نجلاء فتحي', { phone: '01001234567' })
  await checkIn(desk.window, 'Quote " back \\ slash and ٣')
  await desk.goOnline()
  // Documents that pulls had before them, all together: a pull from the beginning would add all of
  // them to it once more, and what the desk's own commands wrote may still be on its way.
  const behind = await metric('dawr_pull_lag_documents_sum')
  const { rows } = await superuser.query<{ all: number }>(
    'SELECT count(*)::int AS all FROM documents WHERE clinic_id = $1',
    [world.clinicId],
  )
  const OWN = 4
  const held = rows[0]?.all ?? 0
  expect(held).toBeGreaterThan(2 * OWN)
  await afterTwoHours()
  await expect.poll(() => requestsFor('/v1/checksum'), { timeout: 20_000 }).toBe(1)
  const pulls = await requestsFor('/v1/pull')
  await desk.window.act('syncNow', {})
  await expect.poll(() => requestsFor('/v1/pull')).toBeGreaterThan(pulls)
  await desk.goOnline()
  const more = (await metric('dawr_pull_lag_documents_sum')) - behind
  expect(more).toBeLessThanOrEqual(OWN)
}, 60_000)

test('what differs and what is no longer there is put right, and unsent work is kept', async () => {
  const kept = await checkIn(desk.window, 'محمود المليجي')
  const gone = await checkIn(desk.window, 'زوزو نبيل')
  await desk.goOnline()
  // Behind everybody's back: another name, and one that is gone.
  await inDocuments(
    `UPDATE documents SET doc = jsonb_set(doc, '{name}', '"فاتن حمامة"')
     WHERE clinic_id = $1 AND id = $2`,
    world.clinicId,
    kept.patientId,
  )
  await inDocuments(
    'DELETE FROM documents WHERE clinic_id = $1 AND id = ANY ($2)',
    world.clinicId,
    [gone.patientId, gone.visitId],
  )
  expect(await findNames('محمود')).toEqual(['محمود المليجي'])
  await afterTwoHours()
  await expect.poll(() => findNames('فاتن'), { timeout: 20_000 }).toEqual(['فاتن حمامة'])
  await expect.poll(() => findNames('زوزو')).toEqual([])
  expect(await findNames('محمود')).toEqual([])
  await checkIn(desk.window, 'نجلاء فتحي')
  await desk.goOnline()
  expect(await findNames('نجلاء')).toEqual(['نجلاء فتحي'])
}, 60_000)

import { afterAll, beforeEach, expect, test } from 'vitest'
import pg from 'pg'
import { z } from 'zod'
import { Settings } from '#shared/clinic.ts'
import { ClinicId, type UserId } from '#shared/ids.ts'
import { auditOfPerson, auditOfRecord } from '../audit/read-audit.ts'
import { verifyAudit } from '../audit/verify-audit.ts'
import { type ClinicTx, withClinic } from '../database/clinic-tx.ts'
import { NO_JOBS } from '../jobs/test-jobs.ts'
import {
  enrolStation,
  makeTestKey,
  signIn,
  startTestServer,
  type TestServer,
} from '../test/test-server.ts'
import { createClinic } from './create-clinic.ts'
import { DEMO_CLINICS, DEMO_USERS } from './demo-data.ts'
import { replaceSettings } from './settings.ts'
import { changeStaff } from './staff.ts'
import { addStation, changeLetter, revokeStation } from './stations.ts'

const [nile, maadi] = DEMO_CLINICS
if (nile === undefined || maadi === undefined) throw new Error('the demo has two clinics')
const clinicId = nile.clinicId

let server: TestServer
let admin: string
beforeEach(async () => {
  await server?.close()
  server = await startTestServer()
  admin = await signIn(server, 'admin')
})
afterAll(() => server.close())

function idOf(account: string): UserId {
  return (
    DEMO_USERS.find(({ email }) => email === `${account}@demo.dawr`)?.id ?? expect.fail(account)
  )
}

async function rowsOf(text: string, ...values: unknown[]): Promise<unknown[]> {
  const { rows } = await withClinic(server.database.pool, clinicId, (tx) =>
    tx.query<Record<string, unknown>>(text, [clinicId, ...values]),
  )
  return rows
}

const change = (account: string, body: unknown, token = admin) =>
  server.call('PATCH', `/v1/clinics/${clinicId}/staff/${idOf(account)}`, { token, body })
const put = (settings: unknown) =>
  server.call('PUT', `/v1/clinics/${clinicId}/settings`, { token: admin, body: settings })

test('no act of an ADMIN and no push wait for each other, whatever rows both come to', async () => {
  const { pool } = server.database
  const { stationId } = await enrolStation(server, admin, clinicId)
  const now = server.clock.now
  const by = idOf('admin')
  const [settings] = await rowsOf(
    `SELECT doc -> 'body' AS body FROM documents
     WHERE clinic_id = $1 AND collection = 'clinic' AND id = 'settings'`,
  )
  const same = z.object({ body: Settings }).parse(settings).body
  const publicKey = (await makeTestKey()).publicKey
  const acts: ((tx: ClinicTx) => Promise<unknown>)[] = [
    (tx) => changeStaff(tx, { userId: idOf('reception'), change: { active: true }, by, now }),
    (tx) => replaceSettings(tx, same, { name: 'replaceSettings', by, now, jobs: NO_JOBS }),
    (tx) => addStation(tx, { clinicId, stationName: 'Another', publicKey }, by, now),
    (tx) => changeLetter(tx, stationId, now),
    (tx) => revokeStation(tx, stationId, by, now),
  ]
  const [push, watcher] = await Promise.all([openSuperuser(), openSuperuser()])
  for (const act of acts) {
    // As a push does that is in want of a letter: the feed, then the clinic's row and the station's.
    await push.query('BEGIN')
    await push.query('SELECT 1 FROM feeds WHERE clinic_id = $1 FOR UPDATE', [clinicId])
    const acting = withClinic(pool, clinicId, act)
    await expect.poll(() => countWaiting(watcher), { timeout: 10_000 }).toBe(1)
    await push.query('UPDATE stations SET letter = letter WHERE clinic_id = $1', [clinicId])
    await push.query('UPDATE clinics SET name = name WHERE clinic_id = $1', [clinicId])
    await push.query('COMMIT')
    await acting
  }
  await Promise.all([push.end(), watcher.end()])
  const left = await rowsOf('SELECT 1 FROM stations WHERE clinic_id = $1 AND revoked_at IS NULL')
  expect(left).toHaveLength(1)
})

async function openSuperuser(): Promise<pg.Client> {
  const superuser = new pg.Client({ connectionString: server.database.superuserUrl })
  await superuser.connect()
  return superuser
}

/** Statements that wait for another transaction; not shown to whoever serves. */
async function countWaiting(superuser: pg.Client): Promise<number | undefined> {
  const { rows } = await superuser.query<{ waiting: number }>(
    `SELECT count(*)::int AS waiting FROM pg_stat_activity
     WHERE wait_event_type = 'Lock' AND datname = current_database()`,
  )
  return rows[0]?.waiting
}

// --- staff ---------------------------------------------------------------------------------------

test('a change of a membership is one: the row, the document, the history under its number', async () => {
  const userId = idOf('reception')
  const answer = await change('reception', { roles: ['RECEPTION', 'ACCOUNTANT'], active: true })
  expect(answer).toMatchObject({
    status: 200,
    body: { ok: true, staff: { userId, roles: ['RECEPTION', 'ACCOUNTANT'], active: true } },
  })
  const history = await rowsOf(
    `SELECT h.roles, h.active, h.changed_by = $3 AS "byAdmin", h.seq = f.head AS newest
     FROM membership_history h JOIN feeds f USING (clinic_id)
     WHERE clinic_id = $1 AND user_id = $2 ORDER BY seq`,
    userId,
    idOf('admin'),
  )
  expect(history).toEqual([
    { roles: ['RECEPTION'], active: true, byAdmin: false, newest: false },
    { roles: ['RECEPTION', 'ACCOUNTANT'], active: true, byAdmin: true, newest: true },
  ])
  const documents = await rowsOf(
    `SELECT d.doc -> 'body' -> 'roles' AS roles, d.seq = f.head AS newest
     FROM documents d JOIN feeds f USING (clinic_id)
     WHERE clinic_id = $1 AND collection = 'clinic' AND id = $2`,
    `staff:${userId}`,
  )
  expect(documents).toEqual([{ roles: ['RECEPTION', 'ACCOUNTANT'], newest: true }])
})

test('who is deactivated loses the clinic with the next request, by a token they still hold', async () => {
  const token = await signIn(server, 'owner')
  await change('owner', { active: false })
  const path = `/v1/clinics/${clinicId}/staff/${idOf('admin')}`
  expect(await server.call('GET', path, { token })).toMatchObject({ status: 404 })
  const { body } = await server.call('GET', '/v1/clinics', { token })
  expect(body).toMatchObject({ memberships: [{ clinicId: maadi.clinicId }] })
  await change('owner', { active: true })
  expect(await server.call('GET', path, { token })).toMatchObject({ status: 200 })
})

test('a clinic always keeps an ADMIN, also when two demote each other at once', async () => {
  const owner = await signIn(server, 'owner')
  const answers = await Promise.all([
    change('owner', { roles: ['DOCTOR'] }, admin),
    change('admin', { active: false }, owner),
  ])
  expect(new Set(answers.map(({ status }) => status))).not.toEqual(new Set([200]))
  const admins = await rowsOf(
    `SELECT count(*) AS count FROM clinic_staff
     WHERE clinic_id = $1 AND active AND 'ADMIN' = ANY (roles)`,
  )
  expect(admins).toEqual([{ count: 1 }])
})

test('the last ADMIN cannot be demoted, and nothing of the attempt stays', async () => {
  await change('owner', { roles: ['DOCTOR'] })
  const before = await rowsOf('SELECT head FROM feeds WHERE clinic_id = $1')
  expect(await change('admin', { roles: ['RECEPTION'] })).toMatchObject({
    status: 403,
    body: { code: 'FORBIDDEN', details: { reason: 'LAST_ADMIN' } },
  })
  expect(await rowsOf('SELECT head FROM feeds WHERE clinic_id = $1')).toEqual(before)
})

test('a change of an unknown role, of nobody, or of nothing known is refused', async () => {
  expect(await change('reception', { roles: ['OWNER'] })).toMatchObject({ status: 400 })
  expect(await change('reception', { salary: 1 })).toMatchObject({ status: 400 })
  const nobody = `/v1/clinics/${clinicId}/staff/01930000-0000-7000-8000-0000000000ff`
  const answer = await server.call('PATCH', nobody, { token: admin, body: { active: false } })
  expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } })
})

test('a station that was revoked meanwhile is given no other letter', async () => {
  const { stationId } = await enrolStation(server, admin, clinicId)
  const change = () =>
    withClinic(server.database.pool, clinicId, (tx) => changeLetter(tx, stationId, Date.now()))
  const given = () => rowsOf('SELECT letters_given FROM clinics WHERE clinic_id = $1')
  await change()
  await server.call('POST', `/v1/clinics/${clinicId}/stations/${stationId}/revoke`, {
    token: admin,
  })
  const before = await given()
  await expect(change()).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await given()).toEqual(before)
})

test('what an ADMIN does is in the clinic’s audit chain, whole, with before and after', async () => {
  await change('reception', { roles: ['ACCOUNTANT'] })
  await put({ ...nile.settings, skipPlaces: 5 })
  const { stationId } = await enrolStation(server, admin, clinicId)
  await server.call('POST', `/v1/clinics/${clinicId}/stations/${stationId}/revoke`, {
    token: admin,
  })
  const [chain, acts, staff] = await withClinic(server.database.pool, clinicId, async (tx) => [
    await verifyAudit(tx),
    await auditOfPerson(tx, idOf('admin'), { limit: 10, before: null }),
    await auditOfRecord(
      tx,
      { collection: 'clinic', id: `staff:${idOf('reception')}` },
      { limit: 1, before: null },
    ),
  ])
  expect(chain).toMatchObject({ ok: true, erased: 0 })
  expect(acts.map(({ name }) => name)).toEqual([
    'revokeStation',
    'enrolStation',
    'replaceSettings',
    'changeStaff',
  ])
  expect(JSON.stringify(staff)).toMatch(/RECEPTION.*ACCOUNTANT/)
})

// --- prices and favourites -----------------------------------------------------------------------

test('a price set anew replaces the one before, in the feed and in the audit', async () => {
  const doctorId = nile.doctors[0]?.userId ?? expect.fail('the demo has doctors')
  const set = (body: unknown) =>
    server.call('PUT', `/v1/clinics/${clinicId}/prices`, { token: admin, body })
  const price = { doctorId, visitType: 'PROCEDURE', amount: { minor: 55_000, currency: 'EGP' } }
  expect(await set(price)).toMatchObject({ status: 200, body: { price } })
  const dearer = { ...price, amount: { minor: 60_000, currency: 'EGP' } }
  expect(await set(dearer)).toMatchObject({ status: 200, body: { price: dearer } })
  const id = `price:${doctorId}:PROCEDURE`
  const documents = await rowsOf(
    `SELECT doc -> 'body' AS body, seq = head AS newest FROM documents JOIN feeds USING (clinic_id)
     WHERE clinic_id = $1 AND collection = 'clinic' AND id = $2`,
    id,
  )
  expect(documents).toEqual([{ body: { kind: 'PRICE', ...dearer }, newest: true }])
  const [last] = await withClinic(server.database.pool, clinicId, (tx) =>
    auditOfRecord(tx, { collection: 'clinic', id }, { limit: 1, before: null }),
  )
  expect(JSON.stringify(last)).toMatch(/setPrice.*55000.*60000/)
  for (const [changes, code] of [
    [{ amount: { minor: 1, currency: 'SAR' } }, 'INVALID'],
    [{ amount: { minor: -1, currency: 'EGP' } }, 'INVALID'],
    [{ doctorId: idOf('reception') }, 'NOT_FOUND'],
  ] as const) {
    expect((await set({ ...price, ...changes })).body).toMatchObject({ code })
  }
})

test('a doctor keeps favourites of their own, and nobody else’s', async () => {
  const doctor = await signIn(server, 'doctor')
  const lines = [
    {
      drug: 'أموكسيسيلين',
      dose: '500 mg',
      form: null,
      route: null,
      frequency: '3 × يوميًا',
      duration: '7 أيام',
      instructions: null,
    },
  ]
  const keep = (prescriptions: unknown, token = doctor) =>
    server.call('PUT', `/v1/clinics/${clinicId}/favourites`, { token, body: { prescriptions } })
  expect(await keep([{ name: 'التهاب الحلق', lines }])).toMatchObject({ status: 200 })
  expect(await keep([{ name: ' ', lines }])).toMatchObject({ body: { code: 'INVALID' } })
  expect(await keep([], admin)).toMatchObject({ body: { code: 'NOT_FOUND' } })
  const documents = await rowsOf(
    `SELECT doc -> 'body' AS body FROM documents
     WHERE clinic_id = $1 AND collection = 'clinic' AND id LIKE 'favourites:%'`,
  )
  expect(documents).toEqual([
    {
      body: {
        kind: 'FAVOURITES',
        doctorId: idOf('doctor'),
        prescriptions: [{ name: 'التهاب الحلق', lines }],
      },
    },
  ])
})

// --- stations ------------------------------------------------------------------------------------

test('stations that enrol at once get letters of their own, and a letter never comes back', async () => {
  const five = await Promise.all(
    Array.from({ length: 5 }, () => enrolStation(server, admin, clinicId)),
  )
  expect(new Set(five.map(({ letter }) => letter))).toEqual(new Set(['A', 'B', 'C', 'D', 'E']))
  for (const { stationId } of five) {
    await server.call('POST', `/v1/clinics/${clinicId}/stations/${stationId}/revoke`, {
      token: admin,
    })
  }
  const sixth = await enrolStation(server, admin, clinicId)
  expect(sixth.letter).toBe('F')
  const { body } = await server.call('GET', `/v1/clinics/${clinicId}/stations`, { token: admin })
  expect(body).toMatchObject({
    stations: [...five.map(() => ({ active: false })), { letter: 'F', active: true }],
  })
  const documents = await rowsOf(
    `SELECT count(*) AS count, count(*) FILTER (WHERE (doc -> 'body' -> 'active')::boolean) AS active
     FROM documents WHERE clinic_id = $1 AND id LIKE 'station:%'`,
  )
  expect(documents).toEqual([{ count: 6, active: 1 }])
})

// --- settings ------------------------------------------------------------------------------------

test('new settings reach the feed and the list of clinics', async () => {
  const settings: Settings = { ...nile.settings, name: 'عيادات النيل الجديدة', skipPlaces: 5 }
  expect(await put(settings)).toMatchObject({ status: 200, body: { settings } })
  const { body } = await server.call('GET', '/v1/clinics', { token: admin })
  expect(body).toMatchObject({ memberships: [{ clinicName: 'عيادات النيل الجديدة' }] })
  const documents = await rowsOf(
    `SELECT doc -> 'body' AS settings FROM documents WHERE clinic_id = $1 AND id = 'settings'`,
  )
  expect(documents).toEqual([{ settings }])
})

test('a new cut-over hour begins tomorrow at the earliest, and past days keep theirs', async () => {
  const with_ = (cutOvers: Settings['cutOvers']) => put({ ...nile.settings, cutOvers })
  const first = { from: '2020-01-01', hour: 5 }
  const refused = { status: 400, body: { details: { issues: ['cutOvers'] } } }
  // The server's clock says 23 November 2026.
  expect(await with_([first, { from: '2026-11-23', hour: 6 }])).toMatchObject(refused)
  expect(await with_([{ from: '2020-01-01', hour: 6 }])).toMatchObject(refused)
  expect(await with_([first, { from: '2026-11-24', hour: 6 }])).toMatchObject({ status: 200 })
  // Until it has begun it can be taken back.
  expect(await with_([first])).toMatchObject({ status: 200 })
  expect(await with_([first, { from: '2026-11-24', hour: 6 }])).toMatchObject({ status: 200 })
  server.clock.now += 3 * 86_400_000
  admin = await signIn(server, 'admin')
  expect(await with_([first])).toMatchObject(refused)
  const later = [first, { from: '2026-11-24', hour: 6 }, { from: '2026-12-01', hour: 4 }]
  expect(await with_(later)).toMatchObject({ status: 200 })
  expect(await with_([...later, { from: '2026-11-30', hour: 4 }])).toMatchObject(refused)
})

test('settings that contradict themselves, or what others hold on to, are refused by field', async () => {
  const edits: Array<[field: string, edit: object]> = [
    ['slug', { slug: 'another' }],
    ['currency', { currency: 'SAR', refundLimit: { minor: 1, currency: 'SAR' } }],
    ['refundLimit', { refundLimit: { minor: 1, currency: 'SAR' } }],
    ['demo', { demo: false }],
    ['timeZone', { timeZone: 'Africa/Atlantis' }],
    ['waitRedMinutes', { waitAmberMinutes: 60, waitRedMinutes: 30 }],
  ]
  for (const [field, edit] of edits) {
    const answer = await put({ ...nile.settings, ...edit })
    expect(answer).toMatchObject({ status: 400, body: { details: { issues: [field] } } })
  }
})

test('an address that is taken cannot be claimed again, and nothing of the attempt stays', async () => {
  const id = ClinicId.parse('01930000-0000-7000-8000-00000000c1ff')
  const { clinicId: _, ...clinic } = maadi
  const attempt = withClinic(server.database.ownerPool, id, (tx) =>
    createClinic(tx, { ...clinic, trialDays: 14 }, server.clock.now),
  )
  await expect(attempt).rejects.toMatchObject({ code: 'INVALID', details: { issues: ['slug'] } })
  const { rows } = await server.database.ownerPool.query<{ slug: string }>(
    'SELECT slug FROM clinic_addresses ORDER BY slug',
  )
  expect(rows).toEqual([{ slug: 'maadi' }, { slug: 'nile' }])
})

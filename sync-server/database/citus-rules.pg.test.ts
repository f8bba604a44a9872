import { randomUUID } from 'node:crypto'
import pg from 'pg'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROTOCOL_VERSION, TokenResponse } from '#shared/protocol.ts'
import { erasePatient } from '../audit/erase-patient.ts'
import { verifyAudit } from '../audit/verify-audit.ts'
import { issueRefreshToken } from '../identity/refresh-token.ts'
import { NO_JOBS } from '../jobs/test-jobs.ts'
import { shareHistory } from '../sharing/share-history.ts'
import { consent } from '../sharing/test-owner.ts'
import { recordSubscription } from '../subscriptions/subscription.ts'
import {
  checkIn,
  editPatient,
  madeEntry,
  madePatient,
  madeVisit,
  pay,
  refund,
  register,
  step,
} from '../sync/test-commands.ts'
import { DAY, MINUTE } from '../sync/test-clinic.ts'
import { makeTestKey } from '../test/test-server.ts'
import { PASSWORD, type Party, startTwoClinics, type TwoClinics } from '../test/two-clinics.ts'

// Citus' rules for tables distributed by `clinic_id`, held against what the server really says: each
// statement is caught on its way to PostgreSQL and planned once more by a superuser, whom no policy
// narrows. One that names its clinic is then planned for that clinic's partition of every table, and
// for no other; one that does not would go to every shard.

/** Reach for one person's memberships, in whatever clinic: the one thing that crosses (ARCHITECTURE 15). */
const CROSSING = /FROM clinic_staff s JOIN clinics c ON c.clinic_id = s.clinic_id\s+WHERE s.user_id/

interface Said {
  text: string
  values: unknown[]
}

let clinics: TwoClinics
let A: Party
let superuser: pg.Client
const said = new Map<string, Said>()
const realQuery: unknown = Reflect.get(pg.Client.prototype, 'query')

beforeAll(async () => {
  clinics = await startTwoClinics()
  ;({ A } = clinics)
  superuser = new pg.Client({ connectionString: clinics.database.superuserUrl })
  await superuser.connect()
  await superuser.query('SET plan_cache_mode = force_custom_plan')
  await superuser.query('ANALYZE')
})
afterAll(async () => {
  await superuser.end()
  await clinics.close()
})

/** What `pg` is given as text and values, or as one object. */
function readSaid(query: unknown, values: unknown): Said | null {
  if (typeof query === 'string') return { text: query, values: Array.isArray(values) ? values : [] }
  if (typeof query !== 'object' || query === null || !('text' in query)) return null
  const given: unknown = 'values' in query ? query.values : []
  return { text: String(query.text), values: Array.isArray(given) ? given : [] }
}

/** What is not given may be what narrows: `$2 IS NULL OR clinic_id = $2` is two statements. */
function keyOf({ text, values }: Said): string {
  return text + JSON.stringify(values.map((value) => value === null))
}

async function listening(run: () => Promise<void>): Promise<void> {
  if (typeof realQuery !== 'function') throw new Error('pg has no query')
  Reflect.set(pg.Client.prototype, 'query', function catching(this: unknown, ...args: unknown[]) {
    const heard = readSaid(args[0], args[1])
    if (heard !== null) said.set(keyOf(heard), heard)
    return Reflect.apply(realQuery, this, args) as unknown
  })
  try {
    await run()
  } finally {
    Reflect.set(pg.Client.prototype, 'query', realQuery)
  }
}

async function ask(
  method: string,
  path: string,
  { token, body, dpop }: { token?: string; body?: unknown; dpop?: string } = {},
): Promise<Response> {
  const response = await clinics.fetch(
    new Request(clinics.url + path, {
      method,
      headers: {
        'x-forwarded-for': randomUUID(),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(dpop === undefined ? {} : { dpop }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  )
  expect(response.status, path).toBeLessThan(300)
  return response
}

/** What the server is there for, once through. */
async function mainFlows(): Promise<void> {
  const { clinic, desk, stationToken: station, personToken: person, patient } = A
  const { clinicId, people, settings } = clinic
  const credentials = {
    email: `${A.marker}admin-${settings.slug.slice(5)}@example.org`,
    password: PASSWORD,
  }
  const mine = `/v1/clinics/${clinicId}`
  await ask('POST', `/c/${settings.slug}/v1/sign-in`, { body: credentials })
  await ask('POST', '/v1/sessions', { token: station, body: credentials })
  const { publicKey } = await makeTestKey()
  await ask('POST', '/v1/stations', {
    token: person,
    body: { clinicId, stationName: 'Desk', publicKey },
  })

  const key = await makeTestKey()
  const refreshToken = await clinic.within(async (tx) => {
    await tx.query(
      'UPDATE stations SET last_contact = NULL WHERE clinic_id = $1 AND station_id = $2',
      [clinicId, desk.stationId],
    )
    return issueRefreshToken(tx, clinics.signingKey, desk.stationId, {
      generation: 0,
      now: clinic.clock.now,
    })
  })
  await superuser.query(
    'UPDATE stations SET public_key = $3 WHERE clinic_id = $1 AND station_id = $2',
    [clinicId, desk.stationId, key.publicKey.x],
  )
  const dpop = await key.prove(`${clinics.url}/v1/token`, clinic.clock.now)
  const renewed = await ask('POST', '/v1/token', { body: { refreshToken }, dpop })
  TokenResponse.parse(await renewed.json())

  const arrival = checkIn(desk, 'reception', { number: 1, patientId: patient.id })
  const visit = madeVisit(arrival)
  const paid = pay(desk, 'reception', visit, 500)
  await desk.push(arrival, editPatient(desk, 'reception', patient, { note: 'x' }), paid)
  await desk.push(
    step(desk, 'doctor', visit, ['startVisit', 'WITH_DOCTOR']),
    refund(desk, 'accountant', visit, { paymentId: madeEntry(paid).id, minor: 10 }),
  )
  // A replay, a number given out twice, a clock an hour ahead, somebody who never signed in here.
  await desk.push(arrival)
  await desk.push(checkIn(desk, 'reception', { number: 1 }))
  desk.skew = 60 * MINUTE
  await desk.push(register(desk, 'reception'))
  desk.skew = 0
  await desk.push(register(desk, 'reception2'))
  const pull = { protocol: PROTOCOL_VERSION, checkpoint: null, limit: 100, lastCommand: 0 }
  await ask('POST', '/v1/pull', { token: station, body: pull })
  await desk.pull()
  await ask('POST', '/v1/pull', {
    token: station,
    body: { ...pull, checkpoint: desk.checkpoint, lastCommand: 256 },
  })
  const stream = await ask('GET', '/v1/stream', { token: station })
  await stream.body?.cancel()

  await ask('PATCH', `${mine}/staff/${people.reception2}`, {
    token: person,
    body: { active: false },
  })
  await ask('GET', `${mine}/staff/${people.reception2}`, { token: person })
  await ask('PUT', `${mine}/settings`, {
    token: person,
    body: { ...settings, skipPlaces: 4 },
  })
  await ask('GET', `${mine}/stations`, { token: person })
  await ask('GET', '/v1/clinics', { token: person })
  await ask('GET', `${mine}/audit/records/patients/${patient.id}`, { token: person })
  await ask('GET', `${mine}/audit/people/${people.reception}`, { token: person })
  const other = await clinic.openDesk('reception')
  await ask('POST', `${mine}/stations/${other.stationId}/revoke`, { token: person })
  await ask('GET', '/readyz')
  await clinic.within(verifyAudit)
  const endsAt = new Date(clinic.clock.now + 30 * DAY).toISOString()
  await clinic.within((tx) =>
    recordSubscription(tx, { plan: 'PRO', kind: 'PAID', endsAt }, clinic.clock.now),
  )
  const gone = register(desk, 'reception')
  await desk.push(gone)
  const act = { by: people.admin, now: clinic.clock.now, jobs: NO_JOBS }
  await clinic.within((tx) => erasePatient(tx, madePatient(gone).id, act))
}

/** Of one owner for once: what their clinics share. */
async function sharingFlows(): Promise<void> {
  const { B } = clinics
  const { admin } = A.clinic.people
  await B.clinic.within((tx) =>
    tx.query(
      `INSERT INTO clinic_staff (clinic_id, user_id, roles, active)
       VALUES ($1, $2, '{ADMIN}', true)`,
      [tx.clinicId, admin],
    ),
  )
  await superuser.query('UPDATE clinics SET owner_id = $2 WHERE clinic_id = $1', [
    B.clinic.clinicId,
    admin,
  ])
  const token = A.personToken
  const sharing = `/v1/clinics/${A.clinic.clinicId}/patients/${A.patient.id}/sharing`
  await ask('GET', sharing, { token })
  const other = `${sharing}/${B.clinic.clinicId}`
  await ask('PUT', other, { token, body: { patientId: B.patient.id } })
  await ask('GET', sharing, { token })
  const words = consent(A.desk, A.patient.id, true)
  const body = { protocol: PROTOCOL_VERSION, commands: [A.desk.sign(words)] }
  await ask('POST', '/v1/push', { token: A.stationToken, body })
  const visit = checkIn(A.desk, 'admin', { number: 9, patientId: A.patient.id })
  await A.desk.push(visit)
  // As a job would, whose turn has come.
  const log = pino({ level: 'silent' })
  const share = () =>
    shareHistory(
      { pool: clinics.database.pool, log, now: () => A.clinic.clock.now },
      { receiverId: B.clinic.clinicId, patientId: B.patient.id, sourceId: A.clinic.clinicId },
    )
  await share()
  await ask('DELETE', other, { token })
  await share()
}

interface Plan {
  'Node Type': string
  'Relation Name'?: string
  Operation?: string
  Plans?: Plan[]
}

/** Every partition that a plan reads, and the tables that it inserts into. */
function tablesOf(plan: Plan): string[] {
  const name = plan['Relation Name']
  // What is changed or deleted is found by a scan, further down, of the partitions themselves.
  const isFoundBelow = plan['Node Type'] === 'ModifyTable' && plan.Operation !== 'Insert'
  const own = name === undefined || isFoundBelow ? [] : [name]
  return [...own, ...(plan.Plans ?? []).flatMap(tablesOf)]
}

async function planOf({ text, values }: Said): Promise<Plan> {
  const { rows } = await superuser.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
    `EXPLAIN (FORMAT JSON) ${text}`,
    values,
  )
  return rows[0]?.['QUERY PLAN'][0].Plan ?? expect.fail('no plan')
}

/** Begins a transaction, ends one, listens: there is nothing to be planned. */
const UNPLANNED = /^\s*(BEGIN|COMMIT|ROLLBACK|LISTEN|SET)\b/
/** A row that is written names its clinic, first and from the statement's own parameter. */
const WRITES_CLINIC =
  /INSERT INTO \w+(?: AS \w+)?\s*\(\s*clinic_id\b[^)]*\)\s*(?:VALUES\s*\(|SELECT\s+)\$1\b/

/** What is said inside the functions that a statement calls; on Citus they run where their clinic is. */
async function bodiesOfFunctions(text: string): Promise<string> {
  const { rows } = await superuser.query<{ body: string }>(
    `SELECT prosrc AS body FROM pg_proc
     WHERE pronamespace = 'public'::regnamespace AND $1 ~ ('\\m' || proname || '\\M')`,
    [text],
  )
  return rows.map(({ body }) => body).join('\n')
}

async function faultsOf(said: Said, tenants: ReadonlySet<string>): Promise<string[]> {
  const faults: string[] = []
  const tables = new Set(tablesOf(await planOf(said)))
  const shards = new Set<string>()
  for (const table of tables) {
    const [, parent = '', shard] = /^(.*)_(\d\d)$/.exec(table) ?? []
    if (shard !== undefined && tenants.has(parent)) shards.add(shard)
    // Of the parent only an insert is planned: its shard is told by the row's own values.
    else if (tenants.has(table) && !WRITES_CLINIC.test(said.text)) {
      faults.push(`${table}: the row that is written does not begin with the clinic`)
    }
  }
  if (shards.size > 1) faults.push(`goes to ${shards.size} shards`)
  return faults
}

async function tenantTables(): Promise<Set<string>> {
  const { rows } = await superuser.query<{ name: string }>(`
    SELECT relname AS name FROM pg_class
    WHERE relkind = 'p' AND relnamespace = 'public'::regnamespace`)
  return new Set(rows.map(({ name }) => name))
}

test('every statement of the server’s main paths goes to one clinic’s shard, but for one', async () => {
  await listening(mainFlows)
  await listening(sharingFlows)
  const tenants = await tenantTables()
  const found: string[] = []
  const crossing: string[] = []
  const reached = new Set<string>()
  let planned = 0
  for (const each of said.values()) {
    if (UNPLANNED.test(each.text)) continue
    planned += 1
    const spoken = each.text + (await bodiesOfFunctions(each.text))
    for (const name of tenants) if (new RegExp(`\\b${name}\\b`).test(spoken)) reached.add(name)
    const faults = await faultsOf(each, tenants)
    if (faults.length === 0) continue
    if (CROSSING.test(each.text)) crossing.push(each.text)
    else found.push(`${faults.join('; ')}: ${each.text}`)
  }
  expect(found).toEqual([])
  expect(crossing).toHaveLength(1)
  // The paths must have been gone: every tenant table is spoken of.
  expect([...tenants].filter((name) => !reached.has(name))).toEqual([])
  expect(planned).toBeGreaterThan(40)
})

test.each([
  ['SELECT doc FROM documents WHERE id = $1', ['x'], 'goes to 32 shards'],
  [
    `SELECT 1 FROM documents d JOIN feeds f ON f.head = d.seq WHERE d.clinic_id = $1`,
    [randomUUID()],
    'shards',
  ],
  ['UPDATE stations SET name = $1', ['x'], 'goes to 32 shards'],
  ['DELETE FROM dpop_jtis WHERE expires_at < now()', [], 'goes to 32 shards'],
  [
    `INSERT INTO feeds (head, clinic_id) SELECT 1, gen_random_uuid()`,
    [],
    'the row that is written does not begin with the clinic',
  ],
])('a statement that does not is found: %s', async (text, values, fault) => {
  expect((await faultsOf({ text, values }, await tenantTables())).join()).toContain(fault)
})

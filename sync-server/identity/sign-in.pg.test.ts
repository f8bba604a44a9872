import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEMO_CLINICS } from '../clinics/demo-data.ts'
import { withClinic } from '../database/clinic-tx.ts'
import {
  enrolStation,
  signIn,
  startTestServer,
  stationToken,
  type TestServer,
} from '../test/test-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ trustedProxies: 1 })
})
afterAll(() => server.close())

interface Attempt {
  email: string
  password: string
  from: string
}

async function attempt({ email, password, from }: Attempt) {
  const headers = { 'x-forwarded-for': `6.6.6.6, ${from}` }
  const answer = await server.call('POST', '/v1/sign-in', { body: { email, password }, headers })
  return answer
}

async function codes(attempts: Attempt[]): Promise<unknown[]> {
  const bodies: unknown[] = []
  for (const one of attempts) bodies.push((await attempt(one)).body)
  return bodies
}

const wrong = (email: string, from: string): Attempt => ({ email, password: 'wrong', from })
const right = (email: string, from: string): Attempt => ({ email, password: 'demo-dawr', from })
const many = (count: number, one: (index: number) => Attempt) =>
  Array.from({ length: count }, (_, index) => one(index))

test('an unknown e-mail answers like a wrong password', async () => {
  const [known, unknown] = [
    await attempt(wrong('admin@demo.dawr', '10.0.0.1')),
    await attempt(wrong('nobody@demo.dawr', '10.0.0.1')),
  ]
  expect(unknown).toMatchObject({ status: 401, body: { code: 'SIGN_IN_FAILED' } })
  expect(unknown.body).toEqual(known.body)
})

test('an unknown e-mail takes the time of a wrong password', async () => {
  const time = async (email: string, index: number) => {
    const start = performance.now()
    await attempt(wrong(email, `10.9.0.${index}`))
    return performance.now() - start
  }
  const [known, unknown]: [number[], number[]] = [[], []]
  for (let index = 0; index < 12; index += 1) {
    known.push(await time('admin@demo.dawr', index))
    unknown.push(await time('nobody@demo.dawr', index))
  }
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[6] ?? 0
  expect(median(unknown)).toBeGreaterThan(median(known) * 0.5)
  expect(median(unknown)).toBeLessThan(median(known) * 2)
})

test('the eleventh attempt waits, with the right password too, and elsewhere nobody waits', async () => {
  const email = 'reception@demo.dawr'
  const from = '10.0.0.2'
  expect(await codes(many(10, () => wrong(email, from)))).toMatchObject(
    Array.from({ length: 10 }, () => ({ code: 'SIGN_IN_FAILED' })),
  )
  const late = await attempt(right(email, from))
  expect(late).toMatchObject({ status: 429, body: { code: 'TOO_MANY_ATTEMPTS' } })
  expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(800)
  expect(
    await codes([right(email, '10.0.0.3'), right('reception2@demo.dawr', from)]),
  ).toMatchObject([{ ok: true }, { ok: true }])
  // The address a client claims for itself changes nothing.
  const headers = { 'x-forwarded-for': `9.9.9.9, ${from}` }
  const claimed = await server.call('POST', '/v1/sign-in', { headers, body: right(email, from) })
  expect(claimed.status).not.toBe(200)
})

test('guesses sent at once all count', async () => {
  const guesses = many(30, () => wrong('assistant@demo.dawr', '10.0.0.4'))
  const answers = await Promise.all(guesses.map(attempt))
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(10)
})

test('a right password starts anew', async () => {
  const email = 'doctor@demo.dawr'
  const from = '10.0.0.5'
  await codes(many(9, () => wrong(email, from)))
  expect(await codes([right(email, from)])).toMatchObject([{ ok: true }])
  expect(await codes(many(10, () => wrong(email, from)))).not.toContainEqual(
    expect.objectContaining({ code: 'TOO_MANY_ATTEMPTS' }),
  )
})

test('one address that tries many people is stopped', async () => {
  const guesses = many(101, (index) => wrong(`person${index}@demo.dawr`, '10.0.0.6'))
  const answers = await codes(guesses)
  expect(answers.at(-2)).toMatchObject({ code: 'SIGN_IN_FAILED' })
  expect(answers.at(-1)).toMatchObject({ code: 'TOO_MANY_ATTEMPTS' })
})

test('guesses at one person from many addresses are stopped', async () => {
  const guesses = many(101, (index) => wrong('inventory@demo.dawr', `10.1.0.${index}`))
  expect((await codes(guesses)).at(-1)).toMatchObject({ code: 'TOO_MANY_ATTEMPTS' })
})

test('the wait ends', async () => {
  const email = 'accountant@demo.dawr'
  await codes(many(11, () => wrong(email, '10.0.0.7')))
  await server.database.ownerPool.query(
    "UPDATE sign_in_attempts SET window_ends = now() - interval '1 second'",
  )
  expect(await codes([right(email, '10.0.0.7')])).toMatchObject([{ ok: true }])
})

test('at a station the same limits hold, and only members of its clinic get in', async () => {
  const second = DEMO_CLINICS[1]?.clinicId ?? expect.fail('the demo has two clinics')
  const station = await enrolStation(server, await signIn(server, 'owner'), second)
  const token = await stationToken(server, station)
  const open = (account: string, password = 'demo-dawr') =>
    server.call('POST', '/v1/sessions', {
      token,
      body: { email: `${account}@demo.dawr`, password },
      headers: { 'x-forwarded-for': '10.0.0.8' },
    })
  expect(await open('reception2')).toMatchObject({ body: { ok: true, roles: ['RECEPTION'] } })
  expect(await open('doctor')).toMatchObject({ status: 403, body: { code: 'MEMBER_INACTIVE' } })
  expect(await open('doctor', 'wrong')).toMatchObject({ body: { code: 'SIGN_IN_FAILED' } })
  const { rows } = await withClinic(server.database.pool, second, (tx) =>
    tx.query<{ sessions: number }>(
      'SELECT count(*) AS sessions FROM station_sessions WHERE clinic_id = $1',
      [second],
    ),
  )
  expect(rows).toEqual([{ sessions: 1 }])
})

test('neither e-mails nor passwords nor tokens are logged', () => {
  const text = server.logged.join('')
  expect(text).toContain('"route":"/v1/sign-in"')
  expect(text).not.toMatch(/@demo\.dawr|demo-dawr|wrong|eyJ|r1\./)
})

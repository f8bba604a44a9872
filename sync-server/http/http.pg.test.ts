import { request } from 'node:http'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ClinicId, UserId } from '#shared/ids.ts'
import { PROTOCOL_VERSION } from '#shared/protocol.ts'
import { signedRegistration } from '../test/signed-registration.ts'
import {
  enrolStation,
  signIn,
  startTestServer,
  stationToken,
  type TestServer,
} from '../test/test-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.close())

const signInWith = (body: string) => server.call('POST', '/v1/sign-in', { body })

test.each([
  ['text that is not JSON', '{"email":'],
  ['nothing', ''],
  ['a list', '[]'],
  ['an unknown field', '{"email":"a@demo.dawr","password":"x","admin":true}'],
  ['a missing field', '{"email":"a@demo.dawr"}'],
  ['a NUL', String.raw`{"email":"a\u0000@demo.dawr","password":"x"}`],
  ['half a surrogate pair', String.raw`{"email":"a@demo.dawr","password":"\ud83d"}`],
])('refuses %s, and says nothing of its values', async (_, body) => {
  const answer = await signInWith(body)
  expect(answer).toMatchObject({ status: 400, body: { ok: false, code: 'INVALID' } })
  expect(JSON.stringify(answer.body)).not.toContain('demo.dawr')
})

test('refuses bytes that are not UTF-8', async () => {
  const response = await fetch(`${server.url}/v1/sign-in`, {
    method: 'POST',
    body: new Uint8Array([0x22, 0xff, 0xfe, 0x22]),
  })
  expect(await response.json()).toMatchObject({ code: 'INVALID' })
})

test('refuses a body over the limit, said or unsaid, and goes on serving', async () => {
  const long = JSON.stringify({ email: 'a@demo.dawr', password: 'x'.repeat(100_000) })
  expect(await signInWith(long)).toMatchObject({ status: 413, body: { code: 'TOO_LARGE' } })
  const stream = new Blob([long]).stream()
  const chunked = await fetch(`${server.url}/v1/sign-in`, {
    method: 'POST',
    body: stream,
    duplex: 'half',
  })
  expect(await chunked.json()).toMatchObject({ code: 'TOO_LARGE', details: { limitBytes: 65_536 } })
  expect(await signIn(server, 'admin')).toBeTruthy()
})

test('an unknown path answers like a record that is not there', async () => {
  expect(await server.call('GET', '/v1/nothing')).toMatchObject({
    status: 404,
    body: { ok: false, code: 'NOT_FOUND', details: {} },
  })
})

test('a fault of ours is found in the log by its request, and tells the client nothing', async () => {
  await server.database.ownerPool.query('ALTER TABLE sign_in_attempts RENAME TO gone')
  const answer = await signInWith('{"email":"secret@demo.dawr","password":"x"}')
  await server.database.ownerPool.query('ALTER TABLE gone RENAME TO sign_in_attempts')
  const requestId = answer.headers.get('x-request-id')
  expect(answer).toMatchObject({
    status: 500,
    body: { ok: false, code: 'INTERNAL', details: { requestId } },
  })
  const line = server.logged.find((entry) => entry.includes(`${requestId}`)) ?? ''
  expect(JSON.parse(line)).toMatchObject({ requestId, error: 'error', code: '42P01' })
  expect(line).toContain('sign-in-attempts.ts')
  expect(server.logged.join('')).not.toContain('secret')
})

test('connections that PostgreSQL cuts are replaced without a word', async () => {
  const client = new pg.Client({ connectionString: server.database.superuserUrl })
  await client.connect()
  await client.query(`
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = 'dawr_app'`)
  await client.end()
  expect(await signIn(server, 'admin')).toBeTruthy()
})

test('health, readiness and numbers are served; numbers are by pattern, without an id', async () => {
  expect(await server.call('GET', '/healthz')).toMatchObject({ status: 200 })
  expect(await server.call('GET', '/readyz')).toMatchObject({ status: 200 })
  await server.call('GET', '/v1/clinics/01930000-0000-7000-8000-00000000c101/stations')
  const clinicId = '01930000-0000-7000-8000-00000000c101'
  const admin = await signIn(server, 'admin')
  const station = await enrolStation(server, admin, ClinicId.parse(clinicId))
  const token = await stationToken(server, station)
  const by = UserId.parse('01930000-0000-7000-8000-000000000004')
  const push = {
    protocol: PROTOCOL_VERSION,
    commands: [signedRegistration(station, by, server.clock.now)],
  }
  await server.call('POST', '/v1/push', { token, body: push })
  const pull = { protocol: PROTOCOL_VERSION, checkpoint: null, limit: 1, lastCommand: 0 }
  await server.call('POST', '/v1/pull', { token, body: pull })
  const { body } = await server.call('GET', '/metrics')
  expect(body).toMatch(/^dawr_commands_total\{verdict="HELD",code="NOT_SIGNED_IN_HERE"\} 1$/m)
  expect(body).toMatch(/^dawr_pull_lag_documents_count 1$/m)
  expect(body).toMatch(/^dawr_streams 0$/m)
  expect(body).toMatch(/^dawr_database_connections\{state="total"\} [1-9]/m)
  expect(body).toContain('route="/v1/clinics/:clinicId/stations"')
  expect(body).not.toContain('01930000')
})

test('answers are never cached, and name their request', async () => {
  const { headers } = await server.call('GET', '/v1/clinics')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect(headers.get('www-authenticate')).toBe('Bearer')
})

test('closing answers what is under way and takes nothing new', async () => {
  const closing = await startTestServer()
  const body = JSON.stringify({ email: 'admin@demo.dawr', password: 'demo-dawr' })
  const { port } = new URL(closing.url)
  const slow = new Promise<number>((done, fail) => {
    const sent = request({ port, method: 'POST', path: '/v1/sign-in' }, (response) => {
      response.resume()
      done(response.statusCode ?? 0)
    })
    sent.once('error', fail)
    sent.setHeader('content-length', Buffer.byteLength(body))
    sent.write(body.slice(0, 10))
    setTimeout(() => sent.end(body.slice(10)), 300)
  })
  await new Promise((done) => setTimeout(done, 100))
  const closed = closing.close()
  await new Promise((done) => setTimeout(done, 50))
  await expect(fetch(`${closing.url}/healthz`)).rejects.toThrow('fetch failed')
  expect(await slow).toBe(200)
  await closed
})

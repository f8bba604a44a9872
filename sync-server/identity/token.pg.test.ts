import { randomUUID, subtle } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { TokenResponse } from '#shared/protocol.ts'
import { LetterResponse } from '#shared/ticket.ts'
import { DEMO_CLINICS } from '../clinics/demo-data.ts'
import { withClinic } from '../database/clinic-tx.ts'
import {
  enrolStation,
  makeTestKey,
  renew,
  signIn,
  startTestServer,
  TEST_NOW,
  type TestServer,
  type TestStation,
} from '../test/test-server.ts'

const clinicId = DEMO_CLINICS[0]?.clinicId ?? expect.fail('the demo has a clinic')

let server: TestServer
let admin: string
beforeAll(async () => {
  server = await startTestServer()
  admin = await signIn(server, 'admin')
})
afterAll(() => server.close())
beforeEach(() => {
  server.clock.now = TEST_NOW
})

async function renewed(station: TestStation, token?: string) {
  const answer = await renew(server, station, token)
  expect(answer.status).toBe(200)
  return TokenResponse.parse(answer.body)
}

async function refused(station: TestStation, token?: string): Promise<unknown> {
  return (await renew(server, station, token)).body
}

test('each renewal gives the next token, and the access token opens the door', async () => {
  const station = await enrolStation(server, admin, clinicId)
  const first = await renewed(station)
  const second = await renewed(station, first.refreshToken)
  expect(new Set([station.refreshToken, first.refreshToken, second.refreshToken]).size).toBe(3)
  for (const { accessToken } of [first, second]) {
    const answer = await server.call('POST', '/v1/sessions', {
      token: accessToken,
      body: { email: 'reception@demo.dawr', password: 'demo-dawr' },
    })
    expect(answer.body).toMatchObject({ ok: true, roles: ['RECEPTION'] })
  }
})

test('a lost answer locks nobody out: the token before is good until its successor is used', async () => {
  const station = await enrolStation(server, admin, clinicId)
  await renewed(station) // the answer is lost on the line
  await renewed(station) // lost again
  const arrived = await renewed(station)
  const next = await renewed(station, arrived.refreshToken)
  expect(await refused(station)).toMatchObject({ code: 'REFRESH_REUSED' })
  expect(await refused(station, next.refreshToken)).toMatchObject({ code: 'REFRESH_REUSED' })
})

test('an old token that comes back ends the family, its access tokens too', async () => {
  const station = await enrolStation(server, admin, clinicId)
  const first = await renewed(station)
  const second = await renewed(station, first.refreshToken)
  await renewed(station, second.refreshToken)
  expect(await refused(station, first.refreshToken)).toMatchObject({ code: 'REFRESH_REUSED' })
  const answer = await server.call('POST', '/v1/sessions', { token: second.accessToken, body: {} })
  expect(answer).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } })
})

test('of two answers to one token, the one that was not used is a copy', async () => {
  const station = await enrolStation(server, admin, clinicId)
  const [one, twin] = [await renewed(station), await renewed(station)]
  await renewed(station, one.refreshToken)
  expect(await refused(station, twin.refreshToken)).toMatchObject({ code: 'REFRESH_REUSED' })
})

test('the same token at the same moment twice is a retry, not a theft', async () => {
  const station = await enrolStation(server, admin, clinicId)
  const both = await Promise.all([renewed(station), renewed(station)])
  expect(await renew(server, station, both[1].refreshToken)).toMatchObject({ status: 200 })
})

test('lost answers without end do not fill the table, and the newest still counts', async () => {
  const station = await enrolStation(server, admin, clinicId)
  let last = await renewed(station)
  for (let lost = 0; lost < 30; lost += 1) {
    server.clock.now += 1_000
    last = await renewed(station)
  }
  const { rows } = await withClinic(server.database.pool, clinicId, (tx) =>
    tx.query<{ kept: number }>(
      'SELECT count(*) AS kept FROM refresh_tokens WHERE clinic_id = $1 AND station_id = $2',
      [clinicId, station.stationId],
    ),
  )
  expect(rows[0]?.kept).toBeLessThan(30)
  await renewed(station, last.refreshToken)
})

/** As if the backup had been made when the station's first renewal was the last. */
async function forgetLaterTokens({ stationId }: TestStation): Promise<void> {
  await withClinic(server.database.pool, clinicId, (tx) =>
    tx.query(
      'DELETE FROM refresh_tokens WHERE clinic_id = $1 AND station_id = $2 AND generation > 1',
      [clinicId, stationId],
    ),
  )
}

test('a server restored from a backup knows the tokens it gave since, by its own signature', async () => {
  const station = await enrolStation(server, admin, clinicId)
  const kept = await renewed(station)
  const lost = await renewed(station, kept.refreshToken)
  const latest = await renewed(station, lost.refreshToken)
  await forgetLaterTokens(station)
  // A generation that nobody signed, and an older one with a younger number.
  const [version, clinic, owner, , ...rest] = latest.refreshToken.split('.')
  const raised = [version, clinic, owner, '9', ...rest].join('.')
  expect(await refused(station, raised)).toMatchObject({ code: 'UNAUTHENTICATED' })
  // The first answer is lost.
  await renewed(station, latest.refreshToken)
  const next = await renewed(station, latest.refreshToken)
  // From here on all is as ever: what was used and replaced is a copy.
  await renewed(station, next.refreshToken)
  expect(await refused(station, kept.refreshToken)).toMatchObject({ code: 'REFRESH_REUSED' })
  expect(await refused(station, next.refreshToken)).toMatchObject({ code: 'REFRESH_REUSED' })
})

test('a token of the form before is as good as ever, and followed by one of today', async () => {
  const station = await enrolStation(server, admin, clinicId)
  const parts = station.refreshToken.split('.')
  const said = ['r2', ...parts.slice(1, 5), ...parts.slice(-2, -1)].join('.')
  const signature = await subtle.sign('Ed25519', server.signingKey.privateKey, Buffer.from(said))
  const older = `${said}.${Buffer.from(signature).toString('base64url')}`
  await withClinic(server.database.pool, clinicId, (tx) =>
    tx.query(
      `INSERT INTO refresh_tokens (clinic_id, station_id, token_hash, generation, issued_at)
       VALUES ($1, $2, sha256($3), 1, $4)`,
      [clinicId, station.stationId, Buffer.from(older), new Date(server.clock.now)],
    ),
  )
  const next = await renewed(station, older)
  expect(next.refreshToken).toMatch(/^r3\./)
  await renewed(station, next.refreshToken)
})

test('nor is a letter given that a station had from the server since', async () => {
  const station = await enrolStation(server, admin, clinicId)
  const first = await renewed(station)
  const later = await renewed(station, first.refreshToken)
  const { body } = await server.call('POST', '/v1/letter', { token: later.accessToken, body: {} })
  const { letter } = LetterResponse.parse(body)
  const latest = await renewed(station, later.refreshToken)
  await forgetLaterTokens(station)
  await withClinic(server.database.pool, clinicId, async (tx) => {
    await tx.query('UPDATE clinics SET letters_given = letters_given - 1 WHERE clinic_id = $1', [
      clinicId,
    ])
    await tx.query('UPDATE stations SET letter = $3 WHERE clinic_id = $1 AND station_id = $2', [
      clinicId,
      station.stationId,
      station.letter,
    ])
  })
  await renewed(station, latest.refreshToken)
  expect((await enrolStation(server, admin, clinicId)).letter).not.toBe(letter)
})

test('a request of before the restore that comes late locks nobody out', async () => {
  const station = await enrolStation(server, admin, clinicId)
  const kept = await renewed(station)
  const held = await renewed(station, kept.refreshToken)
  await forgetLaterTokens(station)
  await renewed(station, kept.refreshToken)
  const next = await renewed(station, held.refreshToken)
  const last = await renewed(station, next.refreshToken)
  expect(last.refreshToken).not.toBe(next.refreshToken)
})

test('a token that is not one, of another station, or too old opens nothing', async () => {
  const station = await enrolStation(server, admin, clinicId)
  const other = await enrolStation(server, admin, clinicId)
  const foreign = station.refreshToken.replace(clinicId, randomUUID())
  const forged = `${station.refreshToken.slice(0, -4)}AAAA`
  for (const token of ['', 'r1.a.b.c', foreign, forged, other.refreshToken]) {
    expect(await refused(station, token)).toMatchObject({ code: 'UNAUTHENTICATED' })
  }
  server.clock.now += 181 * 86_400_000
  expect(await refused(station)).toMatchObject({ code: 'UNAUTHENTICATED' })
  server.clock.now = TEST_NOW
  await renewed(station)
})

test('an access token ends after fifteen minutes', async () => {
  const station = await enrolStation(server, admin, clinicId)
  const { accessToken, expiresInSeconds } = await renewed(station)
  const open = () => server.call('POST', '/v1/sessions', { token: accessToken, body: {} })
  server.clock.now += (expiresInSeconds - 1) * 1000
  expect(await open()).toMatchObject({ body: { code: 'INVALID' } })
  server.clock.now += 1_000
  expect(await open()).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } })
})

test('a person’s token is no station’s, nor the other way round', async () => {
  const station = await enrolStation(server, admin, clinicId)
  const { accessToken } = await renewed(station)
  const asPerson = await server.call('GET', '/v1/clinics', { token: accessToken })
  const asStation = await server.call('POST', '/v1/sessions', {
    token: await signIn(server, 'admin'),
  })
  expect([asPerson.body, asStation.body]).toMatchObject([
    { code: 'UNAUTHENTICATED' },
    { code: 'UNAUTHENTICATED' },
  ])
})

test('a revoked station is refused at once, with its access token too', async () => {
  const station = await enrolStation(server, admin, clinicId)
  const { accessToken, refreshToken } = await renewed(station)
  const path = `/v1/clinics/${clinicId}/stations/${station.stationId}/revoke`
  expect(await server.call('POST', path, { token: admin })).toMatchObject({ status: 200 })
  for (const door of ['/v1/sessions', '/v1/push', '/v1/pull']) {
    const answer = await server.call('POST', door, { token: accessToken, body: {} })
    expect(answer).toMatchObject({ status: 403, body: { code: 'STATION_REVOKED' } })
  }
  expect(await refused(station, refreshToken)).toMatchObject({ code: 'STATION_REVOKED' })
  // Revoking again is no error.
  expect(await server.call('POST', path, { token: admin })).toMatchObject({ status: 200 })
})

// --- the proof ---------------------------------------------------------------------------------

async function present(station: TestStation, dpop: string | undefined) {
  const headers = dpop === undefined ? {} : { dpop }
  const body = { refreshToken: station.refreshToken }
  return server.call('POST', '/v1/token', { body, headers })
}

test('a proof counts once', async () => {
  const station = await enrolStation(server, admin, clinicId)
  const dpop = await station.key.prove(`${server.url}/v1/token`, server.clock.now)
  expect(await present(station, dpop)).toMatchObject({ status: 200 })
  expect(await present(station, dpop)).toMatchObject({ status: 401 })
  const claims = { jti: 'the same for both' }
  const proofs = [1, 2].map(() =>
    station.key.prove(`${server.url}/v1/token`, server.clock.now, { claims }),
  )
  const both = await Promise.all(proofs.map(async (proof) => present(station, await proof)))
  expect(new Set(both.map(({ status }) => status))).toEqual(new Set([200, 401]))
})

test('a proof by another key opens nothing', async () => {
  const station = await enrolStation(server, admin, clinicId)
  const thief = await makeTestKey()
  const dpop = await thief.prove(`${server.url}/v1/token`, server.clock.now)
  expect(await present(station, dpop)).toMatchObject({ body: { code: 'UNAUTHENTICATED' } })
  // Nor does the station's key in the header of a proof that the thief signed.
  const header = { jwk: station.key.publicKey }
  const forged = await thief.prove(`${server.url}/v1/token`, server.clock.now, { header })
  expect(await present(station, forged)).toMatchObject({ body: { code: 'UNAUTHENTICATED' } })
  expect(await renew(server, station)).toMatchObject({ status: 200 })
})

test.each([
  ['another method', { claims: { htm: 'GET' } }],
  ['another address', { claims: { htu: 'https://elsewhere.example/v1/token' } }],
  ['another path', { claims: { htu: '/v1/push' } }],
  ['no id', { claims: { jti: undefined } }],
  ['no time', { claims: { iat: undefined } }],
  ['another type', { header: { typ: 'JWT' } }],
])('a proof with %s is refused', async (_, forged) => {
  const station = await enrolStation(server, admin, clinicId)
  const dpop = await station.key.prove(`${server.url}/v1/token`, server.clock.now, forged)
  expect(await present(station, dpop)).toMatchObject({
    status: 401,
    body: { code: 'UNAUTHENTICATED' },
  })
})

test('no proof, or one that is none, is refused', async () => {
  const station = await enrolStation(server, admin, clinicId)
  expect(await present(station, undefined)).toMatchObject({ status: 401 })
  expect(await present(station, 'e30.e30.e30')).toMatchObject({ status: 401 })
})

test('a desk with a dead clock battery is told the time and gets in by it', async () => {
  const station = await enrolStation(server, admin, clinicId)
  const url = `${server.url}/v1/token`
  const wrong = await present(station, await station.key.prove(url, Date.parse('2001-01-01')))
  expect(wrong.body).toMatchObject({ details: { serverTime: server.clock.now } })
  expect(await present(station, await station.key.prove(url, server.clock.now))).toMatchObject({
    status: 200,
  })
})

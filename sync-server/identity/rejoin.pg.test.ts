import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ClinicId, StationId } from '#shared/ids.ts'
import { Refusal } from '#shared/errors.ts'
import { EnrolResponse, PROTOCOL_VERSION, PushResponse, TokenResponse } from '#shared/protocol.ts'
import { rejoinText } from '#shared/rejoin.ts'
import { idOf } from '#shared/test-values.ts'
import { DEMO_CLINICS } from '../clinics/demo-data.ts'
import { withClinic } from '../database/clinic-tx.ts'
import { signedRegistration } from '../test/signed-registration.ts'
import {
  type Answer,
  enrolStation,
  makeTestKey,
  renew,
  signIn,
  startTestServer,
  type TestKey,
  type TestServer,
  type TestStation,
} from '../test/test-server.ts'

/** A station that is no longer taken goes on as another, with what it had not sent. */

const nile = DEMO_CLINICS[0] ?? expect.fail('the demo has a clinic')
const { clinicId } = nile
const reception =
  nile.staff.find(({ roles }) => roles.includes('RECEPTION'))?.userId ??
  expect.fail('the demo has a reception')

let server: TestServer
let admin: string
beforeAll(async () => {
  server = await startTestServer()
  admin = await signIn(server, 'admin')
})
afterAll(() => server.close())

interface Asked {
  token?: string
  /** Whose key proves it. */
  by?: TestKey
  key?: TestKey
  of?: { clinicId?: ClinicId; formerId?: StationId }
}

async function ask(former: TestStation, asked: Asked = {}): Promise<Answer> {
  const { token = admin, by = former.key, key = await makeTestKey() } = asked
  const named = { clinicId, formerId: former.stationId, ...asked.of }
  const text = rejoinText({ clinicId, formerId: former.stationId, publicKey: key.publicKey })
  return server.call('POST', '/v1/stations/rejoin', {
    token,
    body: { ...named, stationName: 'Desk', publicKey: key.publicKey, proof: by.sign(text) },
  })
}

async function rejoin(former: TestStation, key?: TestKey): Promise<TestStation> {
  const made = key ?? (await makeTestKey())
  const { status, body } = await ask(former, { key: made })
  expect(status).toBe(201)
  const { stationId, letter, refreshToken } = EnrolResponse.parse(body)
  return { key: made, clinicId, stationId, letter, refreshToken }
}

async function tokenOf(station: TestStation): Promise<string> {
  return TokenResponse.parse((await renew(server, station)).body).accessToken
}

async function openSession(token: string): Promise<void> {
  const body = { email: 'reception@demo.dawr', password: 'demo-dawr' }
  expect((await server.call('POST', '/v1/sessions', { token, body })).status).toBe(200)
}

type Signed = ReturnType<typeof signedRegistration>

async function push(token: string, commands: readonly Signed[]): Promise<unknown[]> {
  const { body } = await server.call('POST', '/v1/push', {
    token,
    body: { protocol: PROTOCOL_VERSION, commands },
  })
  const parsed = PushResponse.safeParse(body)
  return parsed.success
    ? parsed.data.results.map(({ verdict, code }) => code ?? verdict)
    : [codeOf(body)]
}

function codeOf(body: unknown): unknown {
  const refusal = Refusal.safeParse(body)
  return refusal.success ? refusal.data.code : null
}

const registered = (station: TestStation): Signed =>
  signedRegistration(station, reception, server.clock.now)

test('only an ADMIN, and only with the former key: nobody else learns that there is such a station', async () => {
  const former = await enrolStation(server, admin, clinicId)
  const refused = async (asked: Asked): Promise<unknown> => {
    return codeOf((await ask(former, asked)).body)
  }
  expect(await refused({ token: await signIn(server, 'reception') })).toBe('NOT_FOUND')
  expect(await refused({ token: await tokenOf(former) })).toBe('UNAUTHENTICATED')
  expect(await refused({ by: await makeTestKey() })).toBe('BAD_SIGNATURE')
  // A proof for one station or clinic is none for another.
  expect(await refused({ of: { formerId: StationId.parse(idOf(77)) } })).toBe('BAD_SIGNATURE')
  const other = await enrolStation(server, admin, clinicId)
  expect(await refused({ of: { formerId: other.stationId } })).toBe('BAD_SIGNATURE')
  const elsewhere = DEMO_CLINICS[1]?.clinicId ?? expect.fail('the demo has two clinics')
  expect(await refused({ of: { clinicId: elsewhere } })).toMatch(/NOT_FOUND|BAD_SIGNATURE/)
  // Nothing has changed for it.
  expect((await renew(server, former, former.refreshToken)).status).toBe(200)
})

test('it brings what the former had not sent, and what it had is answered as then', async () => {
  const former = await enrolStation(server, admin, clinicId)
  const before = await tokenOf(former)
  await openSession(before)
  const [sent, unsent, later] = [registered(former), registered(former), registered(former)]
  expect(await push(before, [sent])).toEqual(['ACCEPTED'])
  const next = await rejoin(former)
  expect(next.letter).not.toBe(former.letter)
  // The former has ended, with whatever token.
  expect(await push(before, [unsent])).toEqual(['STATION_REVOKED'])
  expect((await renew(server, former)).body).toMatchObject({ code: 'STATION_REVOKED' })
  const token = await tokenOf(next)
  await openSession(token)
  const own = registered(next)
  // All have the number 1: an outbox that a copy went on from counts again.
  expect(await push(token, [sent, unsent, own, later])).toEqual(
    Array.from({ length: 4 }, () => 'ACCEPTED'),
  )
  const { rows } = await withClinic(server.database.pool, clinicId, (tx) =>
    tx.query<{ stationId: string; times: number }>(
      `SELECT station_id AS "stationId", count(*)::int AS times FROM commands
       WHERE clinic_id = $1 AND station_id = ANY ($2) GROUP BY station_id`,
      [clinicId, [former.stationId, next.stationId]],
    ),
  )
  expect(new Map(rows.map(({ stationId, times }) => [stationId, times]))).toEqual(
    new Map<string, number>([
      [former.stationId, 3],
      [next.stationId, 1],
    ]),
  )
})

test("whose author never signed in is held until they do, at the station that goes on in the former's place", async () => {
  const former = await enrolStation(server, admin, clinicId)
  const unsent = registered(former)
  const token = await tokenOf(await rejoin(former))
  expect(await push(token, [unsent])).toEqual(['NOT_SIGNED_IN_HERE'])
  await openSession(token)
  expect(await push(token, [unsent])).toEqual(['ACCEPTED'])
})

test('nobody brings the work of a station in whose place they do not go on', async () => {
  const [stranger, former] = [
    await enrolStation(server, admin, clinicId),
    await enrolStation(server, admin, clinicId),
  ]
  const token = await tokenOf(stranger)
  await openSession(token)
  expect(await push(token, [registered(former)])).toEqual(['BAD_SIGNATURE'])
  const next = await rejoin(former)
  expect(await push(token, [registered(former), registered(next)])).toEqual([
    'BAD_SIGNATURE',
    'BAD_SIGNATURE',
  ])
  // Nor does the former's name let anything in that its key did not sign.
  const forged = { ...former, key: next.key }
  const nextToken = await tokenOf(next)
  await openSession(nextToken)
  expect(await push(nextToken, [registered(forged)])).toEqual(['BAD_SIGNATURE'])
})

test('it may go on once more; and revoked itself, it brings nothing', async () => {
  const first = await enrolStation(server, admin, clinicId)
  const second = await rejoin(first)
  const third = await rejoin(second)
  const token = await tokenOf(third)
  await openSession(token)
  expect(await push(token, [registered(first), registered(second), registered(third)])).toEqual([
    'ACCEPTED',
    'ACCEPTED',
    'ACCEPTED',
  ])
  await server.call('POST', `/v1/clinics/${clinicId}/stations/${third.stationId}/revoke`, {
    token: admin,
  })
  expect(await push(token, [registered(first)])).toEqual(['STATION_REVOKED'])
})

test('asked again because the answer was lost it is the same station, until it has spoken', async () => {
  const former = await enrolStation(server, admin, clinicId)
  const key = await makeTestKey()
  const lost = await rejoin(former, key)
  const again = await rejoin(former, key)
  expect([again.stationId, again.letter]).toEqual([lost.stationId, lost.letter])
  server.clock.now += 60_000
  expect((await renew(server, again)).status).toBe(200)
  await tokenOf(again).then(openSession)
  // A second copy of the file, with whatever key.
  const copy = await rejoin(former, key)
  expect(copy.stationId).not.toBe(again.stationId)
})

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  EnrolResponse,
  PROTOCOL_VERSION,
  PushResponse,
  SignInResponse,
  TokenResponse,
} from '#shared/protocol.ts'
import { makeTestKey } from '../test/test-server.ts'
import { PASSWORD, type Party, startTwoClinics, type TwoClinics } from '../test/two-clinics.ts'
import { withClinic } from '../database/clinic-tx.ts'
import { recordSubscription } from '../subscriptions/subscription.ts'
import { checkIn, register } from '../sync/test-commands.ts'
import { DAY } from '../sync/test-clinic.ts'

let clinics: TwoClinics
let A: Party
let B: Party
beforeAll(async () => {
  clinics = await startTwoClinics()
  ;({ A, B } = clinics)
})
afterAll(() => clinics.close())

interface Asked {
  method?: string
  token?: string
  body?: unknown
  dpop?: string
}

async function ask(url: string, { method = 'POST', token, body, dpop }: Asked = {}) {
  const response = await clinics.fetch(
    new Request(url, {
      method,
      headers: {
        'x-forwarded-for': randomUUID(),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(dpop === undefined ? {} : { dpop }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  )
  const headers = new Headers(response.headers)
  headers.delete('x-request-id')
  const value: unknown = await response.json()
  return { status: response.status, headers: Object.fromEntries(headers), body: value }
}

const inPath = (slug: string) => `${clinics.url}/c/${slug}`
const asHost = (slug: string) => `https://${slug}.clinics.test`
const slugOf = ({ clinic }: Party) => clinic.settings.slug
const credentialsOf = (party: Party) => ({
  email: `${party.marker}admin-${slugOf(party).slice(5)}@example.org`,
  password: PASSWORD,
})
const PULL = { protocol: PROTOCOL_VERSION, checkpoint: null, limit: 100, lastCommand: 0 }

describe.each([
  ['in the path', inPath],
  ['as a host', asHost],
])('an address %s', (_, at) => {
  test('lets a station enrol without knowing an id, renew and pull', async () => {
    const signedIn = await ask(`${at(slugOf(A))}/v1/sign-in`, { body: credentialsOf(A) })
    const { memberships, accessToken } = SignInResponse.parse(signedIn.body)
    expect(memberships.map(({ slug }) => slug)).toEqual([slugOf(A)])
    const key = await makeTestKey()
    const enrolled = await ask(`${at(slugOf(A))}/v1/stations`, {
      token: accessToken,
      body: { clinicId: memberships[0]?.clinicId, stationName: 'Desk', publicKey: key.publicKey },
    })
    const { refreshToken } = EnrolResponse.parse(enrolled.body)
    const url = `${at(slugOf(A))}/v1/token`
    const dpop = await key.prove(url, A.clinic.clock.now)
    const renewed = TokenResponse.parse((await ask(url, { body: { refreshToken }, dpop })).body)
    const pulled = await ask(`${at(slugOf(A))}/v1/pull`, { token: renewed.accessToken, body: PULL })
    expect(pulled).toMatchObject({ status: 200, body: { ok: true } })
  })

  test('of nobody, of a closed clinic, and with another clinic’s token answer alike', async () => {
    const close = (active: boolean) =>
      withClinic(clinics.database.pool, B.clinic.clinicId, (tx) =>
        tx.query('UPDATE clinics SET active = $2 WHERE clinic_id = $1', [tx.clinicId, active]),
      )
    for (const path of ['/v1/sign-in', '/v1/pull', '/v1/token', '/v1/nothing', '/healthz', '']) {
      const unknown = await ask(`${at('nobody-has-this')}${path}`, { body: credentialsOf(B) })
      expect(unknown).toMatchObject({ status: 404, body: { code: 'NOT_FOUND', details: {} } })
      for (const slug of ['NILE', 'a', '-x', 'x--y', '%00', 'x'.repeat(60)]) {
        if (at === asHost && !/^[\w-]+$/.test(slug)) continue
        expect(await ask(`${at(slug)}${path}`, {})).toEqual(unknown)
      }
      await close(false)
      const closed = await ask(`${at(slugOf(B))}${path}`, { body: credentialsOf(B) })
      await close(true)
      expect(closed).toEqual(unknown)
      const stranger = await ask(`${at(slugOf(B))}${path}`, { token: A.stationToken, body: PULL })
      expect(stranger).toEqual(unknown)
    }
  })

  test('serves the people of its clinic alone', async () => {
    const url = `${at(slugOf(B))}/v1`
    expect(await ask(`${url}/sign-in`, { body: credentialsOf(A) })).toMatchObject({
      status: 401,
      body: { code: 'SIGN_IN_FAILED' },
    })
    const own = `/clinics/${A.clinic.clinicId}/stations`
    expect(
      await ask(`${at(slugOf(A))}/v1${own}`, { method: 'GET', token: A.personToken }),
    ).toMatchObject({ status: 200 })
    expect(await ask(url + own, { method: 'GET', token: A.personToken })).toMatchObject({
      status: 404,
    })
    const list = await ask(`${url}/clinics`, { method: 'GET', token: A.personToken })
    expect(list.body).toEqual({ ok: true, memberships: [] })
    const { publicKey } = await makeTestKey()
    const body = { clinicId: A.clinic.clinicId, stationName: 'Desk', publicKey }
    expect(await ask(`${url}/stations`, { token: A.personToken, body })).toMatchObject({
      status: 404,
    })
  })
})

test('a closed clinic’s own stations still get through at its address, and renew their tokens there', async () => {
  const close = (active: boolean) =>
    withClinic(clinics.database.pool, A.clinic.clinicId, (tx) =>
      tx.query('UPDATE clinics SET active = $2 WHERE clinic_id = $1', [tx.clinicId, active]),
    )
  const { accessToken } = SignInResponse.parse(
    (await ask(`${clinics.url}/v1/sign-in`, { body: credentialsOf(A) })).body,
  )
  const key = await makeTestKey()
  const { clinicId } = A.clinic
  const enrolled = await ask(`${clinics.url}/v1/stations`, {
    token: accessToken,
    body: { clinicId, stationName: 'Desk', publicKey: key.publicKey },
  })
  const { refreshToken } = EnrolResponse.parse(enrolled.body)
  const renew = async (slug: string, body: object) => {
    const url = `${inPath(slug)}/v1/token`
    return ask(url, { body, dpop: await key.prove(url, A.clinic.clock.now) })
  }
  await close(false)
  const nobody = await renew('nobody-has-this', { refreshToken })
  const renewed = await renew(slugOf(A), { refreshToken })
  const elsewhere = await renew(slugOf(B), { refreshToken })
  // Not signed by this deployment: whoever may have made it.
  const forged = await renew(slugOf(A), { refreshToken: `${refreshToken.slice(0, -4)}AAAA` })
  const empty = await renew(slugOf(A), {})
  const token = TokenResponse.safeParse(renewed.body).data?.accessToken ?? ''
  const pulled = await ask(`${inPath(slugOf(A))}/v1/pull`, { token, body: PULL })
  await close(true)
  expect(pulled).toMatchObject({ status: 200 })
  expect([elsewhere, forged, empty]).toEqual([nobody, nobody, nobody])
})

test.each([
  ['in the path', inPath],
  ['as a host', asHost],
])('what is for the operator is not to be had at a clinic’s address %s', async (_, at) => {
  for (const path of ['/readyz', '/metrics']) {
    const nobody = await ask(`${at('nobody-has-this')}${path}`, { method: 'GET' })
    expect(nobody).toMatchObject({ status: 404 })
    expect(await ask(`${at(slugOf(A))}${path}`, { method: 'GET' })).toEqual(nobody)
    const token = A.stationToken
    expect(await ask(`${at(slugOf(A))}${path}`, { method: 'GET', token })).toEqual(nobody)
  }
})

test('the serving role cannot read the list of addresses, only ask for one', async () => {
  const { pool } = clinics.database
  await expect(pool.query('SELECT slug FROM clinic_addresses')).rejects.toMatchObject({
    code: '42501',
  })
  const { rows } = await pool.query('SELECT * FROM clinic_at($1)', ['%'])
  expect(rows).toEqual([])
})

// Address, clinic, the station's token, the person's session, permission, subscription: a request that
// is wrong in several ways is told of the first. The tenant filter behind them all is the database's.
test('a request is stopped at the first thing that is wrong with it, in one order', async () => {
  const at = inPath(slugOf(A))
  const push = (token: string | undefined, commands: object[], base = at) =>
    ask(`${base}/v1/push`, {
      ...(token === undefined ? {} : { token }),
      body: { protocol: PROTOCOL_VERSION, commands },
    })
  const foreign = B.desk.sign(register(B.desk, 'reception'))
  // Wrong in every way, then one thing less each time.
  expect(await push('x', [foreign], inPath('nobody'))).toMatchObject({
    body: { code: 'NOT_FOUND' },
  })
  expect(await push(B.stationToken, [foreign])).toMatchObject({ body: { code: 'NOT_FOUND' } })
  expect(await push('x', [foreign])).toMatchObject({ body: { code: 'UNAUTHENTICATED' } })
  const endsAt = new Date(A.clinic.clock.now - 30 * DAY).toISOString()
  await A.clinic.within((tx) =>
    recordSubscription(tx, { plan: 'PRO', kind: 'PAID', endsAt }, A.clinic.clock.now),
  )
  const first = async (commands: object[]) => {
    const { body } = await push(A.stationToken, commands)
    return PushResponse.parse(body).results[0]
  }
  expect(await first([foreign])).toMatchObject({ code: 'BAD_SIGNATURE' })
  const arrival = (by: 'reception' | 'reception2' | 'accountant', number: number) =>
    A.desk.sign(checkIn(A.desk, by, { number }))
  expect(await first([arrival('reception2', 801)])).toMatchObject({ code: 'NOT_SIGNED_IN_HERE' })
  expect(await first([arrival('accountant', 802)])).toMatchObject({ code: 'FORBIDDEN' })
  expect(await first([arrival('reception', 803)])).toMatchObject({ code: 'SUBSCRIPTION' })
})

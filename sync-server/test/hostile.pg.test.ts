import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { type CryptoKey, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Command } from '#shared/commands.ts'
import { PROTOCOL_VERSION, PushResponse, type SignedCommand } from '#shared/protocol.ts'
import { createEntitlementSigner } from '../subscriptions/entitlement-token.ts'
import {
  checkIn,
  editPatient,
  madePatient,
  madeVisit,
  pay,
  register,
  step,
} from '../sync/test-commands.ts'
import { DAY, newId } from '../sync/test-clinic.ts'
import { deepText, HOSTILE_TEXTS } from './hostile-values.ts'
import { type Party, startTwoClinics, type TwoClinics } from './two-clinics.ts'

let clinics: TwoClinics
let A: Party
let B: Party
beforeAll(async () => {
  clinics = await startTwoClinics()
  ;({ A, B } = clinics)
})
afterAll(() => clinics.close())

async function send(
  method: string,
  path: string,
  {
    token,
    body,
    headers = {},
  }: { token?: string; body?: string; headers?: Record<string, string> },
) {
  const response = await clinics.fetch(
    new Request(clinics.url + path, {
      method,
      headers: {
        'x-forwarded-for': randomUUID(),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    }),
  )
  const text = await response.text()
  expect(text).not.toContain(B.marker)
  return { status: response.status, text }
}

// --- tokens --------------------------------------------------------------------------------------

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const SECONDS = () => Math.floor(A.clinic.clock.now / 1000)

interface Door {
  path: string
  method: string
  good: () => string
}
const DOORS: readonly Door[] = [
  { method: 'POST', path: '/v1/pull', good: () => A.stationToken },
  { method: 'POST', path: '/v1/push', good: () => A.stationToken },
  { method: 'POST', path: '/v1/sessions', good: () => A.stationToken },
  { method: 'GET', path: '/v1/stream', good: () => A.stationToken },
  { method: 'GET', path: '/v1/clinics', good: () => A.personToken },
  { method: 'POST', path: '/v1/stations', good: () => A.personToken },
]

/** A token that says what the good one says, but for these, signed as a server would. */
function resign(
  good: string,
  changes: Record<string, unknown>,
  { header = {}, key = clinics.signingKey.privateKey }: { header?: object; key?: CryptoKey } = {},
): Promise<string> {
  const [head = '', payload = ''] = good.split('.')
  const claims = { ...decode(payload), ...changes }
  const given = Object.fromEntries(
    Object.entries(claims).filter(([, value]) => value !== undefined),
  )
  return new SignJWT(given)
    .setProtectedHeader({ alg: 'EdDSA', ...decode(head), ...header })
    .sign(key)
}

function decode(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
  if (typeof value !== 'object' || value === null) throw new Error('not an object')
  return { ...value }
}

function unsigned(good: string, header: object, signature = ''): string {
  return `${part(header)}.${good.split('.')[1] ?? ''}.${signature}`
}

/** HMAC with what everybody may know, in whatever form a careless verifier would take it. */
function keyed(good: string, secret: string | Buffer): string {
  const said = unsigned(good, { alg: 'HS256', typ: 'at+jwt' }).slice(0, -1)
  return `${said}.${createHmac('sha256', secret).update(said).digest('base64url')}`
}

const FORGERIES: Record<string, (good: string) => string | Promise<string>> = {
  'alg none': (good) => unsigned(good, { alg: 'none', typ: 'at+jwt' }),
  'alg NONE': (good) => unsigned(good, { alg: 'NONE', typ: 'at+jwt' }),
  'alg none with the good signature': (good) =>
    unsigned(good, { alg: 'none', typ: 'at+jwt' }, good.split('.')[2]),
  'HS256 with the public key': (good) => keyed(good, clinics.signingKey.publicKey.x),
  'HS256 with the public key’s bytes': (good) =>
    keyed(good, Buffer.from(clinics.signingKey.publicKey.x, 'base64url')),
  'HS256 with the public key as a JWK': (good) =>
    keyed(good, JSON.stringify(clinics.signingKey.publicKey)),
  'HS256 with nothing': (good) => keyed(good, ''),
  'another key': async (good) => resign(good, {}, { key: await otherKey() }),
  'another key, which it brings': async (good) =>
    resign(good, {}, { key: await otherKey(), header: { jwk: otherJwk, kid: '../../dev/null' } }),
  'the station’s own key': (good) => {
    const said = good.split('.').slice(0, 2).join('.')
    return `${said}.${A.desk.signText(said).signature}`
  },
  'an end long ago': (good) => resign(good, { exp: SECONDS() - 1 }),
  'no end': (good) => resign(good, { exp: undefined }),
  'a beginning to come': (good) => resign(good, { nbf: SECONDS() + 3_600 }),
  'another issuer': (good) => resign(good, { iss: 'somebody' }),
  'no issuer': (good) => resign(good, { iss: undefined }),
  'another audience': (good) => resign(good, { aud: 'dawr-entitlement' }),
  'no audience': (good) => resign(good, { aud: undefined }),
  'another type': (good) => resign(good, {}, { header: { typ: 'JWT' } }),
  'the type of a proof': (good) => resign(good, {}, { header: { typ: 'dpop+jwt' } }),
  'a critical header nobody knows': (good) =>
    unsigned(good, { alg: 'EdDSA', typ: 'at+jwt', crit: ['x'], x: 1 }, good.split('.')[2]),
  'no subject': (good) => resign(good, { sub: undefined }),
  'a subject that is none': (good) => resign(good, { sub: "x' OR '1'='1" }),
  'a subject in upper case': (good) => resign(good, { sub: B.clinic.people.admin.toUpperCase() }),
  'what it says changed': (good) => {
    const [head = '', payload = '', signature = ''] = good.split('.')
    const changed = part({ ...decode(payload), clinicId: B.clinic.clinicId, sub: B.desk.stationId })
    return `${head}.${changed}.${signature}`
  },
  'half a signature': (good) => good.slice(0, -20),
  'a signature and more': (good) => `${good}AAAA`,
  'a fourth part': (good) => `${good}.e30`,
  'the entitlement, signed by the same key': () =>
    createEntitlementSigner(clinics.signingKey).sign(
      A.clinic.clinicId,
      { plan: 'PRO', kind: 'PAID', endsAt: '2030-01-01T00:00:00.000Z' },
      A.clinic.clock.now,
    ),
  'the other kind’s': (good) => (good === A.stationToken ? A.personToken : A.stationToken),
}

const other = generateKeyPairSync('ed25519')
const otherJwk = other.publicKey.export({ format: 'jwk' })
function otherKey(): Promise<CryptoKey> {
  const pkcs8 = new Uint8Array(other.privateKey.export({ format: 'der', type: 'pkcs8' }))
  return crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign'])
}

describe.each(DOORS)('$method $path', ({ method, path, good }) => {
  test('is open to its own token', async () => {
    const response = await clinics.fetch(
      new Request(clinics.url + path, {
        method,
        headers: { authorization: `Bearer ${good()}`, 'x-forwarded-for': randomUUID() },
      }),
    )
    expect(response.status).not.toBe(401)
    await response.body?.cancel()
  })

  test.each(Object.keys(FORGERIES))('is closed to a token with %s', async (name) => {
    const token = await FORGERIES[name]?.(good())
    const nothing = await send(method, path, {})
    // Whatever is wrong with it, the answer is that of no token at all.
    expect(await send(method, path, { token: token ?? '' })).toEqual(nothing)
    expect(nothing.status).toBe(401)
  })
})

test('a good claim of a station that is not of that clinic opens nothing', async () => {
  const token = await resign(A.stationToken, { clinicId: B.clinic.clinicId })
  expect(await send('POST', '/v1/pull', { token, body: '{}' })).toMatchObject({ status: 401 })
})

// --- commands ------------------------------------------------------------------------------------

async function push(party: Party, ...commands: SignedCommand[]) {
  const { status, text } = await send('POST', '/v1/push', {
    token: party.stationToken,
    body: JSON.stringify({ protocol: PROTOCOL_VERSION, commands }),
  })
  return status === 200 ? PushResponse.parse(JSON.parse(text)).results : { status, text }
}

const signed = (command: Command, changes: object = {}) =>
  A.desk.signText(JSON.stringify({ ...command, ...changes }))

test.each<[string, (command: Command) => object, string]>([
  ['of another station of nobody', () => ({ stationId: newId() }), 'INVALID'],
  ['of a station of another clinic', () => ({ stationId: B.desk.stationId }), 'INVALID'],
  ['numbered 0', () => ({ seq: 0 }), 'INVALID'],
  ['numbered past what a number can be', () => ({ seq: 2 ** 53 }), 'INVALID'],
  ['numbered in between', () => ({ seq: 1.5 }), 'INVALID'],
  ['having seen less than nothing', () => ({ seen: -1 }), 'INVALID'],
  ['with a name that is no command', () => ({ name: 'toString' }), 'INVALID'],
  ['with one thing more', () => ({ admittedBy: B.clinic.people.admin }), 'INVALID'],
  [
    'with a decision it has no business with',
    () => ({ decision: { commandId: newId(), accept: true } }),
    'NOT_THE_COMMAND',
  ],
])('a command %s is refused for itself', async (_, changes, code) => {
  const command = register(A.desk, 'reception')
  expect(await push(A, signed(command, changes(command)))).toMatchObject([
    { verdict: 'REJECTED', code },
  ])
})

test.each<[string, () => string]>([
  ['somebody of another clinic', () => B.clinic.people.admin],
  ['nobody', () => newId()],
])('by %s it is held, whatever it does, and tells nothing', async (_, by) => {
  expect(await push(A, signed(register(A.desk, 'reception'), { by: by() }))).toMatchObject([
    { verdict: 'HELD', code: 'NOT_SIGNED_IN_HERE', details: {}, documents: [] },
  ])
})

test('whole, and by somebody who never signed in here, it is held and shows nothing', async () => {
  const command = A.desk.make('registerPatient', 'reception2', (author) => {
    const next = { ...A.patient, id: newId<typeof A.patient.id>(), created: { ...author } }
    return [{ collection: 'patients', id: next.id, base: null, next }]
  })
  expect(await push(A, signed(command))).toMatchObject([
    { verdict: 'HELD', code: 'NOT_SIGNED_IN_HERE', documents: [] },
  ])
})

test('seen ahead of the feed gains nothing: what came since is still met, not overwritten', async () => {
  const arrival = checkIn(A.desk, 'reception', { number: 901 })
  const visit = madeVisit(arrival)
  const begun = step(A.desk, 'doctor', visit, ['startVisit', 'WITH_DOCTOR'])
  await push(A, signed(arrival), signed(begun))
  const late = step(A.desk, 'reception', visit, ['markNoShow', 'NO_SHOW'])
  const [result] = PushResponse.shape.results.parse(
    await push(A, signed(late, { seen: Number.MAX_SAFE_INTEGER })),
  )
  expect(result).toMatchObject({ verdict: 'REJECTED' })
})

test('a replay is answered as the first time; under its id, other words change nothing', async () => {
  const command = register(A.desk, 'reception')
  const first = await push(A, signed(command))
  expect(await push(A, signed(command))).toEqual(first)
  const { next } = command.writes[0] ?? expect.fail('it writes a patient')
  const altered = signed(command, {
    writes: [
      { collection: 'patients', id: next.id, base: null, next: { ...next, name: 'altered' } },
    ],
  })
  expect(await push(A, altered)).toEqual(first)
  // Nor by a command of another name, by another person, with another number.
  const edit = editPatient(A.desk, 'doctor', madePatient(command), { name: 'altered' })
  expect(await push(A, signed(edit, { commandId: command.commandId }))).toEqual(first)
  await A.desk.pull()
  expect(A.desk.documents.get(`patients:${next.id}`)).toMatchObject({
    name: madePatient(command).name,
  })
})

test('what another clinic signed, or its ids under one’s own signature, opens nothing of it', async () => {
  const theirs = register(B.desk, 'reception', { name: `${B.marker} third` })
  await B.desk.push(theirs)
  expect(await push(A, B.desk.sign(theirs))).toMatchObject([
    { verdict: 'REJECTED', code: 'BAD_SIGNATURE', documents: [] },
  ])
  expect(await push(A, signed(theirs))).toMatchObject([{ verdict: 'REJECTED', code: 'INVALID' }])
  // A patient of theirs as if of ours: to us there is none of that id.
  const edit = editPatient(
    A.desk,
    'reception',
    { ...B.patient, clinicId: A.clinic.clinicId },
    { note: 'x' },
  )
  expect(await push(A, signed(edit))).toMatchObject([{ verdict: 'REJECTED' }])
  const paid = pay(
    A.desk,
    'reception',
    { ...madeVisit(checkIn(B.desk, 'reception', { number: 1 })) },
    1,
  )
  expect(await push(A, signed(paid))).toMatchObject([{ verdict: 'REJECTED' }])
})

// --- texts ---------------------------------------------------------------------------------------

const MANY = HOSTILE_TEXTS.filter((text) => text.length < 3_000)

/** Every text inside a value, replaced by this one; one version for each place. */
function* eachText(value: unknown, text: string): Generator {
  if (typeof value === 'string') {
    yield text
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      for (const changed of eachText(item, text)) {
        yield Array.isArray(value)
          ? value.map((each: unknown, index) => (String(index) === key ? changed : each))
          : { ...value, [key]: changed }
      }
    }
  }
}

test('a hostile text in every field of a command is answered for itself, and none is a fault of ours', async () => {
  let sent = 0
  for (const text of ['\0', '\ud800', ...MANY.slice(4, 12)]) {
    const arrival = checkIn(A.desk, 'reception', { number: 950 })
    const commands = [...eachText(arrival, text)].map((each) =>
      A.desk.signText(JSON.stringify(each)),
    )
    // One whose very id is hostile cannot be answered for itself.
    for (let at = 0; at < commands.length; at += 20) {
      const answer = await push(A, ...commands.slice(at, at + 20))
      sent += 20
      if (!Array.isArray(answer)) expect(answer).toMatchObject({ status: 400 })
      else expect(answer.filter(({ code }) => code === 'INTERNAL')).toEqual([])
    }
    for (const command of commands) {
      const answer = await push(A, command)
      if (Array.isArray(answer)) expect(answer[0]?.code).not.toBe('INTERNAL')
    }
  }
  expect(sent).toBeGreaterThan(200)
})

test('in paths, in queries and in headers, a hostile text finds nothing', async () => {
  const segments = [
    '%00',
    '%ff',
    '%',
    '%u0000',
    '..%2f..',
    '%2e%2e',
    '\\',
    'é',
    "';--",
    'x'.repeat(9_000),
  ]
  for (const segment of segments) {
    for (const path of [
      `/v1/clinics/${segment}/stations`,
      `/v1/clinics/${A.clinic.clinicId}/staff/${segment}`,
      `/v1/${segment}`,
      `/${segment}`,
      `/v1/clinics?after=${segment}`,
    ]) {
      const { status } = await send('GET', path, { token: A.personToken })
      expect({ path: path.slice(0, 60), ok: [200, 404].includes(status) }).toMatchObject({
        ok: true,
      })
    }
  }
  for (const text of MANY.filter((each) => /^[\x20-\x7e]*$/.test(each))) {
    const headers = { 'x-request-id': text, 'accept-encoding': text, dpop: text, cookie: text }
    expect(
      await send('POST', '/v1/token', { body: '{"refreshToken":"x"}', headers }),
    ).toMatchObject({
      status: 401,
    })
    expect(await send('GET', '/v1/clinics', { headers: { authorization: text } })).toMatchObject({
      status: 401,
    })
  }
})

// --- sizes ---------------------------------------------------------------------------------------

test.each([1_000, 30_000, 400_000])(
  'lists in lists, %i deep, are refused and nothing breaks',
  async (depth) => {
    for (const inside of ['', '"x"', String.raw`"\u0000"`]) {
      const deep = deepText(depth, inside)
      for (const body of [deep, `{"protocol":1,"commands":${deep}}`]) {
        const { status } = await send('POST', '/v1/push', { token: A.stationToken, body })
        expect(status).toBe(400)
      }
      const { status } = await send('POST', '/v1/pull', {
        token: A.stationToken,
        body: deepText(Math.min(depth, 30_000), inside),
      })
      expect(status).toBe(400)
      const id = newId()
      const payload = `{"commandId":"${id}","writes":${deep}}`
      expect(await push(A, A.desk.signText(payload))).toMatchObject([{ code: 'INVALID' }])
    }
  },
)

test('a body without an end is cut off at the limit, not kept', async () => {
  const { port } = new URL(clinics.url)
  let written = 0
  const status = await new Promise<number>((done) => {
    const sent = request({
      port,
      method: 'POST',
      path: '/v1/push',
      headers: { authorization: `Bearer ${A.stationToken}`, 'transfer-encoding': 'chunked' },
    })
    const chunk = Buffer.alloc(64 * 1024, 'x')
    let isOver = false
    sent.once('response', (response) => {
      isOver = true
      response.resume()
      done(response.statusCode ?? 0)
      sent.destroy()
    })
    sent.on('error', () => {
      isOver = true
      done(0)
    })
    const write = (): void => {
      if (isOver || written > 64 * 1024 * 1024) return
      written += chunk.length
      if (sent.write(chunk)) setImmediate(write)
      else sent.once('drain', write)
    }
    write()
  })
  // Answered, or hung up on: either way long before the 64 MiB were through.
  expect([0, 413]).toContain(status)
  expect(written).toBeLessThan(24 * 1024 * 1024)
})

test('a compressed body is unpacked for a push alone, and no further than a push may be', async () => {
  const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024, ' '))
  for (const [path, code] of [
    ['/v1/push', 'TOO_LARGE'],
    ['/v1/pull', 'INVALID'],
  ]) {
    const response = await fetch(`${clinics.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${A.stationToken}`, 'content-encoding': 'gzip' },
      body: bomb,
    })
    expect(await response.json()).toMatchObject({ ok: false, code })
  }
})

test('more commands than a push may hold, or longer ones, are refused with what the limit is', async () => {
  const one = signed(register(A.desk, 'reception'))
  expect(await push(A, ...Array.from({ length: 201 }, () => one))).toMatchObject({ status: 400 })
  const long = signed(register(A.desk, 'reception', { note: 'x'.repeat(9 * 1024 * 1024) }))
  expect(await push(A, long)).toMatchObject({ status: 413 })
})

test('what is no HTTP is hung up on, and others are served meanwhile', async () => {
  const { port } = new URL(clinics.url)
  const said = [
    '\0\0\0\0\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(5_000)}\r\n`,
    'POST /v1/pull HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST /v1/pull HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET http://elsewhere.example/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  ]
  for (const text of said) {
    const answer = await new Promise<string>((done) => {
      let heard = ''
      const socket = connect(Number(port), '127.0.0.1', () => socket.end(text))
      socket.on('data', (data) => (heard += String(data)))
      socket.on('error', () => done(heard))
      socket.on('close', () => done(heard))
    })
    expect(answer).not.toMatch(/^HTTP\/1\.1 5/)
  }
  expect(await (await fetch(`${clinics.url}/healthz`)).json()).toEqual({ ok: true })
})

test('a revoked station gets nothing more, by whatever it still holds', async () => {
  const desk = await A.clinic.openDesk('reception')
  const token = await resign(A.stationToken, { sub: desk.stationId })
  const body = JSON.stringify({
    protocol: PROTOCOL_VERSION,
    checkpoint: null,
    limit: 1,
    lastCommand: 0,
  })
  expect(await send('POST', '/v1/pull', { token, body })).toMatchObject({ status: 200 })
  const path = `/v1/clinics/${A.clinic.clinicId}/stations/${desk.stationId}/revoke`
  expect(await send('POST', path, { token: A.personToken })).toMatchObject({ status: 200 })
  for (const door of ['/v1/pull', '/v1/push', '/v1/sessions']) {
    const answer = await send('POST', door, { token, body })
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'STATION_REVOKED' })
  }
  A.clinic.clock.now += DAY
  expect(await send('POST', '/v1/pull', { token, body })).toMatchObject({ status: 401 })
  A.clinic.clock.now -= DAY
})

test('nothing of all this was a fault of ours', () => {
  expect(clinics.logged).toEqual([])
})

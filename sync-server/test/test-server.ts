import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { exportJWK, SignJWT } from 'jose'
import pino from 'pino'
import { Writable } from 'node:stream'
import { z } from 'zod'
import type { ClinicId, StationId } from '#shared/ids.ts'
import { EnrolResponse, PublicKey, SignInResponse, TokenResponse } from '#shared/protocol.ts'
import { DEMO_PASSWORD } from '#shared/demo-password.ts'
import { seedDemoClinics } from '../clinics/seed-demo-clinics.ts'
import type { PrivateKey } from '../config.ts'
import { importSigningKey, type SigningKey } from '../identity/signing-key.ts'
import type { ServedProtocols } from '../http/served-protocol.ts'
import { type RunningServer, startServer } from '../server.ts'
import { beginEpochs } from '../sync/begin-epoch.ts'
import { createTestDatabase, type TestDatabase } from './test-database.ts'

/** A Monday noon in Cairo. */
export const TEST_NOW = Date.parse('2026-11-23T10:00:00Z')

export interface Answer {
  status: number
  headers: Headers
  body: unknown
}

export interface TestServer {
  url: string
  routes: readonly string[]
  database: TestDatabase
  /** What it signs tokens with. */
  signingKey: SigningKey
  /** Milliseconds since the Unix epoch; tests move it. */
  clock: { now: number }
  /** What was logged, one line of JSON each. */
  logged: string[]
  call: (method: string, path: string, request?: CallOptions) => Promise<Answer>
  /** Keeps a copy of the database as it is now, for `restore`. */
  backUp: () => Promise<void>
  /** As docs/operations.md says: stopped, set back, begun anew, and started at the same address. */
  restore: () => Promise<void>
  close: () => Promise<void>
}

export interface CallOptions {
  token?: string
  /** A string is sent as it is. */
  body?: unknown
  headers?: Record<string, string>
}

/** A server on a database of its own, with the two demo clinics. */
export async function startTestServer(
  settings: {
    publicUrl?: string
    clinicHost?: string
    served?: ServedProtocols
    trustedProxies?: number
    now?: number
    rehearses?: boolean
  } = {},
): Promise<TestServer> {
  const database = await createTestDatabase()
  const clock = { now: settings.now ?? TEST_NOW }
  const privateKey = makePrivateKey()
  const logged: string[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      logged.push(String(chunk))
      done()
    },
  })
  const log = pino({ level: 'debug', base: null }, sink)
  await seedDemoClinics(database.ownerPool, { trialDays: 14, now: clock.now, log })
  const config = {
    database: { appUrl: database.appUrl, ownerUrl: database.ownerUrl },
    port: 0,
    host: '127.0.0.1',
    publicUrl: settings.publicUrl ?? null,
    clinicHost: settings.clinicHost ?? null,
    trustedProxies: settings.trustedProxies ?? 0,
    dataFolder: 'none: the database and the key are given',
    trialDays: 14,
    jobs: true,
    logLevel: 'debug',
    signingKey: privateKey,
  } as const
  const start = (port: number): Promise<RunningServer> =>
    startServer(
      { ...config, port },
      {
        now: () => clock.now,
        log,
        rehearses: settings.rehearses ?? false,
        ...(settings.served === undefined ? {} : { served: settings.served }),
      },
    )
  let server = await start(0)
  const { url, routes } = server
  const whileStopped = async (act: () => Promise<void>): Promise<void> => {
    await server.close()
    await act()
    server = await start(Number(new URL(url).port))
  }
  return {
    url,
    routes,
    database,
    signingKey: await importSigningKey(privateKey),
    clock,
    logged,
    call: (method, path, request = {}) => call(url, method, path, request),
    backUp: () => whileStopped(database.backUp),
    restore: () =>
      whileStopped(async () => {
        await database.restore()
        await beginEpochs(database.ownerPool, null, clock.now)
      }),
    close: async () => {
      await server.close()
      await database.drop()
    },
  }
}

export function makePrivateKey(): PrivateKey {
  const { privateKey } = generateKeyPairSync('ed25519')
  const { x, d } = z
    .object({ x: z.string(), d: z.string() })
    .parse(privateKey.export({ format: 'jwk' }))
  return { kty: 'OKP', crv: 'Ed25519', x, d }
}

// Four parameters: what an HTTP request consists of.
async function call(
  url: string,
  method: string,
  path: string,
  { token, body, headers = {} }: CallOptions,
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? JSON.parse(text) : text,
  }
}

/** Signs a demo person in, or whoever else has the demo's password, and gives their token. */
export async function signIn(server: TestServer, account: string): Promise<string> {
  const email = account.includes('@') ? account : `${account}@demo.dawr`
  const { body } = await server.call('POST', '/v1/sign-in', {
    body: { email, password: DEMO_PASSWORD },
  })
  return SignInResponse.parse(body).accessToken
}

export interface TestKey {
  publicKey: PublicKey
  /** Ed25519 over the text, base64url. */
  sign: (text: string) => string
  /** A DPoP proof; `claims` and `header` replace what a good one has. */
  prove: (
    url: string,
    now: number,
    forged?: { claims?: Record<string, unknown>; header?: Record<string, unknown> },
  ) => Promise<string>
}

export async function makeTestKey(): Promise<TestKey> {
  const pair = generateKeyPairSync('ed25519')
  const publicKey = PublicKey.parse(await exportJWK(pair.publicKey))
  return {
    publicKey,
    sign: (text) => sign(null, Buffer.from(text), pair.privateKey).toString('base64url'),
    prove: (url, now, forged = {}) =>
      new SignJWT({
        htm: 'POST',
        htu: url,
        jti: randomUUID(),
        iat: Math.floor(now / 1000),
        ...forged.claims,
      })
        .setProtectedHeader({ alg: 'EdDSA', typ: 'dpop+jwt', jwk: publicKey, ...forged.header })
        .sign(pair.privateKey),
  }
}

export interface TestStation {
  key: TestKey
  clinicId: ClinicId
  stationId: StationId
  letter: string
  refreshToken: string
}

export async function enrolStation(
  server: TestServer,
  adminToken: string,
  clinicId: ClinicId,
): Promise<TestStation> {
  const key = await makeTestKey()
  const { body } = await server.call('POST', '/v1/stations', {
    token: adminToken,
    body: { clinicId, stationName: 'Desk', publicKey: key.publicKey },
  })
  const { stationId, letter, refreshToken } = EnrolResponse.parse(body)
  return { key, clinicId, stationId, letter, refreshToken }
}

/** Renews with this refresh token and a good proof. */
export async function renew(
  server: TestServer,
  station: TestStation,
  refreshToken = station.refreshToken,
): Promise<Answer> {
  const dpop = await station.key.prove(`${server.url}/v1/token`, server.clock.now)
  return server.call('POST', '/v1/token', { body: { refreshToken }, headers: { dpop } })
}

/** An access token for a station that has just enrolled. */
export async function stationToken(server: TestServer, station: TestStation): Promise<string> {
  return TokenResponse.parse((await renew(server, station)).body).accessToken
}

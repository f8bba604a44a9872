import { subtle } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Refusal } from '#shared/errors.ts'
import { EnrolResponse, PROTOCOL_VERSION, PushResponse, TokenResponse } from '#shared/protocol.ts'
import { rejoinText } from '#shared/rejoin.ts'
import type { Role } from '#shared/roles.ts'
import { stationLetter } from '#shared/ticket.ts'
import { verifyAudit } from '../audit/verify-audit.ts'
import { DEMO_CLINICS } from '../clinics/demo-data.ts'
import { listStations } from '../clinics/stations.ts'
import { withClinic } from '../database/clinic-tx.ts'
import { signedRegistration } from '../test/signed-registration.ts'
import {
  enrolStation,
  makePrivateKey,
  makeTestKey,
  renew,
  signIn,
  startTestServer,
  type TestKey,
  type TestServer,
  type TestStation,
} from '../test/test-server.ts'
import { importSigningKey, type SigningKey } from './signing-key.ts'

/** A server that was restored from a backup knows nothing of stations that joined since. */

const [nile, branch] = DEMO_CLINICS
if (nile === undefined || branch === undefined) expect.fail('the demo has two clinics')
const { clinicId } = nile
const memberWho = (role: Role) =>
  nile.staff.find(({ roles }) => roles.join() === role)?.userId ?? expect.fail('the demo has one')
const [by, reception] = [memberWho('ADMIN'), memberWho('RECEPTION')]

let server: TestServer
let admin: string
/** Of before the backup, and the one that went on in its place since. */
let known: TestStation
let afterKnown: TestStation
/** All of after the backup. */
let worker: TestStation
let tried: TestStation
let other: TestStation
let ofOtherClinic: TestStation
let first: TestStation
let second: TestStation
let latest: TestStation
/** Of after the restore. */
let newcomer: TestStation
let sent: Signed
let verdicts: unknown[]

beforeAll(async () => {
  server = await startTestServer()
  admin = await signIn(server, 'admin')
  known = await enrolStation(server, admin, clinicId)
  await server.backUp()
  afterKnown = await rejoin(known)
  worker = await enrolStation(server, admin, clinicId)
  const token = await tokenOf(worker)
  await openSession(token)
  sent = registered(worker)
  verdicts = await push(token, [sent])
  tried = await enrolStation(server, admin, clinicId)
  other = await enrolStation(server, admin, clinicId)
  ofOtherClinic = await enrolStation(server, await signIn(server, 'owner'), branch.clinicId)
  first = await enrolStation(server, admin, clinicId)
  second = await rejoin(first)
  latest = await enrolStation(server, admin, clinicId)
  await server.restore()
  // Nobody had asked yet: it is given a letter that another gives numbers under.
  newcomer = await enrolStation(server, admin, clinicId)
})
afterAll(() => server.close())

interface Asked {
  token?: string
  /** Whose key proves it. */
  by?: TestKey
  former?: TestStation
  formerTokens?: readonly string[]
}

async function ask(former: TestStation, asked: Asked, key: TestKey) {
  const { token = admin, by: prover = former.key, formerTokens } = asked
  const formerId = former.stationId
  const proof = prover.sign(rejoinText({ clinicId, formerId, publicKey: key.publicKey }))
  const body = { clinicId, stationName: 'Desk', publicKey: key.publicKey, formerId, proof }
  return server.call('POST', '/v1/stations/rejoin', { token, body: { ...body, formerTokens } })
}

async function rejoin(former: TestStation, ...before: TestStation[]): Promise<TestStation> {
  const key = await makeTestKey()
  const formerTokens = [former, ...before].map(({ refreshToken }) => refreshToken)
  const { status, body } = await ask(former, { formerTokens }, key)
  expect(status).toBe(201)
  const { stationId, letter, refreshToken } = EnrolResponse.parse(body)
  return { key, clinicId, stationId, letter, refreshToken }
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
  return PushResponse.parse(body).results.map(({ verdict, code }) => code ?? verdict)
}

const registered = (station: TestStation): Signed =>
  signedRegistration(station, reception, server.clock.now)

const stations = () => withClinic(server.database.pool, clinicId, listStations)

async function entryOf({ stationId }: TestStation) {
  return (await stations()).find((each) => each.stationId === stationId)
}

/** A token whose content is chosen, as this key signs it. */
async function forge(
  { refreshToken }: TestStation,
  { privateKey }: SigningKey,
  change: (parts: string[]) => string[],
): Promise<string> {
  const said = change(refreshToken.split('.').slice(0, -1)).join('.')
  const signature = await subtle.sign('Ed25519', privateKey, Buffer.from(said))
  return `${said}.${Buffer.from(signature).toString('base64url')}`
}

test('it is entered again by an ADMIN, its key and the word of this very deployment, and by nothing less', async () => {
  const before = await stations()
  const refused = async (asked: Asked): Promise<unknown> => {
    const { former = tried } = asked
    const { body } = await ask(former, asked, await makeTestKey())
    const refusal = Refusal.safeParse(body)
    return refusal.success ? refusal.data.code : null
  }
  const own = [tried.refreshToken]
  const thief = await makeTestKey()
  const elsewhere = await importSigningKey(makePrivateKey())
  const olderForm = (parts: string[]) => ['r2', ...parts.slice(1, 5), ...parts.slice(-1)]
  const stolen = (parts: string[]) => parts.with(6, thief.publicKey.x)
  const { signingKey } = server
  expect(
    await Promise.all([
      refused({ token: await signIn(server, 'reception'), formerTokens: own }),
      refused({}),
      refused({ formerTokens: [] }),
      refused({ formerTokens: ['', 'x', 'r3.a.b.c'] }),
      refused({ formerTokens: [other.refreshToken] }),
      refused({ formerTokens: own, by: thief }),
      refused({ formerTokens: [await forge(tried, signingKey, olderForm)] }),
      refused({ formerTokens: [await forge(tried, elsewhere, (parts) => parts)] }),
      refused({ formerTokens: [await forge(tried, elsewhere, stolen)], by: thief }),
      refused({ formerTokens: [ofOtherClinic.refreshToken], former: ofOtherClinic }),
    ]),
  ).toEqual(['NOT_FOUND', ...Array.from({ length: 9 }, () => 'BAD_SIGNATURE')])
  server.clock.now += 181 * 86_400_000
  expect(await refused({ token: await signIn(server, 'admin'), formerTokens: own })).toBe(
    'BAD_SIGNATURE',
  )
  server.clock.now -= 181 * 86_400_000
  expect(await stations()).toEqual(before)
})

test('nobody is given the letter of one that asked, whoever has let it rejoin by then', async () => {
  expect((await renew(server, latest)).body).toMatchObject({ code: 'UNAUTHENTICATED' })
  const next = await enrolStation(server, admin, clinicId)
  expect(placeOf(next)).toBe(placeOf(latest) + 1)
})

test('all that it made comes in by the station that goes on in its place, once its author has signed in there', async () => {
  expect(verdicts).toEqual(['ACCEPTED'])
  const unsent = registered(worker)
  const next = await rejoin(worker)
  expect(await entryOf(worker)).toMatchObject({ letter: worker.letter, active: false })
  expect((await renew(server, worker)).body).toMatchObject({ code: 'STATION_REVOKED' })
  const token = await tokenOf(next)
  expect(await push(token, [sent, unsent])).toEqual(['NOT_SIGNED_IN_HERE', 'NOT_SIGNED_IN_HERE'])
  await openSession(token)
  expect(await push(token, [sent, unsent])).toEqual(['ACCEPTED', 'ACCEPTED'])
  const forged = { ...worker, key: next.key }
  expect(await push(token, [registered(forged)])).toEqual(['BAD_SIGNATURE'])
  // Whose word it was stands in the clinic's chain.
  const acts = await withClinic(server.database.pool, clinicId, async (tx) => {
    expect(await verifyAudit(tx)).toMatchObject({ ok: true })
    const { rows } = await tx.query<{ name: string }>(
      `SELECT name FROM audit_entries WHERE clinic_id = $1 AND author_id = $2
       ORDER BY seq DESC LIMIT 2`,
      [clinicId, by],
    )
    return rows.map(({ name }) => name)
  })
  expect(acts).toEqual(['rejoinStation', 'enterForgottenStation'])
})

test('those in whose place it went on itself come back with it: forgotten too, or trusted once more', async () => {
  const third = await rejoin(second, first)
  const token = await tokenOf(third)
  await openSession(token)
  expect(await push(token, [registered(first), registered(second), registered(third)])).toEqual([
    'ACCEPTED',
    'ACCEPTED',
    'ACCEPTED',
  ])
  // The backup is of before another went on in this one's place.
  expect(await entryOf(known)).toMatchObject({ active: true })
  const afterIt = await tokenOf(await rejoin(afterKnown))
  await openSession(afterIt)
  expect(await entryOf(known)).toMatchObject({ active: false })
  // Its letter is somebody else's by now.
  expect(newcomer.letter).toBe(afterKnown.letter)
  const letters = (await stations()).map(({ letter }) => letter)
  expect(new Set(letters).size).toBe(letters.length)
  expect(await push(afterIt, [registered(known), registered(afterKnown)])).toEqual([
    'ACCEPTED',
    'ACCEPTED',
  ])
})

/** Of its letter among all there are. */
function placeOf({ letter }: Pick<TestStation, 'letter'>): number {
  return Array.from({ length: 50 }, (_, place) => stationLetter(place)).indexOf(letter)
}

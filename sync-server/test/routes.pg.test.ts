import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ChecksumResponse } from '#shared/feed-checksum.ts'
import { ClinicId, UserId } from '#shared/ids.ts'
import {
  Membership,
  PROTOCOL_VERSION,
  PullResponse,
  PushResponse,
  SessionResponse,
} from '#shared/protocol.ts'
import { rejoinText } from '#shared/rejoin.ts'
import { Role } from '#shared/roles.ts'
import { createClinic } from '../clinics/create-clinic.ts'
import { createUser } from '../clinics/create-user.ts'
import { DEMO_PASSWORD } from '#shared/demo-password.ts'
import { DEMO_CLINICS } from '../clinics/demo-data.ts'
import { acrossClinics, withClinic } from '../database/clinic-tx.ts'
import { hashPassword } from '../identity/password.ts'
import { signedRegistration } from './signed-registration.ts'
import {
  type Answer,
  type CallOptions,
  enrolStation,
  makeTestKey,
  signIn,
  startTestServer,
  stationToken,
  type TestServer,
  type TestStation,
} from './test-server.ts'

const OwnClinics = z.object({ memberships: z.array(Membership) })

const nile = DEMO_CLINICS[0] ?? expect.fail('the demo has a clinic')

/** One person of each role, all of clinic A and none of clinic B. */
const ACCOUNTS: Record<Role, string> = {
  ADMIN: 'admin',
  DOCTOR: 'doctor',
  ASSISTANT: 'assistant',
  RECEPTION: 'reception',
  ACCOUNTANT: 'accountant',
  INVENTORY: 'inventory',
}

/** What a request can name of a clinic. */
interface Side {
  clinicId: ClinicId
  userId: UserId
  admin: string
  station: TestStation
  stationToken: string
  /** A patient; and another clinic of the owner with the same ADMIN, and who they may be there. */
  patientId: string
  sister: { clinicId: ClinicId; patientId: string }
}

type Request = [method: string, path: string, options: CallOptions]

/**
 * Each route that is about a clinic, as a request about one: by a person, or by a station. What A's
 * token gets for B must be what it gets for a clinic that does not exist; B's own gets through.
 */
const BY_PERSON: Record<string, (of: Side) => Promise<Request> | Request> = {
  'POST /v1/stations': async ({ clinicId }) => [
    'POST',
    '/v1/stations',
    { body: { clinicId, stationName: 'Desk', publicKey: (await makeTestKey()).publicKey } },
  ],
  // Its own station goes on as another, and is revoked.
  'POST /v1/stations/rejoin': async ({ clinicId, admin, station }) => {
    const former = clinicId === NOWHERE ? station : await enrolStation(server, admin, clinicId)
    const { publicKey } = await makeTestKey()
    const formerId = former.stationId
    const proof = former.key.sign(rejoinText({ clinicId, formerId, publicKey }))
    const formerTokens = [former.refreshToken]
    const body = { clinicId, stationName: 'Desk', publicKey, formerId, proof, formerTokens }
    return ['POST', '/v1/stations/rejoin', { body }]
  },
  'GET /v1/clinics/:clinicId/staff/:userId': ({ clinicId, userId }) => [
    'GET',
    `/v1/clinics/${clinicId}/staff/${userId}`,
    {},
  ],
  'PATCH /v1/clinics/:clinicId/staff/:userId': ({ clinicId, userId }) => [
    'PATCH',
    `/v1/clinics/${clinicId}/staff/${userId}`,
    { body: { active: true } },
  ],
  'PUT /v1/clinics/:clinicId/settings': ({ clinicId }) => [
    'PUT',
    `/v1/clinics/${clinicId}/settings`,
    { body: clinicId === A.clinicId ? nile.settings : STRANGE_SETTINGS },
  ],
  'PUT /v1/clinics/:clinicId/prices': ({ clinicId }) => [
    'PUT',
    `/v1/clinics/${clinicId}/prices`,
    { body: { doctorId: null, visitType: 'PROCEDURE', amount: { minor: 500, currency: 'EGP' } } },
  ],
  'PUT /v1/clinics/:clinicId/favourites': ({ clinicId }) => [
    'PUT',
    `/v1/clinics/${clinicId}/favourites`,
    { body: { prescriptions: [] } },
  ],
  'GET /v1/clinics/:clinicId/stations': ({ clinicId }) => [
    'GET',
    `/v1/clinics/${clinicId}/stations`,
    {},
  ],
  'GET /v1/clinics/:clinicId/audit/records/:collection/:id': ({ clinicId }) => [
    'GET',
    `/v1/clinics/${clinicId}/audit/records/clinic/settings`,
    {},
  ],
  'GET /v1/clinics/:clinicId/audit/people/:userId': ({ clinicId, userId }) => [
    'GET',
    `/v1/clinics/${clinicId}/audit/people/${userId}`,
    {},
  ],
  'GET /v1/clinics/:clinicId/patients/:patientId/sharing': (of) => ['GET', sharingOf(of), {}],
  'PUT /v1/clinics/:clinicId/patients/:patientId/sharing/:otherClinicId': (of) => linking(of),
  // Linked first, since they are not afterwards.
  'DELETE /v1/clinics/:clinicId/patients/:patientId/sharing/:otherClinicId': async (of) => {
    await send(linking(of), of.admin)
    return ['DELETE', `${sharingOf(of)}/${of.sister.clinicId}`, {}]
  },
  // A new station each time, since it is gone afterwards.
  'POST /v1/clinics/:clinicId/stations/:stationId/revoke': async ({ clinicId, admin, station }) => {
    const isReal = clinicId !== NOWHERE
    const { stationId } = isReal ? await enrolStation(server, admin, clinicId) : station
    return ['POST', `/v1/clinics/${clinicId}/stations/${stationId}/revoke`, {}]
  },
}

function sharingOf({ clinicId, patientId }: Side): string {
  return `/v1/clinics/${clinicId}/patients/${patientId}/sharing`
}

function linking(of: Side): Request {
  const { clinicId, patientId } = of.sister
  return ['PUT', `${sharingOf(of)}/${clinicId}`, { body: { patientId } }]
}

/** Routes whose clinic is that of the station's token. Each says how A could reach for B, and what is B's. */
const BY_STATION: Record<
  string,
  { reach: (of: Side) => Request; isOwn: (answer: Answer) => boolean }
> = {
  'POST /v1/sessions': {
    reach: (of) => [
      'POST',
      '/v1/sessions',
      { body: { email: `admin@${of === A ? 'demo' : 'strange'}.dawr`, password: DEMO_PASSWORD } },
    ],
    isOwn: ({ body }) => SessionResponse.safeParse(body).data?.roles.includes('ADMIN') ?? false,
  },
  'POST /v1/pull': {
    reach: ({ clinicId }) => [
      'POST',
      '/v1/pull',
      {
        body: {
          protocol: PROTOCOL_VERSION,
          checkpoint: { epoch: epochs.get(clinicId) ?? '', clinicId, seq: 0 },
          limit: 100,
          lastCommand: 0,
        },
      },
    ],
    isOwn: ({ body }) => (PullResponse.safeParse(body).data?.documents.length ?? 0) > 1,
  },
  'POST /v1/checksum': {
    reach: ({ clinicId }) => [
      'POST',
      '/v1/checksum',
      {
        body: {
          protocol: PROTOCOL_VERSION,
          checkpoint: { epoch: epochs.get(clinicId) ?? '', clinicId, seq: 0 },
        },
      },
    ],
    isOwn: ({ body }) => (ChecksumResponse.safeParse(body).data?.collections.length ?? 0) > 0,
  },
  'POST /v1/push': {
    reach: (of) => [
      'POST',
      '/v1/push',
      { body: { protocol: PROTOCOL_VERSION, commands: [registrations.get(of.clinicId)] } },
    ],
    isOwn: ({ body }) => PushResponse.safeParse(body).data?.results[0]?.verdict === 'ACCEPTED',
  },
}

/** About no clinic, or about the token's own alone; who may ask, and where that is tried. */
const OTHERS: Record<string, 'PUBLIC' | 'PERSON' | 'STATION'> = {
  'POST /v1/sign-in': 'PUBLIC',
  'POST /v1/token': 'PUBLIC', // token.pg.test.ts
  'GET /v1/clinics': 'PERSON', // below
  'GET /v1/stream': 'STATION', // below
  'POST /v1/letter': 'STATION', // the token's own station gets its clinic's next
  'GET /healthz': 'PUBLIC',
  'GET /readyz': 'PUBLIC',
  'GET /metrics': 'PUBLIC',
}

const NOWHERE = ClinicId.parse(randomUUID())
const STRANGE = ClinicId.parse(randomUUID())
const STRANGE_SETTINGS = { ...nile.settings, name: 'Strange Clinic', slug: 'strange', demo: false }
/** What names B or is B's, in whatever answer. */
const OF_B = /strange/i

let server: TestServer
let A: Side
let B: Side
const tokens = new Map<Role, string>()
const epochs = new Map<ClinicId, string>()
const registrations = new Map<ClinicId, { payload: string; signature: string }>()

beforeAll(async () => {
  server = await startTestServer()
  const admin = await makeStrangeClinic()
  for (const role of Role.options) tokens.set(role, await signIn(server, ACCOUNTS[role]))
  const ownAdmin = tokens.get('ADMIN') ?? expect.fail('the demo has an admin')
  const userId = nile.staff.find(({ roles }) => roles.includes('RECEPTION'))?.userId
  const ownAdminId = nile.staff[3]?.userId ?? expect.fail('an admin')
  const [sisterOfA, sisterOfB] = [ClinicId.parse(randomUUID()), ClinicId.parse(randomUUID())]
  await openClinic(sisterOfA, nile.ownerId, ownAdminId, 'Sister')
  await openClinic(sisterOfB, admin, admin, 'Strange Sister')
  const reception = userId ?? expect.fail('the demo has a reception')
  A = await makeSide(nile.clinicId, reception, {
    admin: ownAdmin,
    adminId: ownAdminId,
    sisterId: sisterOfA,
  })
  const strangeAdmin = await signIn(server, 'admin@strange.dawr')
  B = await makeSide(STRANGE, admin, {
    admin: strangeAdmin,
    adminId: admin,
    sisterId: sisterOfB,
  })
})
afterAll(() => server.close())

/** A clinic of another owner, with whom A has nothing in common. */
async function makeStrangeClinic(): Promise<UserId> {
  const pool = server.database.ownerPool
  const audit = { reason: 'a stranger', log: () => undefined }
  const user = {
    id: UserId.parse(randomUUID()),
    email: 'admin@strange.dawr',
    name: 'Strange Admin',
    passwordHash: await hashPassword(DEMO_PASSWORD),
  }
  const ownerId = await acrossClinics(pool, audit, (tx) => createUser(tx, user))
  await openClinic(STRANGE, ownerId, ownerId, STRANGE_SETTINGS.name)
  return ownerId
}

async function openClinic(
  clinicId: ClinicId,
  ownerId: UserId,
  admin: UserId,
  name: string,
): Promise<void> {
  const slug = name.toLowerCase().replace(' clinic', '').replaceAll(' ', '-')
  const clinic = {
    ownerId,
    settings: { ...STRANGE_SETTINGS, name, slug },
    staff: [{ userId: admin, roles: ['ADMIN' as const, 'DOCTOR' as const] }],
    doctors: [],
    prices: [],
    trialDays: 14,
  }
  await withClinic(server.database.ownerPool, clinicId, (tx) =>
    createClinic(tx, clinic, server.clock.now),
  )
}

async function makeSide(
  clinicId: ClinicId,
  userId: UserId,
  { admin, adminId, sisterId }: { admin: string; adminId: UserId; sisterId: ClinicId },
): Promise<Side> {
  const station = await enrolStation(server, admin, clinicId)
  const token = await stationToken(server, station)
  const { rows } = await withClinic(server.database.pool, clinicId, (tx) =>
    tx.query<{ epoch: string }>('SELECT epoch FROM feeds WHERE clinic_id = $1', [clinicId]),
  )
  epochs.set(clinicId, rows[0]?.epoch ?? expect.fail('the clinic has a feed'))
  const registration = signedRegistration(station, adminId, server.clock.now)
  registrations.set(clinicId, registration)
  const email = `admin@${clinicId === STRANGE ? 'strange' : 'demo'}.dawr`
  const patientId = await pushRegistration(token, registration, email)
  const ofSister = await enrolStation(server, admin, sisterId)
  const known = signedRegistration(ofSister, adminId, server.clock.now)
  const sister = {
    clinicId: sisterId,
    patientId: await pushRegistration(await stationToken(server, ofSister), known, email),
  }
  return { clinicId, userId, admin, station, stationToken: token, patientId, sister }
}

/** @returns the patient's id */
async function pushRegistration(
  token: string,
  registration: { payload: string; signature: string },
  email: string,
): Promise<string> {
  await server.call('POST', '/v1/sessions', { token, body: { email, password: DEMO_PASSWORD } })
  const body = { protocol: PROTOCOL_VERSION, commands: [registration] }
  const answer = await server.call('POST', '/v1/push', { token, body })
  const [result] = PushResponse.parse(answer.body).results
  return result?.documents[0]?.id ?? expect.fail('not registered')
}

function send([method, path, options]: Request, token: string): Promise<Answer> {
  return server.call(method, path, { ...options, token })
}

/** An answer without what differs by itself. */
function essence({ status, body }: Answer): unknown {
  return { status, body }
}

test('every route is in one of the tables, and every entry is a route', () => {
  const known = [...Object.keys(BY_PERSON), ...Object.keys(BY_STATION), ...Object.keys(OTHERS)]
  expect(server.routes.toSorted()).toEqual(known.toSorted())
})

test('no route that is not public answers without a token, or with a wrong one', async () => {
  const closed = [
    ...Object.keys(BY_PERSON).map((route) => ({ route, wrong: A.stationToken })),
    ...Object.keys(BY_STATION).map((route) => ({ route, wrong: A.admin })),
    { route: 'GET /v1/clinics', wrong: A.stationToken },
    { route: 'GET /v1/stream', wrong: A.admin },
    { route: 'POST /v1/letter', wrong: A.admin },
  ]
  for (const { route, wrong } of closed) {
    const [method = '', pattern = ''] = route.split(' ')
    const path = pattern.replace(/:\w+/g, randomUUID())
    const forged = `${A.admin.slice(0, -6)}AAAAAA`
    for (const token of [undefined, '', 'x', wrong, forged]) {
      const answer = await server.call(method, path, token === undefined ? {} : { token })
      expect({ route, token, ...answer }).toMatchObject({
        status: 401,
        body: { code: 'UNAUTHENTICATED' },
      })
    }
  }
})

/** Whose a route is, but for the ADMIN's. */
const SERVED: Record<string, Role> = { 'PUT /v1/clinics/:clinicId/favourites': 'DOCTOR' }

describe.each(Object.entries(BY_PERSON))('%s', (route, requestAbout) => {
  const served = SERVED[route] ?? 'ADMIN'

  test.each(Role.options)('a %s of A gets of B what anybody gets of nothing', async (role) => {
    const token = tokens.get(role) ?? expect.fail('each role has a token')
    const answer = await send(await requestAbout(B), token)
    const nothing = await send(await requestAbout({ ...B, clinicId: NOWHERE }), token)
    expect(essence(answer)).toEqual(essence(nothing))
    expect(answer).toMatchObject({
      status: 404,
      body: { ok: false, code: 'NOT_FOUND', details: {} },
    })
  })

  test.each(Role.options)('in their own clinic, of a %s it depends', async (role) => {
    const token = tokens.get(role) ?? expect.fail('each role has a token')
    const { status } = await send(await requestAbout(A), token)
    expect([status < 300 ? 'served' : status]).toEqual([role === served ? 'served' : 404])
  })

  test('B’s own ADMIN, who sees patients too, gets through', async () => {
    const { status } = await send(await requestAbout(B), B.admin)
    expect(status).toBeLessThan(300)
  })

  test('an ADMIN of A who names B’s people and stations in A gets nothing', async () => {
    const mixed = await requestAbout({ ...B, clinicId: A.clinicId, admin: A.admin })
    const { body } = await send(mixed, A.admin)
    expect(JSON.stringify(body)).not.toMatch(OF_B)
  })
})

describe.each(Object.entries(BY_STATION))('%s', (_, { reach, isOwn }) => {
  test('a station of A that reaches for B’s gets nothing of B', async () => {
    const answer = await send(reach(B), A.stationToken)
    const { status, body } = answer
    expect(status).not.toBe(500)
    expect(JSON.stringify(body)).not.toMatch(OF_B)
    expect(JSON.stringify(body)).not.toContain(B.userId)
    expect(isOwn(answer)).toBe(false)
  })

  test('B’s own station gets through', async () => {
    expect(isOwn(await send(reach(B), B.stationToken))).toBe(true)
  })
})

test('a person’s list of clinics holds theirs alone', async () => {
  const lists = await Promise.all(
    [A.admin, B.admin].map(
      async (token) => (await server.call('GET', '/v1/clinics', { token })).body,
    ),
  )
  // Made in one moment of the test's clock, they come in whatever order.
  for (const [index, [side, slug]] of (
    [
      [A, 'nile'],
      [B, 'strange'],
    ] as const
  ).entries()) {
    const listed = OwnClinics.parse(lists[index]).memberships
    expect(listed).toHaveLength(2)
    expect(listed).toContainEqual(expect.objectContaining({ clinicId: side.clinicId, slug }))
    expect(listed.map(({ clinicId }) => clinicId)).toContain(side.sister.clinicId)
  }
  expect(JSON.stringify(lists[0])).not.toMatch(OF_B)
})

test('a station’s stream tells of its own clinic alone', async () => {
  const control = new AbortController()
  const open = async ({ stationToken }: Side) => {
    const response = await fetch(`${server.url}/v1/stream`, {
      headers: { authorization: `Bearer ${stationToken}` },
      signal: control.signal,
    })
    const heard: string[] = []
    const listen = async () => {
      for await (const chunk of response.body ?? []) heard.push(Buffer.from(chunk).toString())
    }
    listen().catch(() => undefined) // ended below
    return heard
  }
  const [heardByA, heardByB] = [await open(A), await open(B)]
  await expect
    .poll(() => [heardByA.join(), heardByB.join()])
    .toEqual([expect.stringContaining('hello'), expect.stringContaining('hello')])
  const rename = { body: { ...STRANGE_SETTINGS, skipPlaces: 7 } }
  await send(['PUT', `/v1/clinics/${B.clinicId}/settings`, rename], B.admin)
  await expect.poll(() => heardByB.join()).toContain('changed')
  // Of its own desks it may hear at any time.
  expect(heardByA.join()).not.toContain('changed')
  expect(heardByA.join()).not.toContain(B.station.stationId)
  control.abort()
})

test('an id that is no id answers like one that is not there', async () => {
  for (const path of [`x/staff/${A.userId}`, `${A.clinicId}/staff/x`, `${A.clinicId}/staff/'--`]) {
    const answer = await server.call('GET', `/v1/clinics/${path}`, { token: A.admin })
    expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } })
  }
})

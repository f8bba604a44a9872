import { calculateJwkThumbprint } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import { withClinic } from '#server/database/clinic-tx.ts'
import { signStationToken } from '#server/identity/access-token.ts'
import { signIn, startTestServer, type TestServer } from '#server/test/test-server.ts'
import { verifyAudit } from '#server/audit/verify-audit.ts'
import {
  OLDEST_PROTOCOL,
  PROTOCOL_HEADER,
  PROTOCOL_VERSION,
  PublicKey,
  PullResponse,
  PushResponse,
} from '#shared/protocol.ts'
import { checkIn, boardOf, LINE, lineOf } from './support/desk-work.ts'
import {
  readSession,
  recordedVersions,
  recordRequests,
  type RecordedSession,
  writeSession,
} from './support/recorded-session.ts'
import { openWorld, userIdOf, type World } from './support/station-in-process.ts'

/** RECORD=1 writes what stations of the present version say (docs/testing.md). */
const IS_RECORDING = process.env['RECORD'] === '1'

let world: World | null = null
let server: TestServer | null = null
afterEach(async () => {
  await world?.close()
  await server?.close()
  world = null
  server = null
})

/** A day at the desk, with as much of what stations say as one person can get them to. */
async function workADay(at: World, via: string): Promise<void> {
  const desk = await at.openDesk('recorded', via)
  const { act } = desk.window
  await desk.signInWithPin('doctor')
  await desk.signInWithPin('reception')
  const arrive = async (name: string) => {
    at.passMinutes(1)
    return checkIn(desk.window, name)
  }
  const first = await arrive('نجلاء فتحي')
  const second = await arrive('محمود المليجي')
  const third = await arrive('زوزو نبيل')
  await act('editPatient', { patientId: first.patientId, changes: { note: 'قرب الباب' } })
  const amount = { minor: 30_000, currency: 'EGP' } as const
  const paid = await act('takePayment', { visitId: third.visitId, amount, method: 'CASH' })
  await act('setPriority', { visitId: second.visitId, priority: 'URGENT', reason: 'ألم شديد' })
  await act('skip', { visitId: second.visitId })
  await act('changeLine', { visitId: third.visitId, doctorId: userIdOf('doctor2') })
  at.passMinutes(1)
  await act('markNoShow', { visitId: third.visitId })
  await act('undoLast', {})
  await act('cancel', { visitId: third.visitId, reason: null })
  await act('refund', {
    paymentId: paid.entryId,
    amount: { minor: 10_000, currency: 'EGP' },
    method: 'CASH',
    reason: 'لم يدخل',
  })
  await desk.goOnline()
  await desk.goOffline()
  at.passMinutes(1)
  await desk.unlock('doctor')
  await act('callNext', { doctorId: LINE })
  const { waiting } = lineOf(await boardOf(desk.window))
  const visitId = waiting[0]?.visitId ?? expect.fail('somebody waits')
  await act('startVisit', { visitId, to: 'WITH_DOCTOR' })
  await act('finishVisit', { visitId })
  await desk.goOnline()
}

test('what this version’s stations say can be written down', async () => {
  world = await openWorld('2026-11-23T10:00:00Z')
  const recording = await recordRequests(world.server.url, world.now)
  try {
    await workADay(world, recording.url)
  } finally {
    await recording.close()
  }
  const session = recording.session()
  const { requests } = session
  expect(new Set(requests.map(({ path }) => path))).toEqual(
    new Set(['/v1/sign-in', '/v1/stations', '/v1/token', '/v1/sessions', '/v1/push', '/v1/pull']),
  )
  const verdicts = requests.flatMap((request) => request.verdicts)
  expect(verdicts.filter((verdict) => verdict === 'ACCEPTED').length).toBeGreaterThan(10)
  if (IS_RECORDING) writeSession(session)
})

test('of each version that is served there is a recording', () => {
  for (let version = OLDEST_PROTOCOL; version <= PROTOCOL_VERSION; version += 1) {
    expect(recordedVersions(), 'record it: docs/testing.md, "Old stations"').toContain(version)
  }
})

/** The recorded station as if it had enrolled at this server, and its token. */
async function admit(at: TestServer, session: RecordedSession): Promise<() => Promise<string>> {
  const { clinicId, stationId, letter, publicKey, epoch } = session
  await withClinic(at.database.ownerPool, clinicId, async (tx) => {
    await tx.query('UPDATE clinics SET letters_given = 1 WHERE clinic_id = $1', [clinicId])
    await tx.query('UPDATE feeds SET epoch = $2 WHERE clinic_id = $1', [clinicId, epoch])
    await tx.query(
      `INSERT INTO stations (clinic_id, station_id, letter, name, public_key, enrolled_by)
       VALUES ($1, $2, $3, 'recorded', $4, $5)`,
      [clinicId, stationId, letter, publicKey, userIdOf('admin')],
    )
  })
  const thumbprint = await calculateJwkThumbprint(
    PublicKey.parse({ kty: 'OKP', crv: 'Ed25519', x: publicKey }),
  )
  return () => signStationToken(at.signingKey, { stationId, clinicId, thumbprint }, at.clock.now)
}

describe.each(recordedVersions().filter((version) => version >= OLDEST_PROTOCOL))(
  'stations of version %i',
  (version) => {
    test('are answered as they were, in words that they know', async () => {
      const session = readSession(version)
      expect(session.requests.length).toBeGreaterThan(8)
      server = await startTestServer({ now: session.requests[0]?.at ?? 0 })
      const token = await admit(server, session)
      const known = new Set(session.collections)
      const verdicts: string[] = []
      for (const { path, protocol, body, at, status, verdicts: before } of session.requests) {
        // A proof counts for the server it was made for, and a refresh token once.
        if (path === '/v1/token') continue
        server.clock.now = at
        const isPersons = path === '/v1/stations'
        const answer = await server.call('POST', path, {
          token: isPersons ? await signIn(server, 'admin') : await token(),
          headers: { [PROTOCOL_HEADER]: protocol },
          body,
        })
        expect({ path, status: answer.status }).toEqual({ path, status })
        const pushed = PushResponse.safeParse(answer.body).data
        expect(pushed?.results.map(({ verdict }) => verdict) ?? []).toEqual(before)
        verdicts.push(...before)
        const pulled = PullResponse.safeParse(answer.body).data
        const documents = [
          ...(pulled?.documents ?? []),
          ...(pushed?.results.flatMap((result) => result.documents) ?? []),
        ]
        expect(documents.filter(({ collection }) => !known.has(collection))).toEqual([])
      }
      expect(verdicts.filter((verdict) => verdict === 'ACCEPTED').length).toBeGreaterThan(10)
      const audit = await withClinic(server.database.pool, session.clinicId, verifyAudit)
      expect(audit).toMatchObject({ ok: true })
    })
  },
)

test('a station too old to write is told so, keeps what it has, and sends it once it is served', async () => {
  // What this server serves can be changed from here: as after an update of the server.
  const served = { oldest: PROTOCOL_VERSION, newest: PROTOCOL_VERSION }
  world = await openWorld('2026-11-23T10:00:00Z', served)
  const desk = await world.openDesk('old')
  await desk.signInWithPin('reception')
  await desk.goOnline()
  Object.assign(served, { oldest: PROTOCOL_VERSION + 1, newest: PROTOCOL_VERSION + 3 })
  const first = await checkIn(desk.window, 'نجلاء فتحي')
  const told = await desk.window.until('sync', {}, ({ code }) => code === 'PROTOCOL_VERSION')
  expect(told).toMatchObject({ state: 'NEEDS_ATTENTION', unsynced: 1 })
  // The desk goes on, and so does a restart: nothing of it is lost.
  const second = await checkIn(desk.window, 'محمود المليجي')
  await desk.restart()
  await desk.window.until('sync', {}, ({ unsynced }) => unsynced === 2)
  // The door says it before it asks who is there.
  const said = await world.server.call('POST', '/v1/sign-in', {
    headers: { [PROTOCOL_HEADER]: String(PROTOCOL_VERSION) },
    body: {},
  })
  expect(said).toMatchObject({
    status: 426,
    body: { details: { oldest: PROTOCOL_VERSION + 1, served: PROTOCOL_VERSION + 3 } },
  })
  Object.assign(served, { oldest: PROTOCOL_VERSION, newest: PROTOCOL_VERSION + 2 })
  await desk.goOnline()
  await desk.isSettled(0)
  const { rows } = await withClinic(world.server.database.pool, world.clinicId, (tx) =>
    tx.query<{ id: string }>(
      "SELECT id FROM documents WHERE clinic_id = $1 AND collection = 'visits' ORDER BY id",
      [tx.clinicId],
    ),
  )
  expect(rows.map(({ id }) => id)).toEqual([first.visitId, second.visitId].toSorted())
})

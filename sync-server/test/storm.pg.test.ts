import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { DEMO_CLINICS } from '../clinics/demo-data.ts'
import { withClinic } from '../database/clinic-tx.ts'
import { PROTOCOL_VERSION, PullResponse, PushResponse } from '#shared/protocol.ts'
import { signedRegistration } from './signed-registration.ts'
import {
  enrolStation,
  signIn,
  startTestServer,
  stationToken,
  type TestServer,
} from './test-server.ts'

/** More than the server has connections. */
const STATIONS = 16

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ rehearses: true })
})
afterAll(() => server.close())

test('a push finds a connection, however many pulls and streams wait for theirs', async () => {
  const { clinicId, staff } = DEMO_CLINICS[0] ?? expect.fail('the demo has a clinic')
  const by = staff[0]?.userId ?? expect.fail('it has people')
  const admin = await signIn(server, 'admin')
  const desk = await enrolStation(server, admin, clinicId)
  const deskToken = await stationToken(server, desk)
  const pull = (token: string, checkpoint: unknown) =>
    server.call('POST', '/v1/pull', {
      token,
      body: { protocol: PROTOCOL_VERSION, checkpoint, limit: 500, lastCommand: 0 },
    })
  const stations: { stationId: string; token: string }[] = []
  for (let number = 0; number < STATIONS; number += 1) {
    const station = await enrolStation(server, admin, clinicId)
    stations.push({ stationId: station.stationId, token: await stationToken(server, station) })
  }
  const { checkpoint } = PullResponse.parse((await pull(deskToken, null)).body)

  const begun = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  const holding = withClinic(server.database.ownerPool, clinicId, async (tx) => {
    await tx.query(
      `INSERT INTO station_acks (clinic_id, station_id, command_seq, feed_seq)
       SELECT $1, s::uuid, 0, 0 FROM unnest($2::text[]) AS s`,
      [clinicId, stations.map(({ stationId }) => stationId)],
    )
    begun.resolve()
    await held.promise
  })
  await begun.promise
  let isOver = false
  // Each is its station's first acknowledgement, and waits until that one is written or not.
  const pulls = Promise.all(stations.map(({ token }) => pull(token, checkpoint)))
  void pulls.finally(() => (isOver = true))
  await vi.waitFor(async () => {
    const { rows } = await server.database.ownerPool.query<{ waiting: number }>(
      'SELECT count(*) AS waiting FROM pg_locks WHERE NOT granted',
    )
    expect(rows[0]?.waiting).toBeGreaterThan(1)
  })

  const { body } = await server.call('POST', '/v1/push', {
    token: deskToken,
    body: {
      protocol: PROTOCOL_VERSION,
      commands: [signedRegistration(desk, by, server.clock.now)],
    },
  })
  expect(PushResponse.parse(body).results).toHaveLength(1)
  expect(isOver).toBe(false)
  held.resolve()
  await holding
  for (const { status } of await pulls) expect(status).toBe(200)
})

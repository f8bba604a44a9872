import { expect, test } from 'vitest'
import { DEMO_CLINICS } from '../clinics/demo-data.ts'
import { enrolStation, signIn, startTestServer } from '../test/test-server.ts'

test('behind a proxy, proofs are for the public address', async () => {
  const server = await startTestServer({ publicUrl: 'https://dawr.example/api/' })
  const clinicId = DEMO_CLINICS[0]?.clinicId ?? expect.fail('the demo has a clinic')
  const station = await enrolStation(server, await signIn(server, 'admin'), clinicId)
  const statuses: number[] = []
  for (const url of [`${server.url}/v1/token`, 'https://dawr.example/api/v1/token']) {
    const dpop = await station.key.prove(url, server.clock.now)
    const body = { refreshToken: station.refreshToken }
    statuses.push((await server.call('POST', '/v1/token', { body, headers: { dpop } })).status)
  }
  expect(statuses).toEqual([401, 200])
  await server.close()
})

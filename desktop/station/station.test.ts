import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { idOf } from '#shared/test-values.ts'
import { FromStation } from './contract/messages.ts'
import { CLINIC, FILE_KEY, temporaryFolder } from './replica/test-replica.ts'
import { openStation, type Station } from './station.ts'

let server: Server
let enrolled: number
let isDown: boolean
let station: Station
let place: { folder: string; remove: () => void }

beforeEach(async () => {
  enrolled = 0
  isDown = false
  server = createServer((request, response) => {
    const answers: Partial<Record<string, () => object>> = {
      '/v1/sign-in': () => ({
        userId: idOf(20),
        name: 'منى',
        accessToken: 'token',
        memberships: [],
      }),
      '/v1/stations': () => {
        enrolled += 1
        return {
          stationId: idOf(10),
          letter: 'A',
          clinicId: CLINIC,
          refreshToken: 'refresh',
          entitlementKeys: [],
        }
      },
    }
    const made = isDown ? undefined : answers[request.url ?? '']?.()
    request.resume()
    response.writeHead(made === undefined ? 503 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ ok: true, ...made }))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  place = temporaryFolder()
  station = await openStation({
    folder: place.folder,
    key: FILE_KEY,
    demo: false,
    appVersion: '0.0.0',
    log: () => undefined,
  })
})
afterEach(async () => {
  await station.close()
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
  place.remove()
})

/** A window of its own that enrols. @returns how it was answered */
function enrol(): Promise<FromStation> {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no address')
  const input = {
    serverUrl: `http://127.0.0.1:${address.port}`,
    email: 'mona@nour.example',
    password: 'كلمة سر طويلة',
    clinicId: CLINIC,
    stationName: 'الاستقبال',
  }
  return new Promise((resolve) => {
    station.connect({
      send: (message) => resolve(FromStation.parse(message)),
      onMessage: (listener) => listener({ type: 'act', id: 1, name: 'enrol', input }),
      onClose: () => undefined,
    })
  })
}

test('two windows that enrol at once make one station', async () => {
  const [first, second] = await Promise.all([enrol(), enrol()])
  expect(first).toMatchObject({ type: 'done' })
  expect(second).toMatchObject({ type: 'refused', code: 'UNAVAILABLE' })
  expect(enrolled).toBe(1)
  expect(await enrol()).toMatchObject({ type: 'refused', code: 'INVALID' })
})

test('an enrolment that failed may be tried again', async () => {
  isDown = true
  expect(await enrol()).toMatchObject({ type: 'refused' })
  isDown = false
  expect(await enrol()).toMatchObject({ type: 'done' })
})

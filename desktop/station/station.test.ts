import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import type { Role } from '#shared/roles.ts'
import { idOf } from '#shared/test-values.ts'
import { FromStation } from './contract/messages.ts'
import { SessionView } from './contract/session-view.ts'
import { CLINIC, FILE_KEY, temporaryFolder } from './replica/test-replica.ts'
import { formatRecoveryCode, makeRecoverySeed } from './recovery/recovery-code.ts'
import { keepRecovery, recoverKey } from './recovery/recovery-file.ts'
import { openStore } from './storage/store.ts'
import { openStation, type Station, type StationOptions } from './station.ts'

let server: Server
let enrolled: number
let isDown: boolean
let roles: Role[]
let station: Station
let place: { folder: string; remove: () => void }

beforeEach(async () => {
  enrolled = 0
  isDown = false
  roles = ['RECEPTION']
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
      '/v1/token': () => ({ accessToken: 'token', refreshToken: 'next', expiresInSeconds: 900 }),
      '/v1/sessions': () => ({ userId: idOf(20), name: 'منى', roles }),
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

/** What a window is told of the session, once it is of this status. */
function sessionOf(of: Station, status: string): Promise<SessionView> {
  return new Promise((resolve) => {
    of.connect({
      send(message) {
        const parsed = FromStation.parse(message)
        if (parsed.type !== 'view') return
        const session = SessionView.parse(parsed.view)
        if (session.status === status) resolve(session)
      },
      onMessage: (listener) => listener({ type: 'watch', id: 1, query: 'session', params: {} }),
      onClose: () => undefined,
    })
  })
}

function act(of: Station, name: string, input: object): Promise<FromStation> {
  return new Promise((resolve) => {
    of.connect({
      send: (message) => resolve(FromStation.parse(message)),
      onMessage: (listener) => listener({ type: 'act', id: 1, name, input }),
      onClose: () => undefined,
    })
  })
}

const newCode = (): string => formatRecoveryCode(makeRecoverySeed())

function openAgain(options: Partial<StationOptions>): Promise<Station> {
  return openStation({
    folder: place.folder,
    key: FILE_KEY,
    demo: false,
    appVersion: '0.0.0',
    log: () => undefined,
    patienceMs: 0,
    ...options,
  })
}

test('a second station on the file is told that it is locked, and opens when it is free', async () => {
  const second = await openAgain({})
  onTestFinished(() => second.close())
  expect(await sessionOf(second, 'TROUBLE')).toMatchObject({ code: 'LOCKED', canRecover: false })
  expect(await act(second, 'syncNow', {})).toMatchObject({ type: 'refused', code: 'LOCKED' })
  const opened = sessionOf(second, 'NOT_ENROLLED')
  await station.close()
  expect(await act(second, 'tryAgain', {})).toMatchObject({ type: 'done' })
  await opened
})

test("the owner's code opens data whose key the computer has lost, and keeps the key again", async () => {
  expect(await enrol()).toMatchObject({ type: 'done' })
  const code = newCode()
  expect(keepRecovery(place.folder, FILE_KEY, code)).toBe(true)
  await station.close()
  const kept: Uint8Array[] = []
  const lost = await openAgain({
    key: 'KEY_UNREADABLE',
    keepKey: (key) => Promise.resolve(void kept.push(key)),
  })
  onTestFinished(() => lost.close())
  expect(await sessionOf(lost, 'TROUBLE')).toMatchObject({
    code: 'KEY_UNREADABLE',
    canRecover: true,
  })
  const other = newCode()
  expect(await act(lost, 'openWithRecoveryCode', { code: other })).toMatchObject({
    code: 'INVALID',
  })
  expect(await act(lost, 'tryAgain', {})).toMatchObject({ type: 'done' })
  await sessionOf(lost, 'TROUBLE')
  expect(await act(lost, 'openWithRecoveryCode', { code: code.toLowerCase() })).toMatchObject({
    type: 'done',
  })
  // The same station, with all that it had.
  await sessionOf(lost, 'OPENING')
  expect(kept).toEqual([FILE_KEY])
})

test("a recovery code that replaces another gives the file another key; the clinic's same code does not", async () => {
  roles = ['ADMIN']
  await enrol()
  await station.close()
  const kept: Uint8Array[] = []
  const log: string[] = []
  const open = (key: Uint8Array): Promise<Station> =>
    openAgain({
      key,
      keepKey: (next) => Promise.resolve(void kept.push(next)),
      log: ({ event }) => void log.push(event),
    })
  station = await open(FILE_KEY)
  const mona = { email: 'mona@nour.example', password: 'كلمة سر طويلة' }
  await act(station, 'signIn', mona)
  const [first, second] = [newCode(), newCode()]
  for (const code of [first, first]) await act(station, 'keepRecoveryCode', { code })
  expect([kept, recoverKey(place.folder, first)]).toEqual([[], FILE_KEY])
  expect(await act(station, 'keepRecoveryCode', { code: second })).toMatchObject({ type: 'done' })
  const [key = FILE_KEY, ...others] = kept
  expect([key, others]).toEqual([expect.not.objectContaining(FILE_KEY), []])
  expect([recoverKey(place.folder, first), recoverKey(place.folder, second)]).toEqual([null, key])
  // Nobody at the desk waits for it.
  expect(log).not.toContain('rekeyed')
  await station.close()
  station = await open(key)
  await sessionOf(station, 'OPENING')
  expect(log).toContain('rekeyed')
  await station.close()
  const path = join(place.folder, 'clinic.db')
  expect(() => openStore({ path, key: FILE_KEY })).toThrow('WRONG_KEY')
  await openStore({ path, key }).close()
})

test('a page that is read only when the work begins is replaced like any other', async () => {
  await enrol()
  await station.close()
  const path = join(place.folder, 'clinic.db')
  const store = openStore({ path, key: FILE_KEY })
  const root = store.db
    .prepare<[], number>("SELECT rootpage FROM sqlite_schema WHERE name = 'people'")
    .pluck()
    .get()
  await store.close()
  const bytes = readFileSync(path)
  const at = ((root ?? 0) - 1) * 4096 + 50
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
  const log: string[] = []
  const again = await openAgain({ log: ({ event }) => void log.push(event) })
  onTestFinished(() => again.close())
  // The same station, of the same clinic.
  await sessionOf(again, 'OPENING')
  expect(log).toEqual(expect.arrayContaining(['damaged', 'replaced']))
})

test('only an ADMIN makes a recovery code', async () => {
  expect(await act(station, 'newRecoveryCode', {})).toMatchObject({ code: 'NOT_ENROLLED' })
  await enrol()
  expect(await act(station, 'newRecoveryCode', {})).toMatchObject({ code: 'SESSION_LOCKED' })
  const mona = { email: 'mona@nour.example', password: 'كلمة سر طويلة' }
  const code = newCode()
  const outcomes = async (): Promise<unknown[]> => {
    await act(station, 'signIn', mona)
    const made = await act(station, 'newRecoveryCode', {})
    return [made, await act(station, 'keepRecoveryCode', { code })].map((answer) =>
      answer.type === 'refused' ? answer.code : answer.type,
    )
  }
  expect(await outcomes()).toEqual(['FORBIDDEN', 'FORBIDDEN'])
  roles = ['ADMIN']
  expect(await outcomes()).toEqual(['done', 'done'])
})

test('only who is signed in puts away what became of a damaged file', async () => {
  expect(await act(station, 'dismissDamage', {})).toMatchObject({ code: 'NOT_ENROLLED' })
  await enrol()
  expect(await act(station, 'dismissDamage', {})).toMatchObject({ code: 'SESSION_LOCKED' })
})

test('an enrolment that failed may be tried again', async () => {
  isDown = true
  expect(await enrol()).toMatchObject({ type: 'refused' })
  isDown = false
  expect(await enrol()).toMatchObject({ type: 'done' })
})

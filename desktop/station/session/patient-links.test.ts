import { createServer, type Server } from 'node:http'
import { text as readText } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AppError, refusal } from '#shared/errors.ts'
import type { ClinicId, PatientId, UserId } from '#shared/ids.ts'
import type { Role } from '#shared/roles.ts'
import { idOf } from '#shared/test-values.ts'
import { openPatientLinks, type PatientLinks } from './patient-links.ts'

const CLINIC: ClinicId = idOf(1)
const OTHER: ClinicId = idOf(2)
const PASSWORD = 'كلمة سر طويلة'
const patientId: PatientId = idOf(30)
const asked = { patientId, password: PASSWORD }
const link = { patientId, otherClinicId: OTHER, otherPatientId: idOf<PatientId>(31) }
const there = { patientId: idOf(31), name: 'منى', birthDate: null }

let server: Server
let serverUrl: string
/** What was asked, in order: method, path, who, what. */
let requests: Array<[string, string, string | undefined, unknown]>
let answer: { status: number; body: object }
/** Who is at the desk. */
let userId: UserId
let roles: Role[]

beforeEach(async () => {
  requests = []
  userId = idOf(20)
  roles = ['ADMIN']
  answer = { status: 200, body: { ok: true } }
  server = createServer((request, response) => {
    void readText(request).then((text) => {
      const body: unknown = text === '' ? null : JSON.parse(text)
      const { method = '', url = '', headers } = request
      requests.push([method, url, headers.authorization, body])
      const given = url === '/v1/sign-in' ? signInAnswer(body) : answer
      response.writeHead(given.status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(given.body))
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no address')
  serverUrl = `http://127.0.0.1:${address.port}`
})
afterEach(() => closeServer())

function signInAnswer(body: unknown): typeof answer {
  if (Reflect.get(Object(body), 'password') !== PASSWORD) {
    return { status: 401, body: refusal('SIGN_IN_FAILED') }
  }
  const signedIn = { ok: true, userId: idOf(20), name: '', accessToken: 'hers', memberships: [] }
  return { status: 200, body: signedIn }
}

async function closeServer(): Promise<void> {
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
}

function open(): PatientLinks {
  const person = () => ({ userId, name: 'منى', roles })
  return openPatientLinks({
    clinic: () => ({ serverUrl, clinicId: CLINIC, session: { person, require: person } }),
    people: {
      byId: (id) => ({
        userId: id,
        email: 'mona@nour.example',
        name: 'منى',
        roles: [],
        password: '',
        pin: null,
        failed: 0,
        lockedUntil: 0,
        pinFailed: 0,
      }),
    },
  })
}

const codeOf = (promise: Promise<unknown> | object): Promise<string> =>
  Promise.resolve(promise).then(
    () => 'OK',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  )
const sharing = `/v1/clinics/${CLINIC}/patients/${patientId}/sharing`

test('what the person at the desk asks goes by the password that they give once', async () => {
  const { findLinks, linkPatient, unlinkPatient } = open().actions
  const linked = { ...there, phones: ['+201001234567'], linkedAt: '2026-11-01', agreed: true }
  const clinics = [{ clinicId: OTHER, clinicName: 'المعادي', linked, suggestions: [] }]
  answer.body = { ok: true, clinics }
  expect(await findLinks(asked)).toEqual({ clinics })
  expect(await findLinks({ patientId, password: null })).toEqual({ clinics })
  answer.body = { ok: true }
  expect(await linkPatient(link)).toEqual({})
  expect(await unlinkPatient({ patientId, otherClinicId: OTHER })).toEqual({})
  expect(requests).toEqual([
    ['POST', '/v1/sign-in', undefined, { email: 'mona@nour.example', password: PASSWORD }],
    ['GET', sharing, 'Bearer hers', null],
    ['GET', sharing, 'Bearer hers', null],
    ['PUT', `${sharing}/${OTHER}`, 'Bearer hers', { patientId: idOf(31) }],
    ['DELETE', `${sharing}/${OTHER}`, 'Bearer hers', null],
  ])
})

test('a server of before, which says less, is understood', async () => {
  const old = { clinicId: OTHER, clinicName: 'المعادي', suggestions: [] }
  const linked = { patientId: idOf(31), name: 'منى', linkedAt: '2026-11-01' }
  answer.body = { ok: true, clinics: [{ ...old, linked }] }
  const { clinics } = await open().actions.findLinks(asked)
  expect(clinics).toEqual([
    { ...old, linked: { ...linked, phones: [], birthDate: null, agreed: null } },
  ])
})

test('who is no ADMIN asks nothing, and a wrong password nothing more', async () => {
  roles = ['DOCTOR', 'RECEPTION']
  expect(await codeOf(open().actions.findLinks(asked))).toBe('FORBIDDEN')
  expect(requests).toEqual([])
  roles = ['ADMIN']
  const { findLinks, linkPatient } = open().actions
  expect(await codeOf(findLinks({ ...asked, password: 'x' }))).toBe('SIGN_IN_FAILED')
  expect(await codeOf(linkPatient(link))).toBe('UNAUTHENTICATED')
  expect(requests.map(([, path]) => path)).toEqual(['/v1/sign-in'])
})

test('a password is its giver’s alone, until somebody comes in', async () => {
  const { actions, forget } = open()
  const { findLinks, linkPatient } = actions
  answer.body = { ok: true, clinics: [] }
  await findLinks(asked)
  userId = idOf(21)
  expect(await codeOf(findLinks({ patientId, password: null }))).toBe('UNAUTHENTICATED')
  expect(await codeOf(linkPatient(link))).toBe('UNAUTHENTICATED')
  userId = idOf(20)
  roles = ['RECEPTION']
  expect(await codeOf(linkPatient(link))).toBe('FORBIDDEN')
  roles = ['ADMIN']
  forget()
  expect(await codeOf(linkPatient(link))).toBe('UNAUTHENTICATED')
  expect(requests).toHaveLength(2)
})

test('what the server refuses, and that it was not heard, is said as it is', async () => {
  const { findLinks, linkPatient } = open().actions
  answer.body = { ok: true, clinics: [] }
  await findLinks(asked)
  answer = { status: 400, body: refusal('INVALID', { issues: ['patientId'] }) }
  expect(await codeOf(linkPatient(link))).toBe('INVALID')
  answer = { status: 401, body: refusal('UNAUTHENTICATED') }
  expect(await codeOf(linkPatient(link))).toBe('UNAUTHENTICATED')
  // As of a hotel's page that takes every request for a visitor.
  answer = { status: 200, body: { welcome: true } }
  expect(await codeOf(linkPatient(link))).toBe('UNAVAILABLE')
  await closeServer()
  expect(await codeOf(linkPatient(link))).toBe('OFFLINE')
  expect(await codeOf(findLinks(asked))).toBe('OFFLINE')
})

import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ClinicStaff } from '#shared/clinic.ts'
import { AppError, type ErrorCode } from '#shared/errors.ts'
import { idOf, START } from '#shared/test-values.ts'
import { prepareTables } from '../replica/station-tables.ts'
import { openPeople, type People } from './people.ts'
import { openSession, type StationSession } from './station-session.ts'

const MONA: ClinicStaff = {
  kind: 'STAFF',
  userId: idOf(20),
  name: 'منى',
  email: 'mona@nour.example',
  roles: ['RECEPTION'],
  active: true,
}
const PASSWORD = 'كلمة سر طويلة'

let db: Database.Database
let people: People
let session: StationSession
let now: number
let monotonic: number
let staff: ClinicStaff[]
/** What the server answers: a refusal, or null for a person it knows. */
let refusal: ErrorCode | null

function open(): void {
  people = openPeople(db)
  session = openSession({
    people,
    read: { staff: () => staff },
    isOpen: () => true,
    door: {
      post({ body, answer }) {
        if (refusal !== null) return Promise.reject(new AppError(refusal))
        const isRight = Reflect.get(Object(body), 'password') === PASSWORD
        if (!isRight) return Promise.reject(new AppError('SIGN_IN_FAILED'))
        const { userId, name, roles } = MONA
        return Promise.resolve(answer.parse({ ok: true, userId, name, roles }))
      },
    },
    now: () => now,
    monotonic: () => monotonic,
    onChange: () => undefined,
  })
}

beforeEach(() => {
  db = new Database(':memory:')
  prepareTables(db)
  now = START
  monotonic = 0
  staff = [MONA]
  refusal = null
  open()
})
afterEach(() => db.close())

function pass(ms: number): void {
  now += ms
  monotonic += ms
}

const signIn = (password = PASSWORD): Promise<void> =>
  session.signIn(' Mona@nour.example ', password)
const codeOf = (promise: Promise<void>): Promise<string> =>
  promise.then(
    () => 'OK',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  )

describe('signing in', () => {
  test('the first time needs the server, from then on it does not', async () => {
    refusal = 'OFFLINE'
    expect(await codeOf(signIn())).toBe('SIGN_IN_NEEDS_INTERNET')
    refusal = null
    await signIn()
    expect(session.person()).toEqual({ userId: MONA.userId, name: 'منى', roles: ['RECEPTION'] })
    refusal = 'OFFLINE'
    open()
    expect(session.person()).toBeNull()
    expect(await codeOf(signIn('wrong'))).toBe('SIGN_IN_FAILED')
    await signIn()
    expect(session.require().userId).toBe(MONA.userId)
    session.lock()
    expect(() => session.require()).toThrow(expect.objectContaining({ code: 'SESSION_LOCKED' }))
  })

  test('a password that the server no longer takes is not taken here either while it is heard', async () => {
    await signIn()
    refusal = 'SIGN_IN_FAILED'
    expect(await codeOf(signIn())).toBe('SIGN_IN_FAILED')
  })

  test('who is no longer a member is out at once, and cannot come back offline', async () => {
    await signIn()
    staff = [{ ...MONA, active: false }]
    expect(session.person()).toBeNull()
    refusal = 'OFFLINE'
    expect(await codeOf(signIn())).toBe('MEMBER_INACTIVE')
    staff = []
    expect(await codeOf(signIn())).toBe('MEMBER_INACTIVE')
  })

  test('who was put out and taken in again signs in again', async () => {
    await signIn()
    staff = [{ ...MONA, active: false }]
    expect(session.person()).toBeNull()
    staff = [MONA]
    expect(session.person()).toBeNull()
  })

  test('a lock ends the sign-ins that had begun', async () => {
    await signIn()
    await session.setPin(PASSWORD, '2468')
    for (const begin of [signIn, () => session.unlock(MONA.userId, '2468')]) {
      for (const code of [null, 'OFFLINE'] as const) {
        refusal = code
        const begun = begin()
        session.lock()
        expect(await codeOf(begun)).toBe('SESSION_LOCKED')
        expect(session.person()).toBeNull()
      }
    }
    expect(await codeOf(signIn())).toBe('OK')
  })

  test('roles are those of the directory', async () => {
    await signIn()
    staff = [{ ...MONA, roles: ['ACCOUNTANT'] }]
    expect(session.person()?.roles).toEqual(['ACCOUNTANT'])
  })
})

describe('guessing', () => {
  test('is slowed down, and a restart forgives nothing', async () => {
    await signIn()
    refusal = 'OFFLINE'
    for (let guess = 0; guess < 5; guess += 1) {
      expect(await codeOf(signIn('wrong'))).toBe('SIGN_IN_FAILED')
    }
    open()
    expect(await codeOf(signIn())).toBe('TOO_MANY_ATTEMPTS')
    pass(31_000)
    expect(await codeOf(signIn('wrong'))).toBe('SIGN_IN_FAILED')
    pass(31_000)
    expect(await codeOf(signIn())).toBe('TOO_MANY_ATTEMPTS')
    pass(30_000)
    expect(await codeOf(signIn())).toBe('OK')
  })

  test('a clock pushed forward skips no wait, and one set back lengthens none', async () => {
    await signIn()
    refusal = 'OFFLINE'
    for (let guess = 0; guess < 5; guess += 1) await codeOf(signIn('wrong'))
    now += 86_400_000
    expect(await codeOf(signIn())).toBe('TOO_MANY_ATTEMPTS')
    now -= 2 * 86_400_000
    pass(31_000)
    expect(await codeOf(signIn())).toBe('OK')
  })

  test('a wait that a restart found goes by the monotonic clock too', async () => {
    await signIn()
    refusal = 'OFFLINE'
    for (let guess = 0; guess < 5; guess += 1) await codeOf(signIn('wrong'))
    open()
    now += 86_400_000
    expect(await codeOf(signIn())).toBe('TOO_MANY_ATTEMPTS')
    pass(31_000)
    expect(await codeOf(signIn())).toBe('OK')
  })

  test('two guesses at once count as two', async () => {
    await signIn()
    refusal = 'OFFLINE'
    const codes = await Promise.all(Array.from({ length: 8 }, () => codeOf(signIn('wrong'))))
    expect(codes.filter((code) => code === 'SIGN_IN_FAILED')).toHaveLength(5)
  })
})

describe('a PIN', () => {
  test('unlocks, until it was wrong too often; then the password forgives', async () => {
    await signIn()
    await session.setPin(PASSWORD, '2468')
    refusal = 'OFFLINE'
    session.lock()
    await session.unlock(MONA.userId, '2468')
    expect(session.person()?.userId).toBe(MONA.userId)
    for (let guess = 0; guess < 5; guess += 1) {
      expect(await codeOf(session.unlock(MONA.userId, '0000'))).toBe('SIGN_IN_FAILED')
    }
    open()
    expect(await codeOf(session.unlock(MONA.userId, '2468'))).toBe('TOO_MANY_ATTEMPTS')
    await signIn()
    await session.unlock(MONA.userId, '2468')
  })

  test('is set with the password alone, and guessing that counts', async () => {
    await signIn()
    refusal = 'OFFLINE'
    for (let guess = 0; guess < 5; guess += 1) {
      expect(await codeOf(session.setPin('wrong', '2468'))).toBe('SIGN_IN_FAILED')
    }
    expect(await codeOf(session.setPin(PASSWORD, '2468'))).toBe('TOO_MANY_ATTEMPTS')
    expect(people.byId(MONA.userId)?.pin).toBeNull()
    pass(31_000)
    const begun = session.setPin(PASSWORD, '2468')
    session.lock()
    expect(await codeOf(begun)).toBe('SESSION_LOCKED')
    expect(people.byId(MONA.userId)?.pin).toBeNull()
  })

  test('of someone else opens nothing', async () => {
    await signIn()
    expect(await codeOf(session.unlock(idOf(21), '2468'))).toBe('SIGN_IN_FAILED')
    expect(await codeOf(session.unlock(MONA.userId, '2468'))).toBe('SIGN_IN_FAILED')
  })
})

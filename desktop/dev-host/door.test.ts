import { expect, test } from 'vitest'
import { admit, admitSocket, type Caller, type Door } from './door.ts'

const door: Door = { origin: 'http://127.0.0.1:4711', token: 'secret', cookieName: 'dawr-4711' }

const caller = (changes: Partial<Caller> = {}): Caller => ({
  url: '/',
  host: '127.0.0.1:4711',
  origin: undefined,
  cookie: 'other=1; dawr-4711=secret',
  ...changes,
})

test('the address with the token leaves a cookie and drops the token from the address', () => {
  expect(admit(door, caller({ url: '/tv?token=secret&screen=2', cookie: undefined }))).toEqual({
    outcome: 'signed-in',
    location: '/tv?screen=2',
    cookie: 'dawr-4711=secret; HttpOnly; SameSite=Strict; Path=/',
  })
})

test('the cookie admits', () => {
  expect(admit(door, caller()).outcome).toBe('admitted')
  expect(admit(door, caller({ origin: door.origin })).outcome).toBe('admitted')
})

test.each<[string, Partial<Caller>]>([
  ['no cookie', { cookie: undefined }],
  ['a wrong cookie', { cookie: 'dawr-4711=Secret' }],
  ["another host's cookie", { cookie: 'dawr-4712=secret' }],
  ['a wrong token, even with the cookie', { url: '/?token=guess' }],
  ['a rebound name', { host: 'evil.example:4711' }],
  ['localhost by name', { host: 'localhost:4711' }],
  ['no host', { host: undefined }],
  ['another port', { host: '127.0.0.1:80' }],
  ["another page's origin", { origin: 'https://evil.example' }],
  ['an opaque origin', { origin: 'null' }],
  ['an absolute address elsewhere', { url: 'http://evil.example/' }],
])('refused: %s', (_name, changes) => {
  expect(admit(door, caller(changes)).outcome).toBe('refused')
})

test('a socket needs our origin and the cookie; the token in its address is not enough', () => {
  expect(admitSocket(door, caller({ origin: door.origin }))).toBe(true)
  expect(admitSocket(door, caller())).toBe(false)
  expect(admitSocket(door, caller({ origin: 'https://evil.example' }))).toBe(false)
  expect(admitSocket(door, caller({ origin: door.origin, url: '/contract?token=secret' }))).toBe(
    false,
  )
})

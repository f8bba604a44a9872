import { expect, test } from 'vitest'
import { ConfigError, readConfig } from './config.ts'

const KEY = { kty: 'OKP', crv: 'Ed25519', x: 'public-part', d: 'private-part' }

test('nothing set is a whole configuration: the embedded database, and a trial of 14 days', () => {
  expect(readConfig({})).toMatchObject({
    database: null,
    host: '127.0.0.1',
    publicUrl: null,
    clinicHost: null,
    trialDays: 14,
    trustedProxies: 0,
    signingKey: null,
  })
})

test('an empty variable is one that is not set', () => {
  expect(readConfig({ DATABASE_URL: '', PORT: '', SIGNING_KEY: '' })).toEqual(readConfig({}))
})

test('what is set is taken', () => {
  const config = readConfig({
    DATABASE_URL: 'postgres://app@db/dawr',
    DATABASE_OWNER_URL: 'postgresql://owner@db/dawr',
    PORT: '0',
    TRIAL_DAYS: '7',
    PUBLIC_URL: 'https://dawr.example',
    SIGNING_KEY: JSON.stringify(KEY),
    UNRELATED: 'x',
  })
  expect(config).toMatchObject({
    database: { appUrl: 'postgres://app@db/dawr', ownerUrl: 'postgresql://owner@db/dawr' },
    port: 0,
    trialDays: 7,
    publicUrl: 'https://dawr.example',
    signingKey: KEY,
  })
})

test('all that is wrong is named at once, and no value is repeated', () => {
  const wrong = { PORT: '70000', TRIAL_DAYS: 'secret', DATABASE_URL: 'mysql://secret@db' }
  expect(() => readConfig(wrong)).toThrow(ConfigError)
  expect(() => readConfig(wrong)).toThrow(/(?=.*PORT)(?=.*TRIAL_DAYS)(?=.*DATABASE_URL)/)
  expect(() => readConfig(wrong)).not.toThrow(/secret/)
})

test('one database address without the other is refused', () => {
  expect(() => readConfig({ DATABASE_URL: 'postgres://app@db/dawr' })).toThrow('go together')
  expect(() => readConfig({ DATABASE_OWNER_URL: 'postgres://owner@db/dawr' })).toThrow(
    'go together',
  )
})

test('a key file that is not there, or holds no key, is named by its variable and not by its path', () => {
  for (const [file, message] of [
    ['/nowhere/private-path', 'SIGNING_KEY_FILE: cannot be read (ENOENT)'],
    [new URL(import.meta.url).pathname, 'SIGNING_KEY_FILE: not JSON'],
  ] as const) {
    expect(() => readConfig({ SIGNING_KEY_FILE: file })).toThrow(new ConfigError(message))
  }
})

test.each([
  ['no JSON', 'private-part', 'SIGNING_KEY: not JSON'],
  ['another kind of key', JSON.stringify({ ...KEY, kty: 'EC' }), 'not an Ed25519 private key'],
  ['a public key', JSON.stringify({ ...KEY, d: undefined }), 'not an Ed25519 private key'],
])('a signing key that is %s is refused without being printed', (_, key, message) => {
  expect(() => readConfig({ SIGNING_KEY: key })).toThrow(message)
  expect(() => readConfig({ SIGNING_KEY: key })).not.toThrow(/private-part/)
})

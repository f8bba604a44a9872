import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keepProfileKey, keystoreRefusal, profileKey, type Keystore } from './profile-key.ts'

/** A keystore that only opens what the same Windows account closed. */
function keystoreOf(account: string, options: Partial<Keystore> = {}): Keystore {
  return {
    platform: 'win32',
    isAvailable: () => Promise.resolve(true),
    backend: () => 'unknown',
    encrypt: (text) => Promise.resolve(Buffer.from(`${account}:${text}`)),
    decrypt: (encrypted) => {
      const [owner, text] = encrypted.toString().split(':')
      return owner === account && text !== undefined
        ? Promise.resolve(text)
        : Promise.reject(new Error('decryption failed'))
    },
    ...options,
  }
}

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dawr-key-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('the first start makes a key, the next ones read the same', async () => {
  const first = await profileKey(folder, keystoreOf('sara'), false)
  const second = await profileKey(folder, keystoreOf('sara'), false)
  expect(first).toMatchObject({ ok: true, key: { length: 32 } })
  expect(second).toEqual(first)
})

test('the key never touches the disk in the clear', async () => {
  const seal = (text: string) => Promise.resolve(Buffer.from(text.toUpperCase()))
  const result = await profileKey(folder, keystoreOf('sara', { encrypt: seal }), false)
  if (!result.ok) throw new Error(result.code)
  const stored = await readFile(join(folder, 'station.key'), 'utf8')
  expect(stored).not.toContain(Buffer.from(result.key).toString('base64'))
})

test('another account, or a damaged file, gets no key and does not replace it', async () => {
  await profileKey(folder, keystoreOf('sara'), false)
  const before = await readFile(join(folder, 'station.key'))
  expect(await profileKey(folder, keystoreOf('thief'), false)).toEqual({
    ok: false,
    code: 'KEY_UNREADABLE',
  })
  expect(await readFile(join(folder, 'station.key'))).toEqual(before)
})

test('a short key is refused', async () => {
  await writeFile(join(folder, 'station.key'), 'sara:AAAA')
  expect(await profileKey(folder, keystoreOf('sara'), false)).toMatchObject({
    code: 'KEY_UNREADABLE',
  })
})

test('data without its key is never given a new key', async () => {
  await writeFile(join(folder, 'clinic.db'), 'encrypted')
  expect(await profileKey(folder, keystoreOf('sara'), false)).toEqual({
    ok: false,
    code: 'KEY_MISSING',
  })
})

test("Linux's basic_text protects nothing: refused, but in the demo", async () => {
  const basic = keystoreOf('sara', { platform: 'linux', backend: () => 'basic_text' })
  expect(await keystoreRefusal(basic, false)).toBe('KEYSTORE_UNPROTECTED')
  expect(await keystoreRefusal(basic, true)).toBe(null)
  const keyring = keystoreOf('sara', { platform: 'linux', backend: () => 'gnome_libsecret' })
  expect(await keystoreRefusal(keyring, false)).toBe(null)
})

test('no keystore, no key', async () => {
  const none = keystoreOf('sara', { isAvailable: () => Promise.resolve(false) })
  expect(await profileKey(folder, none, true)).toEqual({ ok: false, code: 'KEYSTORE_UNAVAILABLE' })
})

test('a recovered key is kept for the account of today, and the unreadable one is not thrown away', async () => {
  const first = await profileKey(folder, keystoreOf('sara'), false)
  if (!first.ok) throw new Error(first.code)
  const before = await readFile(join(folder, 'station.key'))
  expect(await profileKey(folder, keystoreOf('sara-2'), false)).toMatchObject({ ok: false })
  expect(await keepProfileKey(folder, keystoreOf('sara-2'), first.key)).toBe(true)
  expect(await profileKey(folder, keystoreOf('sara-2'), false)).toEqual({
    ok: true,
    key: Buffer.from(first.key),
  })
  expect(await readFile(join(folder, 'station.key.old'))).toEqual(before)
  const broken = keystoreOf('x', { encrypt: () => Promise.reject(new Error('no')) })
  expect(await keepProfileKey(folder, broken, first.key)).toBe(false)
})

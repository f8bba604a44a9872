import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../replica/test-replica.ts'
import { formatRecoveryCode, makeRecoverySeed, parseRecoveryCode } from './recovery-code.ts'
import { formerKeys } from './former-keys.ts'
import {
  hasRecovery,
  keepRecovery,
  recoverKey,
  renewKey,
  replacesRecovery,
} from './recovery-file.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

test('a code says its seed, however it is typed', () => {
  fc.assert(
    fc.property(bytes(16), (raw) => {
      const seed = Buffer.from(raw)
      const code = formatRecoveryCode(seed)
      expect(code).toMatch(/^(?:[0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}$/)
      expect(parseRecoveryCode(code)).toEqual(seed)
      const sloppy = code
        .toLowerCase()
        .replaceAll('-', ' ')
        .replaceAll('0', 'o')
        .replaceAll('1', 'l')
      expect(parseRecoveryCode(` ${sloppy}\n`)).toEqual(seed)
    }),
  )
})

test('one mistyped character is nearly always found', () => {
  const code = formatRecoveryCode(makeRecoverySeed())
  let missed = 0
  for (let at = 0; at < code.length; at += 1) {
    if (code[at] === '-') continue
    for (const other of '0123456789ABCDEFGHJKMNPQRSTVWXYZ') {
      if (other === code[at]) continue
      if (parseRecoveryCode(`${code.slice(0, at)}${other}${code.slice(at + 1)}`) !== null)
        missed += 1
    }
  }
  // 868 of them, each with one chance in 4,096.
  expect(missed).toBeLessThan(8)
  expect(parseRecoveryCode(code.slice(0, -1))).toBeNull()
  expect(parseRecoveryCode('')).toBeNull()
})

test("the owner's code opens the key, no other does, and the file alone tells nothing", () => {
  const { folder, remove } = temporaryFolder()
  onTestFinished(remove)
  const key = new Uint8Array(randomBytes(32))
  const code = formatRecoveryCode(makeRecoverySeed())
  expect(hasRecovery(folder)).toBe(false)
  expect(recoverKey(folder, code)).toBeNull()
  expect(keepRecovery(folder, key, 'not a code')).toBe(false)
  expect(hasRecovery(folder)).toBe(false)
  expect(keepRecovery(folder, key, code)).toBe(true)
  expect(recoverKey(folder, code)).toEqual(key)
  expect(recoverKey(folder, formatRecoveryCode(makeRecoverySeed()))).toBeNull()
  const text = readFileSync(join(folder, 'recovery.json'), 'utf8')
  for (const secret of [Buffer.from(key), parseRecoveryCode(code) ?? Buffer.from('none')]) {
    expect(text).not.toContain(secret.toString('base64'))
    expect(text).not.toContain(secret.toString('hex'))
  }
  // A newer code replaces the older.
  const next = formatRecoveryCode(makeRecoverySeed())
  keepRecovery(folder, key, next)
  expect(recoverKey(folder, code)).toBeNull()
  expect(recoverKey(folder, next)).toEqual(key)
})

test('what a bad disk has left of the files of keys keeps nobody from starting, or from another code', async () => {
  const { folder, remove } = temporaryFolder()
  onTestFinished(remove)
  const key = new Uint8Array(32).fill(5)
  const [lost, code] = [1, 2].map(() => formatRecoveryCode(makeRecoverySeed()))
  for (const name of ['recovery.json', 'former-keys.json'])
    writeFileSync(join(folder, name), '{"version":1,"recip')
  expect([hasRecovery(folder), recoverKey(folder, lost ?? '')]).toEqual([false, null])
  expect(formerKeys(folder, key)).toEqual([])
  expect(replacesRecovery(folder, code ?? '')).toBe(false)
  const kept: Uint8Array[] = []
  const keepKey = (next: Uint8Array) => Promise.resolve(void kept.push(next))
  const next = await renewKey(folder, { key, code: code ?? '', keepKey })
  expect([kept, recoverKey(folder, code ?? ''), formerKeys(folder, next)]).toEqual([
    [next],
    next,
    [key],
  ])
})

test('a copy that was tampered with opens nothing', () => {
  const { folder, remove } = temporaryFolder()
  onTestFinished(remove)
  const code = formatRecoveryCode(makeRecoverySeed())
  keepRecovery(folder, new Uint8Array(32).fill(5), code)
  const path = join(folder, 'recovery.json')
  const wrapped = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>
  for (const field of ['ephemeral', 'nonce', 'sealed']) {
    const changed = Buffer.from(wrapped[field] ?? '', 'base64')
    changed[3] = (changed[3] ?? 0) ^ 1
    writeFileSync(path, JSON.stringify({ ...wrapped, [field]: changed.toString('base64') }))
    expect(recoverKey(folder, code)).toBeNull()
  }
})

import { createHash, randomBytes } from 'node:crypto'
import { toLatinDigits } from '#shared/digits.ts'

/**
 * The owner's recovery key as a person keeps it: 128 random bits and 12 of a checksum, in Crockford's
 * base32 (crockford.com/base32.html), seven groups of four. It is on paper only: whoever has it and
 * the disk can read the data.
 */
export type RecoverySeed = Buffer

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const SEED_BYTES = 16
const CHECK_BITS = 12n
const CHARACTERS = 28
const GROUP = 4

export function makeRecoverySeed(): RecoverySeed {
  return randomBytes(SEED_BYTES)
}

export function formatRecoveryCode(seed: RecoverySeed): string {
  let bits = (BigInt(`0x${seed.toString('hex')}`) << CHECK_BITS) | checkOf(seed)
  let text = ''
  for (let n = 0; n < CHARACTERS; n += 1) {
    text = `${ALPHABET[Number(bits & 31n)] ?? ''}${text}`
    bits >>= 5n
  }
  return text.match(new RegExp(`.{${GROUP}}`, 'g'))?.join('-') ?? text
}

/** As it was typed: small letters, O for 0, I or L for 1, any spaces. Null: not a code, or mistyped. */
export function parseRecoveryCode(typed: string): RecoverySeed | null {
  const text = toLatinDigits(typed)
    .toUpperCase()
    .replaceAll(/[\s\u2010-\u2015-]/g, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1')
  if (text.length !== CHARACTERS) return null
  let bits = 0n
  for (const character of text) {
    const value = ALPHABET.indexOf(character)
    if (value < 0) return null
    bits = (bits << 5n) | BigInt(value)
  }
  const hex = (bits >> CHECK_BITS).toString(16).padStart(2 * SEED_BYTES, '0')
  const seed = Buffer.from(hex, 'hex')
  const check = bits & ((1n << CHECK_BITS) - 1n)
  return check === checkOf(seed) ? seed : null
}

/** Not a secret's guard: it tells one mistyped character from a wrong paper, 4,095 times in 4,096. */
function checkOf(seed: RecoverySeed): bigint {
  const digest = createHash('sha256').update('dawr recovery code').update(seed).digest()
  return BigInt(digest.readUInt16BE(0) >> 4)
}

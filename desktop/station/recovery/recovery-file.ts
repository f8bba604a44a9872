import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { writeDurably } from '../storage/write-durably.ts'
import { keepFormerKey } from './former-keys.ts'
import { readJson } from './read-json.ts'
import { parseRecoveryCode } from './recovery-code.ts'
import { recoveryPublicKey, unwrapKey, WrappedKey, wrapKey } from './wrapped-key.ts'

/** Beside the clinic's file. The copy for this computer is the shell's, in its own file and keystore. */
const NAME = 'recovery.json'

export function hasRecovery(folder: string): boolean {
  try {
    return readRecovery(folder) !== null
  } catch {
    // Somebody has it just now, so it is there.
    return true
  }
}

/**
 * Wraps the file's key to the owner of this code; an earlier wrapping is replaced.
 *
 * @returns false: not a code
 */
export function keepRecovery(folder: string, key: Uint8Array, code: string): boolean {
  const seed = parseRecoveryCode(code)
  if (seed === null) return false
  const text = JSON.stringify(wrapKey(key, recoveryPublicKey(seed)))
  // Before anybody is told that the code works.
  writeDurably(join(folder, NAME), text)
  return true
}

/** Whether this code is another than the one that counts: that one is lost, or in wrong hands. */
export function replacesRecovery(folder: string, code: string): boolean {
  const seed = parseRecoveryCode(code)
  const present = readRecovery(folder)
  if (seed === null || present === null) return false
  return present.recipient !== recoveryPublicKey(seed).toString('base64')
}

/**
 * Gives the file another key, wrapped to the owner of this code: a copy of what the former code opened opens nothing
 * that is written from then on. The file itself is encrypted anew at its next opening (`openClinicFile`).
 *
 * Whoever has the next key has the present one from the first write on, and the owner has the next one before this
 * computer does, which opens the file: so whenever this is killed, both have a key that leads to the file's.
 *
 * @param keepKey keeps it for this computer; when it throws, the present key stays this computer's
 * @returns the next key
 */
export async function renewKey(
  folder: string,
  { key, code, keepKey }: KeyRenewal,
): Promise<Uint8Array> {
  const next = new Uint8Array(randomBytes(key.length))
  keepFormerKey(folder, key, next)
  keepRecovery(folder, next, code)
  await keepKey(next)
  return next
}

export interface KeyRenewal {
  /** Of now. */
  readonly key: Uint8Array
  /** The owner's new one. */
  readonly code: string
  readonly keepKey: (key: Uint8Array) => Promise<void>
}

/** The file's key by the owner's code; null: mistyped, another clinic's, or there is no copy here. */
export function recoverKey(folder: string, code: string): Uint8Array | null {
  const seed = parseRecoveryCode(code)
  const present = readRecovery(folder)
  return seed === null || present === null ? null : unwrapKey(present, seed)
}

/** Null: there is none, or a bad disk has left nothing of it. */
function readRecovery(folder: string): WrappedKey | null {
  return readJson(join(folder, NAME), WrappedKey)
}

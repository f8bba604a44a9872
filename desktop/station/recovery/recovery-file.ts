import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from '../storage/write-durably.ts'
import { parseRecoveryCode } from './recovery-code.ts'
import { recoveryPublicKey, unwrapKey, WrappedKey, wrapKey } from './wrapped-key.ts'

/** Beside the clinic's file. The copy for this computer is the shell's, in its own file and keystore. */
const NAME = 'recovery.json'

export function hasRecovery(folder: string): boolean {
  return existsSync(join(folder, NAME))
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

/** The file's key by the owner's code; null: mistyped, another clinic's, or there is no copy here. */
export function recoverKey(folder: string, code: string): Uint8Array | null {
  const seed = parseRecoveryCode(code)
  if (seed === null || !hasRecovery(folder)) return null
  return unwrapKey(WrappedKey.parse(JSON.parse(readFileSync(join(folder, NAME), 'utf8'))), seed)
}

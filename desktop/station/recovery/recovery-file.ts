import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
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
  const path = join(folder, NAME)
  // Whole or not at all, and on disk before anybody is told that the code works.
  const file = openSync(`${path}.new`, 'w', 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(`${path}.new`, path)
  return true
}

/** The file's key by the owner's code; null: mistyped, another clinic's, or there is no copy here. */
export function recoverKey(folder: string, code: string): Uint8Array | null {
  const seed = parseRecoveryCode(code)
  if (seed === null || !hasRecovery(folder)) return null
  return unwrapKey(WrappedKey.parse(JSON.parse(readFileSync(join(folder, NAME), 'utf8'))), seed)
}

import { createHmac, timingSafeEqual } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'

/**
 * A small file beside the database that knows its key when it sees it, and tells nothing about it. The cipher cannot
 * tell a wrong key from a destroyed first page; this can, and so a good key is never blamed for a bad disk.
 */
export function keyCheckPath(path: string): string {
  return `${path}-key`
}

/** Written when a key has opened the file; a copy that cannot be written only leaves the doubt. */
export function noteKey(path: string, key: Uint8Array): void {
  if (knowsKey(path, key) === true) return
  try {
    writeFileSync(keyCheckPath(path), checkOf(key), { mode: 0o600 })
  } catch {
    // A read-only folder, a full disk: whoever writes next will hear of it with a code.
  }
}

/** Whether `key` is the file's; undefined: nothing is known. */
export function knowsKey(path: string, key: Uint8Array): boolean | undefined {
  let noted
  try {
    noted = readFileSync(keyCheckPath(path))
  } catch {
    return undefined
  }
  const check = checkOf(key)
  return noted.length === check.length ? timingSafeEqual(noted, check) : undefined
}

// 32 random bytes cannot be guessed from a digest of theirs.
function checkOf(key: Uint8Array): Buffer {
  return createHmac('sha256', key).update('the key of this file').digest()
}

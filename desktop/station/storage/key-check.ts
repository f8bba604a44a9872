import { createHmac, timingSafeEqual } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeFileSync } from 'node:fs'

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

/**
 * From now on nothing is known, on the disk too: while the file is given another key, either may be it, and neither may
 * be taken for proof that the file is damaged.
 * @throws the system's own error
 */
export function forgetKey(path: string): void {
  if (!existsSync(keyCheckPath(path))) return
  // Emptied where it stands: that a name is gone, the disk may not know until its folder is synced.
  const file = openSync(keyCheckPath(path), 'w', 0o600)
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
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

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const NAME = 'development.key'

/**
 * The key of a profile that runs outside Electron. It lies beside the file it encrypts, readable by
 * its owner only, and so protects nothing on a stolen disk. Allowed because this host is never in
 * the installer: it runs demos, tests and development, on invented patients. The shell keeps a real
 * profile's key in the system's keystore and reads no such file.
 */
export async function developmentKey(folder: string): Promise<Uint8Array | 'KEY_MISSING'> {
  const path = join(folder, NAME)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // As in the shell: data without its key is never given a new one.
  if (existsSync(join(folder, 'clinic.db')) && !existsSync(path)) return 'KEY_MISSING'
  try {
    await writeFile(path, randomBytes(32), { mode: 0o600, flag: 'wx', flush: true })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  return new Uint8Array(await readFile(path))
}

export async function keepDevelopmentKey(folder: string, key: Uint8Array): Promise<void> {
  await writeFile(join(folder, NAME), key, { mode: 0o600, flush: true })
}

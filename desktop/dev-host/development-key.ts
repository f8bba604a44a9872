import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The key of a profile that runs outside Electron. It lies beside the file it encrypts, readable by
 * its owner only, and so protects nothing on a stolen disk. Allowed because this host is never in
 * the installer: it runs demos, tests and development, on invented patients. The shell keeps a real
 * profile's key in the system's keystore and reads no such file.
 */
export async function developmentKey(folder: string): Promise<Uint8Array> {
  const path = join(folder, 'development.key')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  try {
    await writeFile(path, randomBytes(32), { mode: 0o600, flag: 'wx', flush: true })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  return new Uint8Array(await readFile(path))
}

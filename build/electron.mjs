import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Electron's executable, or null when it was never fetched. Not `require('electron')`: that starts
 * the download and blocks on it.
 * @returns {string | null}
 */
export function findElectron() {
  const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'node_modules', 'electron')
  try {
    const path = join(folder, 'dist', readFileSync(join(folder, 'path.txt'), 'utf8'))
    return existsSync(path) ? path : null
  } catch {
    return null
  }
}

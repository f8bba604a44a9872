import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const ROOT = resolve(import.meta.dirname, '../../..')

/**
 * A hosted program in one file: it starts in a third of the time, and stations are killed a thousand times.
 *
 * @param name of a folder under `test-output`, where what is not bundled is found too
 * @returns the file's path
 */
export async function bundleHost(script: URL, name: string): Promise<string> {
  const outDir = join(ROOT, 'test-output', name)
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, external: ['better-sqlite3', '@node-rs/argon2'] },
    build: {
      ssr: fileURLToPath(script),
      outDir,
      target: 'node24',
      rolldownOptions: { output: { entryFileNames: 'host.mjs' } },
    },
  })
  return join(outDir, 'host.mjs')
}

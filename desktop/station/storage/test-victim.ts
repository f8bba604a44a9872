import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'vite'
import { expect } from 'vitest'

import { addWork, COLLECTIONS, type Contents, openWork, wordsOf, workOf } from './random-work.ts'

/** Shared by this folder's tests that kill a writer and look what it left. */

const ROOT = resolve(import.meta.dirname, '../../..')

export interface Victim {
  /** The script to run. */
  readonly script: string
  newFolder(): string
  remove(): void
}

/**
 * Bundled the writer starts in a third of the time, and there are hundreds of them.
 * @param writer its source in this folder
 */
export async function bundleWriter(name: string, writer = 'random-writer.ts'): Promise<Victim> {
  const folder = mkdtempSync(join(tmpdir(), `dawr-${name}-`))
  // Inside the project: what is not bundled is looked up from there.
  const bundle = join(ROOT, 'test-output', name)
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, external: ['better-sqlite3'] },
    build: {
      ssr: join(import.meta.dirname, writer),
      outDir: bundle,
      target: 'node24',
      rolldownOptions: { output: { entryFileNames: 'writer.mjs' } },
    },
  })
  return {
    script: join(bundle, 'writer.mjs'),
    newFolder: () => mkdtempSync(join(folder, 'f-')),
    remove() {
      rmSync(folder, { recursive: true, force: true })
      rmSync(bundle, { recursive: true, force: true })
    },
  }
}

/**
 * Runs a writer and kills it at a random moment after its first words.
 * @returns the lines it has said, whole
 */
export function killWriter(
  script: string,
  args: readonly (string | number)[],
  longestLifeMs: number,
): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args.map(String)])
    let output = ''
    let errors = ''
    let isDoomed = false
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()))
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString()
      if (isDoomed) return
      isDoomed = true
      setTimeout(() => child.kill('SIGKILL'), Math.random() * longestLifeMs)
    })
    child.on('error', reject)
    child.on('close', (_, signal) => {
      // The last line may have been cut by the kill as well.
      const whole = output.slice(0, output.lastIndexOf('\n') + 1).trimEnd()
      if (signal === 'SIGKILL') resolve(whole.split('\n'))
      else reject(new Error(`the writer ended by itself: ${errors}`))
    })
  })
}

interface Found {
  /** The last transaction in the file. */
  readonly last: number
}

interface Left {
  readonly path: string
  readonly seed: number
  readonly version: number
  /** the file's, if it is not the first */
  readonly key?: number
}

/**
 * Opens what a writer left, ends what it had begun of making the search index anew, and compares all of it with what the
 * seed says: every document, every index, the full text, that no transaction is half there or missing in the middle, and that the sequence only ever rose.
 * @param known what stands after `known.last` works, carried on to the last one found
 */
export async function verifyWork(
  { path, seed, version, key }: Left,
  known: { contents: Contents; last: number },
): Promise<Found> {
  const store = await openWork(path, version, key)
  try {
    const { db } = store
    const numbers = db.prepare<[], number>('SELECT n FROM works ORDER BY n').pluck().all()
    const last = numbers.at(-1) ?? 0
    expect(numbers).toHaveLength(last)
    for (let n = known.last + 1; n <= last; n++) addWork(known.contents, workOf(seed, n))
    known.last = Math.max(known.last, last)
    while (store.tidySearch());
    expect(db.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }])
    for (const place of COLLECTIONS) {
      const table = `clinic/${place}/0`
      const rows = db
        .prepare<[], [string, string]>(
          `SELECT json_extract(json, '$.id'), json_extract(json, '$.status') || '|' || json_extract(json, '$.text')
           FROM "${table}" WHERE deleted = 0`,
        )
        .raw()
        .all()
      expect(new Map(rows)).toEqual(known.contents[place])
      const texts = [...known.contents[place]].map(([id, text]) => [
        id,
        wordsOf(text.slice(text.indexOf('|') + 1), version),
      ])
      const words = db.prepare<[], [string, string]>(`SELECT id, text FROM "${table}#words"`).raw()
      expect(new Map(words.all())).toEqual(new Map(texts as [string, string][]))
      // FTS5's own comparison of its index with what it indexes (sqlite.org/fts5.html#the_integrity_check_command).
      db.prepare(
        `INSERT INTO "${table}#search" ("${table}#search", rank) VALUES ('integrity-check', 1)`,
      ).run()
    }
    // No number was given twice, whatever was forgotten and whoever had to begin again.
    const repeated = db
      .prepare(
        'SELECT n FROM works AS later WHERE seq <= (SELECT seq FROM works WHERE n = later.n - 1)',
      )
      .all()
    expect(repeated).toEqual([])
    return { last }
  } finally {
    await store.close()
  }
}

import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { buildShim, cutPower, FATES, linesIn, recordWriter } from './power-cut-trace.ts'
import { type Contents, FIRST_KEY, keyOf, noContents } from './random-work.ts'
import type { StorageError } from './storage-error.ts'
import { openStore } from './store.ts'
import { bundleWriter, killWriter, verifyWork, type Victim } from './test-victim.ts'

/** `DAWR_REKEY_KILLS=1000` for the whole (docs/storage-safety.md). */
const KILLS = Number(process.env['DAWR_REKEY_KILLS'] ?? 12)
/** `DAWR_REKEY_CUTS=1000` likewise. */
const CUTS = Number(process.env['DAWR_REKEY_CUTS'] ?? 20)
/** Transactions of a life whose power is cut: five keys. */
const WORKS = 15
/** Lives at a time: two cores. */
const LANES = 2
const LONGEST_LIFE_MS = 150

let victim: Victim
beforeAll(async () => {
  victim = await bundleWriter('storage-rekey', 'rekey-writer.ts')
}, 60_000)
afterAll(() => victim.remove())

/** The last number that was said with this word; 0: none. */
function lastOf(said: readonly string[], word: string): number {
  const line = said.findLast((each) => each.endsWith(` ${word}`))
  return line === undefined ? 0 : Number.parseInt(line, 10)
}

async function opens(path: string, key: number): Promise<boolean> {
  try {
    await openStore({ path, key: keyOf(key) }).close()
    return true
  } catch (error) {
    // Neither is blamed on the disk.
    expect(error).toMatchObject({ code: 'WRONG_KEY' } satisfies Partial<StorageError>)
    return false
  }
}

/**
 * What a dead writer left: one of the keys it may have, and under it all that it has said.
 * @returns the key, and whether the writer was just giving it another
 */
async function verifyLeft(
  { path, seed, said }: { path: string; seed: number; said: readonly string[] },
  known: { contents: Contents; last: number },
): Promise<{ key: number; amid: boolean }> {
  const had = lastOf(said, 'had')
  const amid = lastOf(said, 'begun') > had
  // The wrong one first, half the time: trying it may not do the file any harm.
  const tried = Math.random() < 0.5 ? [had, had + 1] : [had + 1, had]
  const opened: number[] = []
  for (const each of tried) if (await opens(path, each)) opened.push(each)
  const [key = 0, ...others] = opened
  expect([opened, others]).toEqual([[amid ? expect.any(Number) : had], []])
  const { last } = await verifyWork({ path, seed, version: 1, key }, known)
  const confirmed = lastOf(said, 'done')
  expect(last).toBeGreaterThanOrEqual(confirmed)
  expect(last).toBeLessThanOrEqual(confirmed + 1)
  return { key, amid }
}

async function liveAndDie(seed: number, kills: number): Promise<{ key: number; amid: number }> {
  const path = join(victim.newFolder(), 'clinic.db')
  const known = { contents: noContents(), last: 0 }
  let key = FIRST_KEY
  let amid = 0
  for (let kill = 0; kill < kills; kill++) {
    const said = await killWriter(victim.script, [path, seed, key], LONGEST_LIFE_MS)
    const left = await verifyLeft({ path, seed, said }, known)
    key = left.key
    if (left.amid) amid += 1
  }
  return { key, amid }
}

test(
  'whatever moment re-keying is killed at, exactly one of the two keys opens the file, and all that returned is in it',
  { timeout: 60_000 + KILLS * 3_000 },
  async () => {
    const seed = Date.now() % 1_000_000
    const lives = await Promise.all(
      Array.from({ length: LANES }, (_, lane) => liveAndDie(seed + lane, KILLS / LANES)),
    )
    const keys = lives.reduce((sum, { key }) => sum + key - FIRST_KEY, 0)
    const amid = lives.reduce((sum, each) => sum + each.amid, 0)
    process.stdout.write(
      `${KILLS} kills, seed ${seed}, ${keys} keys, ${amid} of them amid re-keying\n`,
    )
    expect(keys).toBeGreaterThan(0)
    expect(amid).toBeGreaterThan(0)
  },
)

test(
  'nor does it matter when the power goes',
  { timeout: 60_000 + CUTS * 1_000 },
  async (context) => {
    const shim = buildShim(victim.newFolder())
    if (shim === null) {
      process.stdout.write('SKIPPED: no C compiler for the power-cut shim\n')
      context.skip('no C compiler')
    }
    const seed = Date.now() % 1_000_000
    const events = recordWriter(victim, shim ?? '', (path) => [path, seed, FIRST_KEY, WORKS])
    // Not before it has said which key it has: the file is made then.
    const first = events.findIndex(({ kind }) => kind === 'SAID')
    let amid = 0
    for (let cut = 0; cut < CUTS; cut++) {
      const before = events.slice(
        0,
        first + 1 + Math.floor(Math.random() * (events.length - first)),
      )
      const folder = mkdtempSync(join(victim.newFolder(), 'cut-'))
      cutPower(before, folder, FATES[cut % FATES.length] ?? 'SOME')
      const left = { path: join(folder, 'clinic.db'), seed, said: linesIn(before) }
      if ((await verifyLeft(left, { contents: noContents(), last: 0 })).amid) amid += 1
      rmSync(folder, { recursive: true })
    }
    process.stdout.write(`${CUTS} power cuts, seed ${seed}, ${amid} of them amid re-keying\n`)
    expect(amid).toBeGreaterThan(0)
  },
)

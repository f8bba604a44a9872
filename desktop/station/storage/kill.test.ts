import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { noContents } from './random-work.ts'
import { bundleWriter, killWriter, verifyWork, type Victim } from './test-victim.ts'

/** `DAWR_KILLS=1000` for the whole (docs/storage-safety.md). */
const KILLS = Number(process.env['DAWR_KILLS'] ?? 40)
/** Lives at a time: two cores. */
const LANES = 2
const LONGEST_LIFE_MS = 80

let victim: Victim
beforeAll(async () => {
  victim = await bundleWriter('storage-kill')
}, 60_000)
afterAll(() => victim.remove())

async function liveAndDie(seed: number, kills: number): Promise<number> {
  const path = join(victim.newFolder(), 'clinic.db')
  const known = { contents: noContents(), last: 0 }
  for (let kill = 0; kill < kills; kill++) {
    // Each life begins to make the search index anew; whoever looks afterwards goes on with it.
    const version = kill + 1
    const said = await killWriter(victim.script, [path, seed, version], LONGEST_LIFE_MS)
    const confirmed = Number.parseInt(said.at(-1) ?? '', 10)
    const { last } = await verifyWork({ path, seed, version }, known)
    // What returned is there; of what had not, at most the one that was being made.
    expect(last).toBeGreaterThanOrEqual(confirmed)
    expect(last).toBeLessThanOrEqual(confirmed + 1)
  }
  return known.last
}

test(
  'whatever moment a writer is killed at, all that returned is there, whole, indexed and searchable',
  { timeout: 60_000 + KILLS * 3_000 },
  async () => {
    const seed = Date.now() % 1_000_000
    const made = await Promise.all(
      Array.from({ length: LANES }, (_, lane) => liveAndDie(seed + lane, KILLS / LANES)),
    )
    process.stdout.write(`${KILLS} kills, seed ${seed}, ${made.join(' + ')} transactions\n`)
    expect(Math.min(...made)).toBeGreaterThan(KILLS / LANES)
  },
)

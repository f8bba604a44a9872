import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import {
  buildShim,
  cutPower,
  FATES,
  linesIn,
  recordWriter,
  type TraceEvent,
} from './power-cut-trace.ts'
import { addWork, type Contents, noContents, workOf } from './random-work.ts'
import { bundleWriter, verifyWork, type Victim } from './test-victim.ts'

/** `DAWR_POWER_CUTS=2000` for a long one (docs/storage-safety.md). */
const CUTS = Number(process.env['DAWR_POWER_CUTS'] ?? 50)
const WORKS = 100
/** The writer begins under the first and goes on under the next: its search index is then made anew. */
const VERSIONS = { first: 1, last: 2 }

let victim: Victim
let shim: string | null = null
beforeAll(async () => {
  victim = await bundleWriter('storage-power-cut')
  shim = buildShim(victim.newFolder())
}, 60_000)
afterAll(() => victim.remove())

/** What a whole life of a writer did to its disk, and said. */
function recordLife(seed: number): TraceEvent[] {
  return recordWriter(victim, shim ?? '', (path) => [path, seed, VERSIONS.first, WORKS])
}

/** The last transaction that was told as durable, and the last that returned at all. */
function toldIn(events: readonly TraceEvent[]): { durable: number; returned: number } {
  const lines = linesIn(events).map((line) => line.split(' '))
  const last = (of: typeof lines): number => Number(of.at(-1)?.[0] ?? 0)
  return { durable: last(lines.filter(([, how]) => how === 'durable')), returned: last(lines) }
}

function contentsAfter(seed: number, works: number): { contents: Contents; last: number } {
  const contents = noContents()
  for (let n = 1; n <= works; n++) addWork(contents, workOf(seed, n))
  return { contents, last: works }
}

test(
  'whatever moment the power goes, all that was told as kept is there, whole, indexed and searchable',
  { timeout: 60_000 + CUTS * 1_000 },
  async (context) => {
    if (shim === null) {
      process.stdout.write('SKIPPED: no C compiler for the power-cut shim\n')
      context.skip('no C compiler')
    }
    const seed = Date.now() % 1_000_000
    const events = recordLife(seed)
    // The trace is of what matters: data and syncs of the file and of its log.
    const count = (kind: TraceEvent['kind']): number =>
      events.filter((event) => event.kind === kind).length
    expect(count('SAID')).toBe(WORKS + 1)
    expect(count('WRITTEN')).toBeGreaterThan(WORKS)
    expect(count('SYNCED')).toBeGreaterThan(WORKS / 2)
    let fewer = 0
    for (let cut = 0; cut < CUTS; cut++) {
      const at = 1 + Math.floor(Math.random() * events.length)
      const before = events.slice(0, at)
      const { durable, returned } = toldIn(before)
      const folder = mkdtempSync(join(victim.newFolder(), 'cut-'))
      cutPower(before, folder, FATES[cut % FATES.length] ?? 'SOME')
      // Begun from what must be there: were less there, the contents would differ.
      const left = { path: join(folder, 'clinic.db'), seed, version: VERSIONS.last }
      const { last } = await verifyWork(left, contentsAfter(seed, durable))
      expect(last).toBeGreaterThanOrEqual(durable)
      expect(last).toBeLessThanOrEqual(returned + 1)
      if (last < returned) fewer += 1
      rmSync(folder, { recursive: true })
    }
    process.stdout.write(
      `${CUTS} power cuts in ${events.length} events, seed ${seed}, ${fewer} of them took something nobody was told of\n`,
    )
  },
)

test('the simulation can tell: a disk that forgets what it was told to keep loses confirmed work', async (context) => {
  if (shim === null) context.skip('no C compiler')
  const seed = 7
  const events = recordLife(seed)
  const unsynced = events.filter(({ kind }) => kind !== 'SYNCED')
  const folder = mkdtempSync(join(victim.newFolder(), 'cut-'))
  cutPower(unsynced, folder, 'DROPPED')
  const left = { path: join(folder, 'clinic.db'), seed, version: VERSIONS.last }
  const { last } = await verifyWork(left, { contents: noContents(), last: 0 })
  expect(last).toBeLessThan(toldIn(events).durable)
})

import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { buildShim, cutPower, linesIn, recordWriter } from './power-cut-trace.ts'
import { noContents } from './random-work.ts'
import { bundleWriter, verifyWork, type Victim } from './test-victim.ts'

const WORKS = 24

let victim: Victim
beforeAll(async () => {
  victim = await bundleWriter('storage-bad-disk', 'bad-disk-writer.ts')
}, 60_000)
afterAll(() => victim.remove())

test('what meets a full disk, or one that fails to keep it, is refused whole, and done afterwards', async (context) => {
  const shim = buildShim(victim.newFolder())
  if (shim === null) {
    process.stdout.write('SKIPPED: no C compiler for the power-cut shim\n')
    context.skip('no C compiler')
  }
  const seed = Date.now() % 1_000_000
  const events = recordWriter(victim, shim ?? '', (path) => [path, seed, WORKS])
  const said = linesIn(events)
  const count = (line: string): number => said.filter((each) => each === line).length
  expect(count('work DISK_FULL') % WORKS).toBe(0)
  expect(count('work DISK_FAILED')).toBe(WORKS / 4)
  expect(count('indexing DISK_FULL')).toBeGreaterThan(0)
  for (const what of ['clean-up', 'copy', 're-keying'])
    expect([what, count(`${what} DISK_FULL`)]).toEqual([what, WORKS / 4])
  expect(count(`${WORKS} done`)).toBe(1)
  // The disk as it is now: what was refused has left nothing in it.
  const folder = mkdtempSync(join(victim.newFolder(), 'left-'))
  cutPower(events, folder, 'KEPT')
  const left = { path: join(folder, 'clinic.db'), seed, version: 1 + WORKS / 4 }
  const { last } = await verifyWork(left, { contents: noContents(), last: 0 })
  expect(last).toBe(WORKS)
  rmSync(folder, { recursive: true })
})

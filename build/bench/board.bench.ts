// A key goes down, and the board shows what it did: real window in a real browser, real station in a
// process of its own, encrypted file of 100,000 patients, a full day of 150 visits in three lines.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { startHost } from '#desktop/dev-host/host.ts'
import { DOCTORS } from './clinic.ts'
import { startDesk } from './desk-process.ts'
import {
  buildFloorPage,
  buildRenderer,
  launchChromium,
  openBoard,
  press,
  type Press,
} from './pages.ts'
import { makeProfile } from './profile.ts'
import { chunks, percentiles } from './samples.ts'
import { signInDesk } from './station.ts'
import { runSuite } from './suite.ts'

const RUNS = 3

await runSuite('board', async (bench) => {
  const count = bench.quick ? 1_000 : 100_000
  const [profile, renderer, floorPage] = ['profile', 'renderer', 'floor'].map(bench.folder)
  if (profile === undefined || renderer === undefined || floorPage === undefined) return
  const key = await makeProfile(profile, { patients: count, history: count / 5, today: true })
  // Where the development host keeps it.
  writeFileSync(join(profile, 'development.key'), key, { mode: 0o600 })
  await buildRenderer(renderer)
  await buildFloorPage(floorPage)

  const desk = await startDesk(bench, { folder: profile, renderer })
  await signInDesk(desk.window)
  const board = await desk.window.until('board', {}, () => true)
  const browser = await launchChromium()
  bench.onEnd(() => browser.close())
  const page = await openBoard(browser, desk.url)
  const nothing = (): void => undefined
  const floorHost = await startHost({ port: 0, rendererFolder: floorPage, connect: nothing })
  bench.onEnd(() => floorHost.close())
  const floor = await openBoard(browser, floorHost.url, board)

  // In turns, so that a machine that slows down slows both.
  const presses: Presses = { calls: [], entries: [] }
  const floorPresses: Presses = { calls: [], entries: [] }
  const rounds = bench.quick ? 2 : 24
  for (let round = 0; round < rounds; round += 1) {
    await page.bringToFront()
    await workLines(page, presses)
    await floor.bringToFront()
    await workLines(floor, floorPresses)
  }
  for (const [name, list, floorList] of [
    ['F4, call next', presses.calls, floorPresses.calls],
    ['Enter, let in', presses.entries, floorPresses.entries],
  ] as const) {
    for (const until of ['dom', 'painted'] as const) {
      for (const p of [50, 99]) {
        bench.add({
          figure: `${name}: key to ${until === 'dom' ? 'DOM' : 'painted frame'}, p${p}`,
          unit: 'ms',
          better: 'LESS',
          ours: inRuns(list, until, p),
          floor: {
            runs: inRuns(floorList, until, p),
            is: 'the same React rows over an array in memory, in the same browser',
          },
        })
      }
    }
  }
})

interface Presses {
  calls: Press[]
  entries: Press[]
}

/** In each line: call two, let one in. The places in line change as on a busy day. */
async function workLines(page: Page, presses: Presses): Promise<void> {
  for (const _ of DOCTORS) {
    await page.keyboard.press('F6')
    presses.calls.push(await press(page, 'F4'), await press(page, 'F4'), await press(page, 'F4'))
    presses.entries.push(await press(page, 'Enter'))
  }
}

function inRuns(presses: readonly Press[], until: keyof Press, p: number): number[] {
  const runs = chunks(presses, Math.ceil(presses.length / RUNS))
  return percentiles(
    runs.map((run) => run.map((one) => one[until])),
    p,
  )
}

import { afterAll, beforeAll, expect, test } from 'vitest'
import { planHistory } from './history-plan.ts'
import { findBroken } from './check-history.ts'
import { type ModelWorld, openModelWorld } from './model-world.ts'
import { heal, playHistory } from './run-history.ts'

/**
 * Five real stations, two instances of the server and one PostgreSQL go through histories that chance made: work
 * at all desks at once, lines that die, lose, double and delay, processes killed, clocks a day off, people and the
 * clinic deactivated, subscriptions that end, a desk set back to an image of its disk, a server restored from a backup. Then all is mended and they meet.
 *
 * `npm run soak -- --histories N --seed S` runs more of them. A failure names its seed.
 */
const FIRST = Number(process.env['DAWR_MODEL_SEED'] ?? 1)
const HISTORIES = Number(process.env['DAWR_MODEL_HISTORIES'] ?? 6)

let world: ModelWorld
const seen = { confirmed: 0, killed: 0, refused: 0, restored: 0, putBack: 0, rejoined: 0 }
const acts: Record<string, number> = {}

beforeAll(async () => {
  world = await openModelWorld()
}, 120_000)
afterAll(async () => {
  process.stdout.write(
    `${JSON.stringify({ histories: HISTORIES, ...seen, lines: world.faults(), acts })}\n`,
  )
  await world.close()
})

test.each(Array.from({ length: HISTORIES }, (_, index) => FIRST + index))(
  'history %i keeps its promises',
  async (seed) => {
    const plan = planHistory(seed)
    const clinic = await world.openClinic(seed)
    try {
      const history = await playHistory(clinic, plan)
      seen.confirmed += history.confirmed.length
      for (const { name } of history.confirmed) acts[name] = (acts[name] ?? 0) + 1
      seen.killed += history.killed
      seen.restored += history.restored
      seen.putBack += history.lost.size
      seen.refused += Object.values(history.refused).reduce((sum, count) => sum + count, 0)
      const { rejoined } = await heal(clinic)
      seen.rejoined += rejoined
      expect(await findBroken(clinic, history), `seed ${seed}`).toEqual([])
    } catch (error) {
      await world.killAll()
      throw error
    }
    expect(await clinic.close(), `seed ${seed}: the servers logged`).toEqual([])
  },
  240_000, // more than all that waits in it, so that a failure says what it waited for
)

// Of a few, played again for their seed, it may well be that no line failed.
const areMany = HISTORIES >= 6
test.runIf(areMany)(
  'in them much was done and refused, and lines failed: promises were tried',
  () => {
    expect(seen.confirmed).toBeGreaterThan(10 * HISTORIES)
    expect(seen.refused).toBeGreaterThan(HISTORIES)
    const faults = Object.values(world.faults()).reduce((sum, count) => sum + count, 0)
    expect(faults).toBeGreaterThan(HISTORIES)
    expect(Object.keys(acts).length).toBeGreaterThan(20)
  },
)

import type { Command } from '#shared/commands.ts'
import type { StationId } from '#shared/ids.ts'
import { MAX_AHEAD_MS, Stamp } from '#shared/stamp.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import type { Clamps } from './clamp.ts'

/** An order key as it must be for the visit to keep its place among visits that were clamped. */
export type MoveKey = (orderKey: string) => string

interface Neighbours {
  /** The greatest original below, and what it was clamped to. */
  below: readonly [string, string] | null
  hasAbove: boolean
}

type NeighbourRow = {
  key: string
  original: string | null
  clamped: string | null
  hasAbove: boolean
}

/** Keys that `keyBetween()` makes, short enough to stand behind a stamp in an order key. */
const MADE_BETWEEN = /^[0-9][-0-9a-z]{0,89}$/

/** By bytes, as JavaScript sorts these characters. */
const READ_NEIGHBOURS = `
  SELECT want.key, below.original, below.clamped, EXISTS (
    SELECT FROM station_clamps WHERE clinic_id = $1 AND station_id = $2
      AND original COLLATE "C" > want.key) AS "hasAbove"
  FROM unnest($3::text[]) AS want (key) LEFT JOIN LATERAL (
    SELECT original, clamped FROM station_clamps WHERE clinic_id = $1 AND station_id = $2
      AND original COLLATE "C" < want.key
    ORDER BY original COLLATE "C" DESC LIMIT 1) below ON true`

/**
 * A key between two neighbours is a part of their stamps and more. When those are clamped it would
 * stay behind in the future, and behind all who come meanwhile: it moves behind its lower neighbour,
 * in the order that the keys there had.
 *
 * @param clamps of the push
 * @param now the server's time, milliseconds
 */
export async function readMoves(
  tx: ClinicTx,
  stationId: StationId,
  commands: readonly Command[],
  { clamps, now }: { clamps: Clamps; now: number },
): Promise<MoveKey> {
  const limit = String(now + MAX_AHEAD_MS).padStart(13, '0')
  const ahead = orderKeysOf(commands.filter(({ at }) => clamps.has(at))).filter(
    (key) => key > limit && !clamps.has(key) && MADE_BETWEEN.test(key),
  )
  if (ahead.length === 0) return (key) => key
  const { rows } = await tx.query<NeighbourRow>(READ_NEIGHBOURS, [tx.clinicId, stationId, ahead])
  const moves = new Map<string, string>()
  for (const row of rows) {
    const { below, hasAbove } = nearest(row, clamps)
    // With nobody clamped above it there is nothing that it must stay in front of.
    if (!hasAbove) continue
    moves.set(row.key, below === null ? `${limit}--${row.key}` : `${below[1]}${row.key}`)
  }
  return (key) => moves.get(key) ?? key
}

function orderKeysOf(commands: readonly Command[]): string[] {
  const keys = new Set<string>()
  for (const { writes } of commands) {
    for (const write of writes) {
      if (write.collection !== 'visits') continue
      for (const visit of [write.base, write.next]) {
        if (visit !== null && !Stamp.safeParse(visit.orderKey).success) keys.add(visit.orderKey)
      }
    }
  }
  return [...keys]
}

/** What was recorded before, and what this push adds. */
function nearest({ key, original, clamped, hasAbove }: NeighbourRow, clamps: Clamps): Neighbours {
  const found: Neighbours = {
    below: original === null || clamped === null ? null : [original, clamped],
    hasAbove,
  }
  for (const entry of clamps) {
    if (entry[0] > key) found.hasAbove = true
    else if (found.below === null || entry[0] > found.below[0]) found.below = entry
  }
  return found
}

import type { Settings } from './clinic.ts'
import type { Priority, Visit } from './visit.ts'

type Ordered = Pick<Visit, 'id' | 'priority' | 'boosted' | 'orderKey'>
type Ranked = Pick<Visit, 'priority' | 'boosted'>
type CourtesyPolicy = Pick<Settings, 'courtesyEnabled'>

/** 0 is served first. A visit that lost its boost (skipped, recalled) ranks as NORMAL. */
export function priorityRank(visit: Ranked, policy: CourtesyPolicy): number {
  const priority: Priority = visit.boosted ? visit.priority : 'NORMAL'
  if (priority === 'URGENT') return 0
  if (priority === 'COURTESY' && policy.courtesyEnabled) return 1
  return 2
}

/** Queue order: a pure function of (priority, order key, id), never of the ticket's number. */
export function compareInLine(a: Ordered, b: Ordered, policy: CourtesyPolicy): number {
  const rank = priorityRank(a, policy) - priorityRank(b, policy)
  if (rank !== 0) return rank
  if (a.orderKey !== b.orderKey) return a.orderKey < b.orderKey ? -1 : 1
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

export function sortLine<T extends Ordered>(line: readonly T[], policy: CourtesyPolicy): T[] {
  return line.toSorted((a, b) => compareInLine(a, b, policy))
}

/** The characters of order keys, in the order of their code units; stamps use a part of them. */
const KEY_CHARACTERS = '-0123456789abcdefghijklmnopqrstuvwxyz'
const KEY_MIDDLE = 'i'

/**
 * An order key strictly between two others (null: no bound on that side), so that a patient can be
 * put between any two neighbours without touching them.
 *
 * @throws RangeError if `before` is not less than `after`
 */
export function keyBetween(before: string | null, after: string | null): string {
  if (before !== null && after !== null && before >= after) {
    throw new RangeError(`no order key between ${before} and ${after}`)
  }
  let low = before ?? ''
  let high = after
  let key = ''
  for (let index = 0; ; index += 1) {
    const lowAt = index < low.length ? KEY_CHARACTERS.indexOf(low.charAt(index)) : -1
    const highAt =
      high !== null && index < high.length
        ? KEY_CHARACTERS.indexOf(high.charAt(index))
        : KEY_CHARACTERS.length
    if (lowAt === highAt) {
      key += KEY_CHARACTERS.charAt(lowAt)
    } else if (highAt - lowAt > 1) {
      const middle = Math.floor((lowAt + highAt) / 2)
      // Never end on the lowest character: nothing would fit below it.
      return middle === 0
        ? key + KEY_CHARACTERS.charAt(0) + KEY_MIDDLE
        : key + KEY_CHARACTERS.charAt(middle)
    } else if (lowAt === -1) {
      // `after` goes on with the lowest character: follow it down.
      key += KEY_CHARACTERS.charAt(0)
      low = ''
    } else {
      key += KEY_CHARACTERS.charAt(lowAt)
      high = null
    }
  }
}

export interface PlaceInLine {
  orderKey: string
  boosted: boolean
}

/**
 * Where a skipped patient goes: `places` further back in their line, between two neighbours. One
 * who is passed by patients of a lower priority loses the boost, or they would stay in front (so
 * an urgent patient passed by one of courtesy goes behind all of courtesy).
 *
 * @param line the waiting visits of one line in order
 * @returns the new place, or null if the visit is not in the line or already last
 */
export function placeAfterSkip<T extends Ordered>(
  line: readonly T[],
  visitId: string,
  places: number,
  policy: CourtesyPolicy,
): PlaceInLine | null {
  const index = line.findIndex((visit) => visit.id === visitId)
  const visit = line[index]
  if (visit === undefined) return null
  const rest = line.filter((other) => other.id !== visitId)
  const target = Math.min(index + places, rest.length)
  return rest.length === 0 || target === index ? null : placeAt(rest, visit, target, policy)
}

/** @param rest the line without the visit; @param target how many of them are to be before it */
function placeAt<T extends Ordered>(
  rest: readonly T[],
  visit: Ordered,
  target: number,
  policy: CourtesyPolicy,
): PlaceInLine {
  const before = rest[target - 1]
  const boosted = keepsBoost(visit, before, policy)
  const ownRank = priorityRank({ priority: visit.priority, boosted }, policy)
  const floor =
    before !== undefined && priorityRank(before, policy) === ownRank ? before.orderKey : null
  const after = rest
    .slice(target)
    .find(
      (other) =>
        priorityRank(other, policy) === ownRank && (floor === null || other.orderKey > floor),
    )
  return { orderKey: keyBetween(floor, after?.orderKey ?? null), boosted }
}

function keepsBoost(visit: Ranked, before: Ranked | undefined, policy: CourtesyPolicy): boolean {
  if (before === undefined) return visit.boosted
  return visit.boosted && priorityRank(visit, policy) >= priorityRank(before, policy)
}

/**
 * Whether a person may put a patient there by hand: never before somebody whose priority lifts them
 * (that is a change of priority), and so that they stand where they were put.
 *
 * @param target how many of `rest` are to be before them
 */
export function mayStandAt<T extends Ranked>(
  rest: readonly T[],
  visit: Ranked,
  target: number,
  policy: CourtesyPolicy,
): boolean {
  const boosted = keepsBoost(visit, rest[target - 1], policy)
  const after = rest[target]
  const rank = priorityRank({ priority: visit.priority, boosted }, policy)
  return after === undefined || priorityRank(after, policy) >= rank
}

/**
 * Where a patient goes whom a person moves directly before another of their line (null: to its
 * end). Behind patients of a lower priority they lose the boost, as by a skip.
 *
 * @param line the waiting visits of one line in order
 * @returns null if one of them is not in the line, they stand there already, or may not stand there
 */
export function placeBefore<T extends Ordered>(
  line: readonly T[],
  visitId: string,
  beforeId: string | null,
  policy: CourtesyPolicy,
): PlaceInLine | null {
  const visit = line.find(({ id }) => id === visitId)
  const rest = line.filter(({ id }) => id !== visitId)
  const target = beforeId === null ? rest.length : rest.findIndex(({ id }) => id === beforeId)
  if (visit === undefined || target === -1 || line[target]?.id === visitId) return null
  return mayStandAt(rest, visit, target, policy) ? placeAt(rest, visit, target, policy) : null
}

import type { Settings } from '#shared/clinic.ts'
import { COLLECTIONS, type WritableCollection } from '#shared/collections.ts'
import { Command, type Write, type WriteOf } from '#shared/commands.ts'
import type { CalendarDate } from '#shared/fields.ts'
import type { VisitId } from '#shared/ids.ts'
import { queueDayOf } from '#shared/queue-day.ts'
import { clampStamps, MAX_AHEAD_MS, type Stamp, stampNode, stampTime } from '#shared/stamp.ts'
import type { MoveKey } from './move-keys.ts'

/** Original -> what it was taken for. */
export type Clamps = ReadonlyMap<string, string>

/**
 * Stamps in a command's text. Found by their form, so also those inside an order key or the id of a
 * superseded value (`field:stamp`), which must go on naming the same thing.
 */
const STAMPS = /(?<=[":])\d{13}-[0-9a-f]{4}-[0-9a-f]{8}(?=")/g

export function stampsIn(text: string): Stamp[] {
  // The expression is the stamp's own form.
  return [...new Set(text.match(STAMPS))] as Stamp[]
}

/**
 * What a station's own stamps that are too far ahead are taken for. Those of others were clamped when
 * they came, and what was made in their sight stays behind them: the server's clock may have been
 * set back since, or another server's differ. But no farther ahead than that explains.
 *
 * @param stamps of the station's commands, its own and those of others
 * @param now the server's time, milliseconds
 */
export function clampOwn(
  stamps: readonly Stamp[],
  { node, floor, now }: { node: string; floor: Stamp | null; now: number },
): Map<Stamp, Stamp> {
  let after = floor
  for (const stamp of stamps) {
    const isSeen = stampNode(stamp) !== node && stampTime(stamp) <= now + 2 * MAX_AHEAD_MS
    if (isSeen && (after === null || stamp > after)) after = stamp
  }
  const own = stamps.filter((stamp) => stampNode(stamp) === node)
  return clampStamps(own, now, after)
}

/**
 * A command with each clamped stamp in place of its original, in its base as in its next.
 *
 * @param dayOfVisit the queue day of a visit that stands, or that was checked in before
 */
export function clampCommand(
  { command, text }: { command: Command; text: string },
  clamps: Clamps,
  moveKey: MoveKey,
  { settings, dayOfVisit }: { settings: Settings; dayOfVisit: Days['dayOfVisit'] },
): Command {
  const replaced = text.replace(STAMPS, (stamp) => clamps.get(stamp) ?? stamp)
  const clamped = replaced === text ? command : Command.parse(JSON.parse(replaced))
  if (!clamps.has(command.at)) return redateWrites(clamped, { dayOfVisit, today: null })
  const today = queueDayOf(stampTime(clamped.at), settings)
  const { writes, ...rest } = redateWrites(clamped, { dayOfVisit, today })
  return { ...rest, writes: writes.map((write) => moveWrite(write, moveKey)) }
}

interface Days {
  dayOfVisit: (id: string) => CalendarDate | undefined
  /** The queue day of the command's clamped stamp; null: it was not clamped. */
  today: CalendarDate | null
}

/**
 * A clock that was far ahead also gave the wrong queue day: a visit, and what is of no visit, belongs
 * to the day of its clamped stamp, and what was paid or written to the day of its visit. In a base too:
 * what a station wrote on its own blank names the wrong day on both sides.
 */
function redateWrites(command: Command, { dayOfVisit, today }: Days): Command {
  const checkedIn = command.writes.find(isCheckIn)?.id
  const redate = (write: Write): Write => {
    const { base, next } = write
    const visitId = visitOf(write)
    const isOfToday = visitId === null ? base === null : visitId === checkedIn
    const day = isOfToday ? today : visitId === null ? null : dayOfVisit(visitId)
    if (day === undefined || day === null) return write
    // Cast: the same documents on another day
    return { ...write, base: base && onDay(base, day), next: onDay(next, day) } as Write
  }
  return { ...command, writes: command.writes.map(redate) }
}

function onDay<D extends object>(document: D, queueDay: CalendarDate): D {
  return 'queueDay' in document ? { ...document, queueDay } : document
}

function visitOf<C extends WritableCollection>({ collection, next }: WriteOf<C>): VisitId | null {
  return COLLECTIONS[collection].visitOf(next)
}

function isCheckIn(write: Write): boolean {
  return write.collection === 'visits' && write.base === null
}

function moveWrite(write: Write, moveKey: MoveKey): Write {
  if (write.collection !== 'visits') return write
  const { base, next } = write
  return {
    ...write,
    base: base === null ? null : { ...base, orderKey: moveKey(base.orderKey) },
    next: { ...next, orderKey: moveKey(next.orderKey) },
  }
}

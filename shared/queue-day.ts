import type { CutOver } from './clinic.ts'
import type { CalendarDate } from './fields.ts'

interface WallClock {
  date: CalendarDate
  hour: number
}

const MINUTE = 60_000
/** Of each time zone what was last asked for: a change is many questions of one moment, and `Intl` is slow. */
const lastSaid = new Map<string, { minute: number; wall: WallClock }>()
const formatters = new Map<string, Intl.DateTimeFormat>()

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
  })
  formatters.set(timeZone, made)
  return made
}

/** What the clock on the clinic's wall shows at an instant (milliseconds since the Unix epoch). */
export function wallClock(now: number, timeZone: string): WallClock {
  const minute = Math.floor(now / MINUTE)
  const last = lastSaid.get(timeZone)
  if (last?.minute === minute) return last.wall
  const wall = readWallClock(now, timeZone)
  lastSaid.set(timeZone, { minute, wall })
  return wall
}

function readWallClock(now: number, timeZone: string): WallClock {
  const parts = new Map(
    formatterOf(timeZone)
      .formatToParts(now)
      .map((part) => [part.type, part.value]),
  )
  return {
    date: `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}`,
    hour: Number(parts.get('hour')),
  }
}

/** The calendar date some days after (or, negative, before) a date. */
export function addDays(date: CalendarDate, days: number): CalendarDate {
  const time = Date.parse(`${date}T00:00:00Z`) + days * 86_400_000
  return new Date(time).toISOString().slice(0, 10)
}

/** The cut-over hour of a queue day: the last entry that begins on or before it. */
function cutOverHour(day: CalendarDate, cutOvers: readonly CutOver[]): number {
  let hour = cutOvers[0]?.hour ?? 5
  for (const cutOver of cutOvers) if (cutOver.from <= day) hour = cutOver.hour
  return hour
}

/**
 * The queue day of an instant: the clinic's local date, or the one before while the local hour has
 * not reached that date's cut-over. It goes by the wall clock, so a day with a gap or an overlap
 * (Cairo, 24 April and 29 October 2026) begins at its cut-over hour like any other.
 *
 * @param now milliseconds since the Unix epoch
 */
export function queueDayOf(
  now: number,
  clinic: { timeZone: string; cutOvers: readonly CutOver[] },
): CalendarDate {
  const wall = wallClock(now, clinic.timeZone)
  return wall.hour < cutOverHour(wall.date, clinic.cutOvers) ? addDays(wall.date, -1) : wall.date
}

/**
 * The first instant, at or after `from`, at which a queue day begins. Found by the wall clock, to
 * the minute; a session that runs at `from` may go on until then.
 *
 * @param from milliseconds since the Unix epoch
 * @returns milliseconds since the Unix epoch
 */
export function nextCutOver(
  from: number,
  clinic: { timeZone: string; cutOvers: readonly CutOver[] },
): number {
  const start = Math.ceil(from / MINUTE) * MINUTE
  const day = queueDayOf(start - MINUTE, clinic)
  if (queueDayOf(start, clinic) > day) return start
  let low = start
  let high = start + 27 * 60 * MINUTE
  while (high - low > MINUTE) {
    const middle = low + Math.floor((high - low) / 2 / MINUTE) * MINUTE
    if (queueDayOf(middle, clinic) > day) high = middle
    else low = middle
  }
  return high
}

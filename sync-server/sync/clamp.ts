import type { Settings } from '#shared/clinic.ts'
import { Command, type Write } from '#shared/commands.ts'
import type { CalendarDate } from '#shared/fields.ts'
import { queueDayOf } from '#shared/queue-day.ts'
import { type Stamp, stampTime } from '#shared/stamp.ts'

/** Original -> what it was taken for. */
export type Clamps = ReadonlyMap<string, string>

/**
 * Stamps in a command's text. Found by their form, so also those inside an order key or the id of a
 * superseded value (`field:stamp`), which must go on naming the same thing.
 */
const STAMPS = /(?<=[":])\d{13}-[0-9a-f]{4}-[0-9a-f]{8}(?=")/g

export function stampsIn(payload: string): Stamp[] {
  // The expression is the stamp's own form.
  return [...new Set(payload.match(STAMPS))] as Stamp[]
}

/**
 * A command with each clamped stamp in place of its original, in its base as in its next.
 *
 * @param dayOfVisit the queue day of a visit that stands, or that was checked in before
 */
export function clampCommand(
  { command, payload }: { command: Command; payload: string },
  clamps: Clamps,
  settings: Settings,
  dayOfVisit: (id: string) => CalendarDate | undefined,
): Command {
  const text = payload.replace(STAMPS, (stamp) => clamps.get(stamp) ?? stamp)
  const clamped = text === payload ? command : Command.parse(JSON.parse(text))
  return redateWrites(clamped, {
    dayOfVisit,
    today: clamps.has(command.at) ? queueDayOf(stampTime(clamped.at), settings) : null,
  })
}

interface Days {
  dayOfVisit: (id: string) => CalendarDate | undefined
  /** The queue day of the command's clamped stamp; null: it was not clamped. */
  today: CalendarDate | null
}

/**
 * A clock that was far ahead also gave the wrong queue day: a visit belongs to the day of its
 * clamped stamp, and what was paid to the day of its visit.
 */
function redateWrites(command: Command, { dayOfVisit, today }: Days): Command {
  const checkedIn = command.writes.find(isCheckIn)?.id
  const redate = (write: Write): Write => {
    const { collection } = write
    if (collection === 'patients') return write
    const { queueDay } = write.next
    if (collection === 'visits' ? isCheckIn(write) : write.next.visitId === checkedIn) {
      return today === null || today === queueDay ? write : redatedWrite(write, today)
    }
    const day = collection === 'entries' ? dayOfVisit(write.next.visitId) : undefined
    return day === undefined || day === queueDay ? write : redatedWrite(write, day)
  }
  return { ...command, writes: command.writes.map(redate) }
}

function redatedWrite(write: Write, queueDay: CalendarDate): Write {
  switch (write.collection) {
    case 'patients':
      return write
    case 'visits':
      return { ...write, next: { ...write.next, queueDay } }
    case 'entries':
      return { ...write, next: { ...write.next, queueDay } }
  }
}

function isCheckIn(write: Write): boolean {
  return write.collection === 'visits' && write.base === null
}

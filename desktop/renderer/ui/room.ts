import { toLatinDigits } from '#shared/digits.ts'
import type { Formats } from './formats.ts'
import { isolate, type Text } from './texts.ts'

/** A room as people say it: a bare number is "Room 3", a name is itself. Empty when there is none. */
export function roomWords(text: Text, formats: Formats, room: string): string {
  const name = formats.digits(room.trim())
  if (/^\d+$/.test(toLatinDigits(name))) return text('room.numbered', { room: name })
  return name === '' ? '' : isolate(name)
}

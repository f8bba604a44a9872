import { z } from 'zod'

/** Station letters: A..Z without I and O, then AA, AB, ... */
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ'

/** The number a patient holds: the letter of the station and its durable counter of the queue day. */
export const Ticket = z.strictObject({
  letter: z
    .string()
    .min(1)
    .max(3)
    .regex(/^[A-HJ-NP-Z]+$/),
  number: z.int().min(1).max(99_999),
})
export type Ticket = z.infer<typeof Ticket>

/** The letter of the nth station of a clinic, from 0: A, B, ... Z, AA, AB, ... */
export function stationLetter(index: number): string {
  const last = LETTERS.charAt(index % LETTERS.length)
  const rest = Math.floor(index / LETTERS.length)
  return rest === 0 ? last : stationLetter(rest - 1) + last
}

/** Which station's it is, from 0: `stationLetter` the other way round. Of a letter's form. */
export function letterPlace(letter: string): number {
  return [...letter].reduce(
    (place, each) => (place + 1) * LETTERS.length + LETTERS.indexOf(each),
    -1,
  )
}

/** `A-12`, or `12` while only one station of the clinic issues tickets. */
export function formatTicket(ticket: Ticket, showLetter: boolean): string {
  return showLetter ? `${ticket.letter}-${ticket.number}` : String(ticket.number)
}

/** The answer to a station that asks for another letter: no station of the clinic ever had it. */
export const LetterResponse = z.object({ letter: Ticket.shape.letter })

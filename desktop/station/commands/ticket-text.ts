import { formatTicket, type Ticket } from '#shared/ticket.ts'
import type { ClinicDirectory } from '../replica/replica.ts'

/**
 * A ticket as every screen and slip of this station says it. The letter shows as soon as a second
 * station is enrolled, not first when a ticket of it arrives: two desks that do not hear each other
 * would print the same number. It shows too on the ticket of a station that is no longer there.
 */
export function ticketText(directory: Stations, ticket: Ticket): string {
  return ticketTexts(directory)(ticket)
}

/** The same for many, as the stations are now. */
export function ticketTexts({ stations }: Stations): (ticket: Ticket) => string {
  const [only, ...more] = stations().filter(({ active }) => active)
  return (ticket) => {
    const isAlone = more.length === 0 && (only === undefined || only.letter === ticket.letter)
    return formatTicket(ticket, !isAlone)
  }
}

type Stations = Pick<ClinicDirectory, 'stations'>

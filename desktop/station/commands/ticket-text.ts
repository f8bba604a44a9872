import { formatTicket, type Ticket } from '#shared/ticket.ts'
import type { ReplicaReader } from '../replica/replica.ts'

/**
 * A ticket as every screen and slip of this station says it. The letter shows as soon as a second
 * station is enrolled, not first when a ticket of it arrives: two desks that do not hear each other
 * would print the same number. It shows too on the ticket of a station that is no longer there, and for days
 * when this station, alone, has given one number twice: two people hold it on paper.
 */
export function ticketText(directory: Stations, ticket: Ticket): string {
  return ticketTexts(directory)(ticket)
}

/** The same for many, as the stations are now. */
export function ticketTexts(directory: Stations): (ticket: Ticket) => string {
  const [only, ...more] = directory.stations().filter(({ active }) => active)
  const isAlone = more.length === 0 && !directory.hasTicketsGivenAnew()
  return (ticket) =>
    formatTicket(ticket, !isAlone || (only !== undefined && only.letter !== ticket.letter))
}

type Stations = Pick<ReplicaReader, 'stations' | 'hasTicketsGivenAnew'>

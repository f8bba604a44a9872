import type { Documents } from '#shared/collections.ts'
import type { CalendarDate } from '#shared/fields.ts'
import type { PatientId, VisitId } from '#shared/ids.ts'
import type { VisitStatus } from '#shared/roles.ts'
import { formatTicket, type Ticket } from '#shared/ticket.ts'
import { formatInboxItemId } from '../commands/inbox-item-id.ts'
import type { InboxItem } from '../contract/inbox-view.ts'
import type { NumberGivenAnew } from '../replica/given-anew.ts'
import type { Replica } from '../replica/replica.ts'
import { about } from './about.ts'

type Item = Extract<InboxItem, { kind: 'GIVEN_ANEW' }>
type NumberKind = Item['numbers'][number]['kind']

/** A number that somebody still holds, of whom, and on whose slip it stands. */
interface Held {
  readonly kind: NumberKind
  readonly row: NumberGivenAnew
  readonly patientId: PatientId | null
  readonly visitId: VisitId | null
}

/** Whose ticket has nothing more to say. */
const WENT: readonly VisitStatus[] = ['DONE', 'CANCELED']
const ORDER: readonly NumberKind[] = ['TICKET', 'RECEIPT', 'INVOICE', 'BOOKING']

/**
 * Numbers that stand on somebody's paper and are another's: one row for each act that gave any. A ticket
 * counts for its day, while it is waited with; a receipt or an invoice until somebody has seen it.
 */
export function givenAnewItems(
  replica: Replica,
  today: CalendarDate,
  isTheirs: (row: NumberGivenAnew) => boolean,
): Item[] {
  const rows = replica.givenAnew().filter(isTheirs)
  const held = rows.flatMap((row) => heldNumber(replica, row, today) ?? [])
  return [...Map.groupBy(held, ({ row }) => row.commandId).values()].flatMap((numbers) => {
    const [first] = numbers
    if (first === undefined) return []
    const { row, patientId } = first
    const patient = patientId === null ? null : replica.read.patient(patientId)
    const slip = numbers.find(({ visitId }) => visitId !== null)
    return [
      {
        ...about(replica, row, patient),
        itemId: formatInboxItemId({ kind: 'GIVEN_ANEW', commandId: row.commandId }),
        kind: 'GIVEN_ANEW' as const,
        commandId: row.commandId,
        numbers: numbers
          .toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind))
          .map((each) => ({
            kind: each.kind,
            taken: onPaper(replica, each),
            given: each.row.given,
          })),
        visitId: slip?.visitId ?? null,
      },
    ]
  })
}

/** Null: it says nothing any more, or there is yet another number. */
function heldNumber({ read }: Replica, row: NumberGivenAnew, today: CalendarDate): Held | null {
  const isNow = (number: Ticket): boolean => formatTicket(number, true) === row.given
  switch (row.collection) {
    case 'visits': {
      const visit = read.visit(row.id)
      if (visit === null || visit.queueDay !== today || WENT.includes(visit.status)) return null
      if (!isNow(visit.ticket)) return null
      return { kind: 'TICKET', row, patientId: visit.patientId, visitId: visit.id }
    }
    case 'entries': {
      const entry = read.entry(row.id)
      if (entry?.body.kind !== 'PAYMENT' || !isNow(entry.body.receipt)) return null
      const visit = entry.visitId === null ? null : read.visit(entry.visitId)
      const isOnSlip = visit?.queueDay === today && isLatestPayment(read, entry)
      return {
        kind: 'RECEIPT',
        row,
        patientId: entry.patientId,
        visitId: isOnSlip ? visit.id : null,
      }
    }
    case 'invoices': {
      const invoice = read.find('invoices', row.id)
      if (invoice === null || !isNow(invoice.number)) return null
      return { kind: 'INVOICE', row, patientId: invoice.patientId, visitId: null }
    }
    case 'appointments': {
      const booking = read.find('appointments', row.id)
      const isDue =
        booking?.status === 'BOOKED' &&
        booking.day >= today &&
        // Moved to another day it has another number, and that was told.
        isNow(booking.number)
      return isDue ? { kind: 'BOOKING', row, patientId: booking.patientId, visitId: null } : null
    }
  }
}

/** A slip says the receipt of what was paid last. */
function isLatestPayment(
  { entriesOfVisit }: Replica['read'],
  entry: Documents['entries'],
): boolean {
  if (entry.visitId === null) return false
  return !entriesOfVisit(entry.visitId).some(
    ({ at, body }) => body.kind === 'PAYMENT' && at > entry.at,
  )
}

/** A ticket of a station that is alone was printed without its letter. */
function onPaper({ read }: Replica, { kind, row }: Held): string {
  const isAlone = read.stations().filter(({ active }) => active).length < 2
  return kind === 'TICKET' && isAlone ? row.taken.slice(row.taken.indexOf('-') + 1) : row.taken
}

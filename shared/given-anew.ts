import type { CollectionName } from './collections.ts'

/**
 * How an answer's details name a number that was found taken, and the one given in its place, as they stand
 * on paper: `A-12`. Of each kind a command gives one number at most.
 */
export const GIVEN_ANEW: Partial<Record<CollectionName, { taken: string; given: string }>> = {
  visits: { taken: 'taken', given: 'ticket' },
  entries: { taken: 'receiptTaken', given: 'receipt' },
  invoices: { taken: 'invoiceTaken', given: 'invoice' },
  appointments: { taken: 'bookingTaken', given: 'booking' },
}

import type { Entry, PaymentMethod, Receipt } from '#shared/entry.ts'
import { AppError } from '#shared/errors.ts'
import type { EntryId, VisitId } from '#shared/ids.ts'
import type { Money } from '#shared/money.ts'
import type { Visit } from '#shared/visit.ts'
import type { CommandDraft, CommandTx } from '../replica/replica.ts'
import { factOfVisit } from './record-change.ts'
import { requireVisit } from './visit-change.ts'

/** A receipt's number as printed: its letter always shows, for it is never reset. */
export function formatReceipt(receipt: Receipt): string {
  return `${receipt.letter}-${receipt.number}`
}

export function takePayment(
  tx: CommandTx,
  input: { visitId: VisitId; amount: Money; method: PaymentMethod },
): CommandDraft<{ entryId: EntryId; receipt: string }> {
  const entry = makePayment(tx, requireVisit(tx, input.visitId), input)
  const { body } = entry
  return {
    name: 'takePayment',
    writes: [{ collection: 'entries', id: entry.id, base: null, next: entry }],
    output: { entryId: entry.id, receipt: formatReceipt(body.receipt) },
  }
}

/** A payment and its receipt, also for a visit that the same command makes. */
export function makePayment(
  tx: CommandTx,
  visit: Visit,
  payment: { amount: Money; method: PaymentMethod },
): Entry & { body: { kind: 'PAYMENT' } } {
  requireAmount(tx, payment.amount)
  return {
    ...factOfVisit(tx, visit),
    body: {
      kind: 'PAYMENT',
      amount: payment.amount,
      method: payment.method,
      receipt: tx.nextReceipt(),
    },
  }
}

export function refund(
  tx: CommandTx,
  input: { paymentId: EntryId; amount: Money; method: PaymentMethod; reason: string },
): CommandDraft<{ entryId: EntryId }> {
  const payment = tx.entry(input.paymentId)
  const visitId = payment?.visitId ?? null
  if (payment === null || visitId === null) throw new AppError('NOT_FOUND')
  requireAmount(tx, input.amount)
  const entry: Entry = {
    ...factOfVisit(tx, requireVisit(tx, visitId)),
    body: {
      kind: 'REFUND',
      paymentId: payment.id,
      amount: input.amount,
      method: input.method,
      reason: input.reason,
    },
  }
  return {
    name: 'refund',
    writes: [{ collection: 'entries', id: entry.id, base: null, next: entry }],
    output: { entryId: entry.id },
  }
}

/** Sums are kept in the clinic's currency alone; a receipt is not spent on an amount of nothing. */
function requireAmount(tx: CommandTx, amount: Money): void {
  if (amount.minor <= 0 || amount.currency !== tx.settings().currency) {
    throw new AppError('INVALID', { issues: ['amount'] })
  }
}

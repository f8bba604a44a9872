import type { Entry } from './entry.ts'
import type { Invoice } from './invoice.ts'
import { invalid, type JudgeContext, refuse, type Refused } from './judge-context.ts'
import type { Money } from './money.ts'
import type { Visit } from './visit.ts'

const CURRENCY = invalid('currency')

/** Sums are added up without a rate of exchange: all of a clinic's are in one currency. */
export function refuseCurrency(
  { currency }: Money,
  { settings }: Pick<JudgeContext, 'settings'>,
): Refused | null {
  return currency === settings.currency ? null : CURRENCY
}

export function refuseAmount(amount: Money, context: JudgeContext): Refused | null {
  return amount.minor > 0 ? refuseCurrency(amount, context) : invalid('amount')
}

/** What is appended to the money of a visit, beyond the right to do so. */
export function refuseMoney(
  { id, body }: Entry,
  visit: Visit,
  context: JudgeContext,
): Refused | null {
  switch (body.kind) {
    case 'PAYMENT':
      return refuseAmount(body.amount, context)
    case 'REFUND':
      return refuseRefund(body, visit, context)
    case 'WAIVER':
      return refuseAmount(body.amount, context) ?? refuseOverFee(body.amount, visit, context)
    case 'INVOICE_VOID': {
      const invoice = context.find('invoices', body.invoiceId)
      if (invoice?.visitId !== visit.id) return refuse('NOT_FOUND')
      return isVoided(invoice, context, id) ? refuse('IMMUTABLE') : null
    }
    case 'ADDENDUM':
    case 'STOCK_MOVEMENT':
    case 'DRAWER_SHIFT':
    case 'CONSENT':
    case 'RECORD_OPENED':
      return null
  }
}

function refuseRefund(
  { paymentId, amount }: Extract<Entry['body'], { kind: 'REFUND' }>,
  visit: Visit,
  context: JudgeContext,
): Refused | null {
  const payment = context.find('entries', paymentId)
  if (payment?.body.kind !== 'PAYMENT' || payment.visitId !== visit.id) return refuse('NOT_FOUND')
  // Given back in what was paid, whatever the clinic's currency is by now.
  if (amount.currency !== payment.body.amount.currency) return CURRENCY
  if (amount.minor <= 0) return invalid('amount')
  const given = sumOf(context.entriesOf(visit.id), (body) =>
    body.kind === 'REFUND' && body.paymentId === paymentId ? body.amount : null,
  )
  if (given + amount.minor > payment.body.amount.minor) return refuse('REFUND_OVER_PAID')
  const roles = context.author?.roles ?? []
  const isUnlimited = roles.includes('ACCOUNTANT') || roles.includes('ADMIN')
  return isUnlimited || amount.minor <= context.settings.refundLimit.minor
    ? null
    : refuse('REFUND_OVER_LIMIT')
}

/** A visit's fee can be waived once. */
function refuseOverFee(amount: Money, visit: Visit, context: JudgeContext): Refused | null {
  const waived = sumOf(context.entriesOf(visit.id), (body) =>
    body.kind === 'WAIVER' ? body.amount : null,
  )
  return waived + amount.minor > visit.fee.minor ? refuse('WAIVER_OVER_FEE') : null
}

function sumOf(entries: readonly Entry[], of: (body: Entry['body']) => Money | null): number {
  return entries.reduce((sum, { body }) => sum + (of(body)?.minor ?? 0), 0)
}

/** @param but an entry that is not counted: the one that is judged */
function isVoided(invoice: Invoice, context: JudgeContext, but: string | null): boolean {
  return context
    .entriesOf(invoice.visitId)
    .some(
      ({ id, body }) => body.kind === 'INVOICE_VOID' && body.invoiceId === invoice.id && id !== but,
    )
}

/** Two stations that had not met may both issue one; who had seen the other's must void it first. */
export function refuseInvoice(invoice: Invoice, context: JudgeContext): Refused | null {
  const { lines, total, visitId } = invoice
  const isInOne = lines.every(({ amount }) => amount.currency === total.currency)
  const sum = lines.reduce((whole, { amount }) => whole + amount.minor, 0)
  if (!isInOne || sum !== total.minor || sum < 0) return invalid('total')
  const stands = context
    .invoicesOf(visitId)
    .some((other) => other.id !== invoice.id && !isVoided(other, context, null))
  return refuseCurrency(total, context) ?? (stands ? refuse('INVOICE_STANDS') : null)
}

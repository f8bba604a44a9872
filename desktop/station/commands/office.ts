import type { EntryBody } from '#shared/entry.ts'
import { AppError } from '#shared/errors.ts'
import { EntryId, InvoiceId, type PatientId, StockItemId } from '#shared/ids.ts'
import type { Invoice } from '#shared/invoice.ts'
import { type StockItem, StockItemField } from '#shared/stock.ts'
import type { ActionInput } from '../contract/actions.ts'
import type { CommandDraft, CommandTx } from '../replica/replica.ts'
import { appendEntry } from './care.ts'
import { formatReceipt } from './money.ts'
import {
  changedFields,
  freshRecord,
  marksOf,
  recordWrite,
  requirePatient,
  requireRecord,
  visitHead,
} from './record-change.ts'
import { ownFact, requireVisit } from './visit-change.ts'
import { today } from './visit-steps.ts'

type Appended = CommandDraft<{ entryId: EntryId }>

export function waiveFee(
  tx: CommandTx,
  { visitId, amount, reason }: ActionInput<'waiveFee'>,
): Appended {
  return appendEntry(tx, 'waiveFee', { visitId, body: { kind: 'WAIVER', amount, reason } })
}

export function issueInvoice(
  tx: CommandTx,
  { visitId, lines }: ActionInput<'issueInvoice'>,
): CommandDraft<{ invoiceId: InvoiceId; number: string }> {
  const visit = requireVisit(tx, visitId)
  const { currency } = tx.settings()
  const minor = lines.reduce((sum, { amount }) => sum + amount.minor, 0)
  const invoice: Invoice = {
    id: InvoiceId.parse(tx.newId()),
    ...visitHead(visit),
    doctorId: visit.doctorId,
    number: tx.nextNumber('invoice'),
    lines,
    total: { minor, currency },
    created: ownFact(tx),
  }
  return {
    name: 'issueInvoice',
    writes: [recordWrite('invoices', null, invoice)],
    output: { invoiceId: invoice.id, number: formatReceipt(invoice.number) },
  }
}

/** @throws AppError NOT_FOUND */
export function voidInvoice(
  tx: CommandTx,
  { invoiceId, reason }: ActionInput<'voidInvoice'>,
): Appended {
  const invoice = requireRecord(tx, 'invoices', invoiceId)
  const body: EntryBody = { kind: 'INVOICE_VOID', invoiceId, reason }
  return appendEntry(tx, 'voidInvoice', { visitId: invoice.visitId, body })
}

/** Something that happened today and is of no visit. */
function appendToday(
  tx: CommandTx,
  name: CommandDraft<never>['name'],
  { patientId, body }: { patientId: PatientId | null; body: EntryBody },
): Appended {
  const id = EntryId.parse(tx.newId())
  const head = { id, clinicId: tx.clinicId, visitId: null, patientId, queueDay: today(tx) }
  const write = recordWrite('entries', null, { ...head, ...ownFact(tx), body })
  return { name, writes: [write], output: { entryId: id } }
}

export function countDrawer(
  tx: CommandTx,
  { closes, counted, note }: ActionInput<'countDrawer'>,
): Appended {
  const body: EntryBody = { kind: 'DRAWER_SHIFT', closes, counted, note }
  return appendToday(tx, 'countDrawer', { patientId: null, body })
}

export function recordConsent(
  tx: CommandTx,
  { patientId, scope, given }: ActionInput<'recordConsent'>,
): Appended {
  requirePatient(tx, patientId)
  return appendToday(tx, 'recordConsent', { patientId, body: { kind: 'CONSENT', scope, given } })
}

/** @throws AppError NOT_FOUND; INVALID if nothing differs */
export function saveStockItem(
  tx: CommandTx,
  { itemId, item }: ActionInput<'saveStockItem'>,
): CommandDraft<{ itemId: StockItemId }> {
  const base = itemId === null ? null : requireRecord(tx, 'inventory', itemId)
  const next = base === null ? newItem(tx, item) : editedItem(tx, base, item)
  return {
    name: 'saveStockItem',
    writes: [recordWrite('inventory', base, next)],
    output: { itemId: next.id },
  }
}

function newItem(tx: CommandTx, item: ActionInput<'saveStockItem'>['item']): StockItem {
  const id = StockItemId.parse(tx.newId())
  return { id, clinicId: tx.clinicId, ...item, marks: {}, ...freshRecord(tx) }
}

function editedItem(
  tx: CommandTx,
  base: StockItem,
  item: ActionInput<'saveStockItem'>['item'],
): StockItem {
  const fields = changedFields(base, item, StockItemField.options)
  if (fields.length === 0) throw new AppError('INVALID', { issues: ['changes'] })
  return { ...base, ...item, marks: { ...base.marks, ...marksOf(tx, fields) } }
}

export function moveStock(tx: CommandTx, input: ActionInput<'moveStock'>): Appended {
  return appendToday(tx, 'moveStock', {
    patientId: null,
    body: { kind: 'STOCK_MOVEMENT', ...input },
  })
}

import type { SubmitEvent } from 'react'
import type { Money } from '#shared/money.ts'
import { useDesk, type PayableVisit } from '../ui/desk-context.tsx'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { usePerform } from '../ui/perform.ts'
import { useToast } from '../ui/toasts.tsx'
import { PaymentFields, usePayment } from './payment-fields.tsx'

/** Takes what a patient still owes for a visit. */
export function PaymentPanel(props: { row: PayableVisit; onDone: () => void }) {
  const text = useText()
  const { session } = useDesk()
  const { balance } = props.row
  if (balance !== null && balance.minor <= 0) return <p>{text('payment.nothingDue')}</p>
  const due = balance ?? { minor: 0, currency: session.clinic.currency }
  return <PaymentForm {...props} due={due} />
}

function PaymentForm(props: { row: PayableVisit; due: Money; onDone: () => void }) {
  const text = useText()
  const formats = useFormats()
  const perform = usePerform()
  const toast = useToast()
  const { row, due } = props
  const payment = usePayment(due)
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    if (payment.value === null) return
    const result = await perform('takePayment', { visitId: row.visitId, ...payment.value })
    if (!result.ok) return
    toast({
      text: text('toast.paid', {
        amount: formats.money(payment.value.amount),
        receipt: formats.digits(result.output.receipt),
      }),
    })
    props.onDone()
  }
  return (
    <form className="check-in-form" data-testid="payment" onSubmit={(event) => void submit(event)}>
      <PaymentFields payment={payment} />
      <div className="check-in-buttons">
        <button type="submit" className="button" data-kind="primary" data-testid="take-payment">
          {text('payment.take', { amount: formats.money(payment.value?.amount ?? due) })}
          <kbd>{text('key.enter')}</kbd>
        </button>
      </div>
    </form>
  )
}

import { useState, type SubmitEvent } from 'react'
import type { QueryView } from '#desktop/station/contract/queries.ts'
import { Field } from '../ui/field.tsx'
import { editableAmount, parseAmount } from '../ui/formats.ts'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { usePerform } from '../ui/perform.ts'
import { useToast } from '../ui/toasts.tsx'

type PaymentEntry = QueryView<'patient'>['visits'][number]['payments'][number]

/** Gives money back the way it came, with a reason. */
export function RefundForm(props: { payment: PaymentEntry; onDone: () => void }) {
  const text = useText()
  const formats = useFormats()
  const perform = usePerform()
  const toast = useToast()
  const { payment, onDone } = props
  const [typed, setTyped] = useState(() => formats.digits(editableAmount(payment.amount)))
  const [reason, setReason] = useState('')
  const amount = parseAmount(typed, payment.amount.currency)
  const ready = amount !== null && amount.minor > 0 && reason.trim() !== ''
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    if (!ready) return
    const result = await perform('refund', {
      paymentId: payment.entryId,
      amount,
      method: payment.method,
      reason: reason.trim(),
    })
    if (!result.ok) return
    toast({ text: text('toast.refunded', { amount: formats.money(amount) }) })
    onDone()
  }
  return (
    <form
      className="refund"
      data-testid="refund-form"
      aria-label={text('patient.refundTitle')}
      onSubmit={(event) => void submit(event)}
    >
      <Field
        label={text('field.amount')}
        dir="ltr"
        inputMode="decimal"
        data-testid="refund-amount"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Field
        label={text('reason.why')}
        focusOnMount
        maxLength={200}
        data-testid="refund-reason"
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <div className="refund-buttons">
        <button type="submit" className="button" data-kind="danger" disabled={!ready}>
          {text('patient.refund')}
        </button>
        <button type="button" className="button" data-kind="quiet" onClick={onDone}>
          {text('action.back')}
        </button>
      </div>
    </form>
  )
}

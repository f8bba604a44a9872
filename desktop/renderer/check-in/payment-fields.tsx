import { useState } from 'react'
import { PaymentMethod } from '#shared/entry.ts'
import type { Money } from '#shared/money.ts'
import { Choices } from '../ui/choices.tsx'
import { Field } from '../ui/field.tsx'
import { editableAmount, parseAmount } from '../ui/formats.ts'
import { useFormats, useText } from '../ui/locale-context.tsx'
import './check-in.css'

interface PaymentState {
  typed: string
  method: PaymentMethod
  setTyped: (typed: string) => void
  setMethod: (method: PaymentMethod) => void
  /** What would be taken; null while the amount is none. */
  value: { amount: Money; method: PaymentMethod } | null
}

/** An amount and how it is paid, starting from what is due, in cash. */
export function usePayment(due: Money): PaymentState {
  const formats = useFormats()
  const [typed, setTyped] = useState(() => formats.digits(editableAmount(due)))
  const [method, setMethod] = useState<PaymentMethod>('CASH')
  const amount = parseAmount(typed, due.currency)
  const value = amount === null || amount.minor <= 0 ? null : { amount, method }
  return { typed, method, setTyped, setMethod, value }
}

export function PaymentFields(props: { payment: PaymentState }) {
  const text = useText()
  const { typed, setTyped, method, setMethod, value } = props.payment
  return (
    <>
      <div className="amount-field">
        <Field
          label={text('field.amount')}
          dir="ltr"
          inputMode="decimal"
          focusOnMount
          data-testid="amount"
          value={typed}
          onFocus={(event) => event.target.select()}
          onChange={(event) => setTyped(event.target.value)}
          hint={value === null ? text('checkIn.badAmount') : null}
          tone="trouble"
        />
      </div>
      <Choices
        label={text('field.method')}
        name="method"
        value={method}
        onChange={setMethod}
        choices={PaymentMethod.options.map((each) => ({
          value: each,
          label: text(`method.${each}`),
        }))}
      />
    </>
  )
}

import { useState, type SubmitEvent } from 'react'
import { IconBackspace } from '@tabler/icons-react'
import { toLatinDigits } from '#shared/digits.ts'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { Field } from '../ui/field.tsx'

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0']
const LONGEST = 8
const SHORTEST = 4

/** A PIN by keyboard, in either digits, or by mouse on the keys beside it. */
export function PinPad(props: {
  label: string
  submitLabel: string
  problem: string | null
  busy: boolean
  onSubmit: (pin: string) => void
}) {
  const text = useText()
  const formats = useFormats()
  const [pin, setPin] = useState('')
  const type = (next: string): void => {
    setPin(toLatinDigits(next).replace(/\D/g, '').slice(0, LONGEST))
  }
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (pin.length < SHORTEST || props.busy) return
    props.onSubmit(pin)
    setPin('')
  }
  return (
    <form className="pin" onSubmit={submit}>
      <div className="pin-form">
        <Field
          label={props.label}
          type="password"
          inputMode="numeric"
          dir="ltr"
          data-testid="pin"
          focusOnMount
          value={pin}
          onChange={(event) => type(event.target.value)}
          hint={props.problem ?? text('session.pinHint')}
          tone={props.problem === null ? 'quiet' : 'trouble'}
        />
        <button
          type="submit"
          className="button"
          data-kind="primary"
          disabled={pin.length < SHORTEST}
        >
          {props.submitLabel}
          <kbd>{text('key.enter')}</kbd>
        </button>
      </div>
      <div className="pin-keys">
        {KEYS.map((key) => (
          <button
            type="button"
            tabIndex={-1}
            key={key}
            className="pin-key"
            data-wide={key === '0' ? true : undefined}
            aria-label={text('session.pinDigit', { digit: formats.digits(key) })}
            onClick={() => type(pin + key)}
          >
            {formats.digits(key)}
          </button>
        ))}
        <button
          type="button"
          tabIndex={-1}
          className="pin-key"
          aria-label={text('session.pinErase')}
          onClick={() => type(pin.slice(0, -1))}
        >
          <IconBackspace size="1.25rem" aria-hidden />
        </button>
      </div>
    </form>
  )
}

import { useState, type SubmitEvent } from 'react'
import { useAct } from '../station-client/station-context.tsx'
import { Field } from '../ui/field.tsx'
import { useText } from '../ui/locale-context.tsx'
import { refusalText } from '../ui/perform.ts'
import './session.css'

/**
 * An ADMIN lets a computer that the server refuses go on as a new one. Nothing to do when it has: the
 * session's own view asks everybody to sign in.
 */
export function RejoinForm() {
  const text = useText()
  const act = useAct()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    const result = await act('rejoin', { email: email.trim(), password })
    setBusy(false)
    if (result.ok) return
    const { code, details } = result
    const own = code === 'FORBIDDEN' || code === 'BAD_SIGNATURE'
    setProblem(own ? text(`rejoin.${code}`) : refusalText(text, code, details))
  }
  return (
    <form className="pin-password" onSubmit={(event) => void submit(event)} data-testid="rejoin">
      <p className="door-subtitle">{text('rejoin.how')}</p>
      <Field
        label={text('session.email')}
        type="email"
        dir="ltr"
        required
        focusOnMount
        autoComplete="username"
        data-testid="rejoin-email"
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      <Field
        label={text('session.password')}
        type="password"
        dir="ltr"
        required
        autoComplete="current-password"
        data-testid="rejoin-password"
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        hint={problem}
        tone="trouble"
      />
      <button
        type="submit"
        className="button"
        data-kind="primary"
        data-testid="rejoin-submit"
        disabled={busy}
      >
        {text(busy ? 'rejoin.busy' : 'rejoin.open')}
        <kbd>{text('key.enter')}</kbd>
      </button>
    </form>
  )
}

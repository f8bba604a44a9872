import { useState, type SubmitEvent } from 'react'
import { useText } from '../ui/locale-context.tsx'
import { Field } from '../ui/field.tsx'

/** Sign-in by e-mail and password. With a known e-mail only the password is asked. */
export function PasswordForm(props: {
  email: string | null
  name: string | null
  problem: string | null
  busy: boolean
  onSubmit: (email: string, password: string) => void
}) {
  const text = useText()
  const [email, setEmail] = useState(props.email ?? '')
  const [password, setPassword] = useState('')
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (!props.busy && email !== '' && password !== '') props.onSubmit(email.trim(), password)
  }
  return (
    <form className="pin-password" onSubmit={submit}>
      {props.email === null && (
        <Field
          label={text('session.email')}
          type="email"
          dir="ltr"
          autoComplete="username"
          data-testid="email"
          focusOnMount
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
      )}
      <Field
        label={
          props.name === null
            ? text('session.password')
            : text('session.passwordFor', { name: props.name })
        }
        type="password"
        dir="ltr"
        autoComplete="current-password"
        data-testid="password"
        focusOnMount={props.email !== null}
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        hint={props.problem}
        tone="trouble"
      />
      <button type="submit" className="button" data-kind="primary" data-testid="sign-in">
        {text('session.signIn')}
        <kbd>{text('key.enter')}</kbd>
      </button>
    </form>
  )
}

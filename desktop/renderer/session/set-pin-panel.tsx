import { useState, type SubmitEvent } from 'react'
import { useAct } from '../station-client/station-context.tsx'
import { Field } from '../ui/field.tsx'
import { useText } from '../ui/locale-context.tsx'
import { refusalText } from '../ui/perform.ts'
import { useToast } from '../ui/toasts.tsx'
import { PinPad } from './pin-pad.tsx'
import './session.css'

/** The password once more, then a new PIN, typed twice. */
export function SetPinPanel(props: { onDone: () => void }) {
  const text = useText()
  const act = useAct()
  const toast = useToast()
  const [password, setPassword] = useState('')
  const [passwordGiven, setPasswordGiven] = useState(false)
  const [first, setFirst] = useState<string | null>(null)
  const [problem, setProblem] = useState<string | null>(null)

  const submit = async (pin: string): Promise<void> => {
    if (first === null) {
      setProblem(null)
      setFirst(pin)
      return
    }
    setFirst(null)
    if (first !== pin) {
      setProblem(text('session.pinDiffers'))
      return
    }
    const result = await act('setPin', { password, pin })
    if (!result.ok) {
      setPassword('')
      setPasswordGiven(false)
      setProblem(refusalText(text, result.code, result.details))
      return
    }
    toast({ text: text('session.pinSaved') })
    props.onDone()
  }
  const givePassword = (event: SubmitEvent): void => {
    event.preventDefault()
    if (password === '') return
    setProblem(null)
    setPasswordGiven(true)
  }
  if (!passwordGiven) {
    return (
      <form className="pin-password" onSubmit={givePassword}>
        <p className="door-subtitle">{text('session.pinWhy')}</p>
        <Field
          label={text('session.password')}
          type="password"
          dir="ltr"
          autoComplete="current-password"
          data-testid="password"
          focusOnMount
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          hint={problem}
          tone="trouble"
        />
        <button type="submit" className="button" data-kind="primary" disabled={password === ''}>
          {text('action.continue')}
          <kbd>{text('key.enter')}</kbd>
        </button>
      </form>
    )
  }
  return (
    <div className="pin-password">
      <p className="door-subtitle">{text('session.pinWhy')}</p>
      <PinPad
        key={first === null ? 'first' : 'again'}
        label={text(first === null ? 'session.pin' : 'session.pinAgain')}
        submitLabel={text(first === null ? 'action.continue' : 'action.save')}
        problem={problem}
        busy={false}
        onSubmit={(pin) => void submit(pin)}
      />
    </div>
  )
}

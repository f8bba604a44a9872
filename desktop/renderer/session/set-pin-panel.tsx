import { useState } from 'react'
import { useAct } from '../station-client/station-context.tsx'
import { useText } from '../ui/locale-context.tsx'
import { refusalText } from '../ui/perform.ts'
import { useToast } from '../ui/toasts.tsx'
import { PinPad } from './pin-pad.tsx'
import './session.css'

/** A new PIN, typed twice. */
export function SetPinPanel(props: { onDone: () => void }) {
  const text = useText()
  const act = useAct()
  const toast = useToast()
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
    const result = await act('setPin', { pin })
    if (!result.ok) {
      setProblem(refusalText(text, result.code, result.details))
      return
    }
    toast({ text: text('session.pinSaved') })
    props.onDone()
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

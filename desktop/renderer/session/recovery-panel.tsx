import { useEffect, useState, type SubmitEvent } from 'react'
import { AppError } from '#shared/errors.ts'
import { useAct } from '../station-client/station-context.tsx'
import { Field } from '../ui/field.tsx'
import { useText } from '../ui/locale-context.tsx'
import { refusalText } from '../ui/perform.ts'
import { useToast } from '../ui/toasts.tsx'
import './session.css'

/**
 * The code that opens this computer's data when Windows has lost its key. A new one is shown once,
 * to be written down; it counts only after its last group was typed again. The clinic's other
 * computers may use the same.
 */
export function RecoveryPanel(props: { onDone: () => void }) {
  const text = useText()
  const act = useAct()
  const toast = useToast()
  const [isNew, setIsNew] = useState(true)
  const [code, setCode] = useState<string | null>(null)
  const [typed, setTyped] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const [refused, setRefused] = useState<AppError | null>(null)
  useEffect(() => {
    void act('newRecoveryCode', {}).then((result) => {
      if (result.ok) setCode(result.output.code)
      else setRefused(new AppError(result.code, result.details))
    })
    // One code for as long as the panel is open, also for who changes the language: it may be on paper.
  }, [act])

  const unmade = refused === null ? null : refusalText(text, refused.code, refused.details)

  const keep = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    if (code === null) return
    const isWritten = typed.trim().toUpperCase() === code.split('-').at(-1)
    if (isNew && !isWritten) {
      setProblem(text('recovery.lastGroupDiffers'))
      return
    }
    const result = await act('keepRecoveryCode', { code: isNew ? code : typed })
    if (!result.ok) {
      setProblem(text(result.code === 'INVALID' ? 'recovery.notACode' : `error.${result.code}`))
      return
    }
    toast({ text: text('recovery.kept') })
    props.onDone()
  }
  const turn = (): void => {
    setIsNew(!isNew)
    setTyped('')
    setProblem(null)
  }
  return (
    <form className="pin-password" onSubmit={(event) => void keep(event)} data-testid="recovery">
      <p className="door-subtitle">{text('recovery.why')}</p>
      {isNew && code !== null && (
        <>
          <output className="recovery-code" dir="ltr" data-testid="recovery-code">
            {code}
          </output>
          <p className="notice" data-tone="doubt">
            {text('recovery.once')}
          </p>
        </>
      )}
      <Field
        key={isNew ? 'new' : 'known'}
        label={text(isNew ? 'recovery.lastGroup' : 'recovery.code')}
        dir="ltr"
        required
        focusOnMount
        maxLength={isNew ? 4 : 80}
        data-testid="recovery-typed"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        hint={problem ?? unmade}
        tone="trouble"
      />
      <div className="door-actions">
        <button
          type="submit"
          className="button"
          data-kind="primary"
          data-testid="keep-recovery"
          disabled={code === null}
        >
          {text(isNew ? 'recovery.written' : 'recovery.use')}
          <kbd>{text('key.enter')}</kbd>
        </button>
        <button
          type="button"
          className="button"
          data-kind="quiet"
          data-testid="recovery-turn"
          onClick={turn}
        >
          {text(isNew ? 'recovery.haveOne' : 'recovery.makeOne')}
        </button>
      </div>
    </form>
  )
}

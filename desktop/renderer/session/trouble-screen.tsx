import { useState, type SubmitEvent } from 'react'
import type { TroubleCode } from '#desktop/station/contract/session-view.ts'
import { useAct } from '../station-client/station-context.tsx'
import { useText } from '../ui/locale-context.tsx'
import { Field } from '../ui/field.tsx'
import { DoorFrame } from './door-frame.tsx'

/** The clinic's file cannot be used: why, what that means for the data, and what to do. */
export function TroubleScreen({ code, canRecover }: { code: TroubleCode; canRecover: boolean }) {
  const text = useText()
  const act = useAct()
  const [busy, setBusy] = useState(false)
  const tryAgain = async (): Promise<void> => {
    setBusy(true)
    await act('tryAgain', {})
    setBusy(false)
  }
  return (
    <DoorFrame title={text('trouble.title')} subtitle={text('trouble.kept')}>
      <div className="door-card" data-narrow data-testid="trouble" data-code={code}>
        <p className="notice" data-tone={code === 'REPLACING' ? 'doubt' : 'trouble'} role="alert">
          {text(`trouble.${code}`)}
        </p>
        {canRecover && <RecoveryForm />}
        {code !== 'REPLACING' && (
          <button
            type="button"
            className="button"
            data-kind={canRecover ? 'quiet' : 'primary'}
            data-testid="try-again"
            disabled={busy}
            onClick={() => void tryAgain()}
          >
            {text(busy ? 'app.starting' : 'trouble.tryAgain')}
          </button>
        )}
      </div>
    </DoorFrame>
  )
}

function RecoveryForm() {
  const text = useText()
  const act = useAct()
  const [code, setCode] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const open = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const result = await act('openWithRecoveryCode', { code })
    if (!result.ok) {
      setProblem(text(result.code === 'INVALID' ? 'recovery.notThisCode' : `error.${result.code}`))
    }
  }
  return (
    <form className="pin-password" onSubmit={(event) => void open(event)}>
      <Field
        label={text('recovery.code')}
        dir="ltr"
        required
        focusOnMount
        maxLength={80}
        data-testid="recovery-code"
        value={code}
        onChange={(event) => setCode(event.target.value)}
        hint={problem}
        tone="trouble"
      />
      <button type="submit" className="button" data-kind="primary" data-testid="recover">
        {text('recovery.open')}
        <kbd>{text('key.enter')}</kbd>
      </button>
    </form>
  )
}

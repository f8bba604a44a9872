import { useState } from 'react'
import type { ActionInput } from '#desktop/station/contract/actions.ts'
import { useAct, useWatch } from '../station-client/station-context.tsx'
import { useText } from '../ui/locale-context.tsx'
import { refusalText } from '../ui/perform.ts'
import { PasswordForm } from './password-form.tsx'
import { PeopleTiles, type Person } from './people-tiles.tsx'
import { PinPad } from './pin-pad.tsx'
import './session.css'

type Step =
  | { kind: 'PEOPLE' }
  | { kind: 'PIN'; person: Person }
  | { kind: 'PASSWORD'; person: Person | null }

/** Who takes over: a tile, then a PIN or a password. On the demo clinic one click is enough. */
export function PersonChoice(props: { onSignedIn: () => void }) {
  const text = useText()
  const act = useAct()
  const { view: people } = useWatch('people', {})
  const [chosen, setStep] = useState<Step>({ kind: 'PEOPLE' })
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)

  const go = (next: Step): void => {
    setProblem(null)
    setStep(next)
  }
  const finish = async (
    attempt:
      | { name: 'unlock'; input: ActionInput<'unlock'> }
      | { name: 'signIn'; input: ActionInput<'signIn'> },
  ): Promise<void> => {
    setBusy(true)
    const result =
      attempt.name === 'unlock'
        ? await act('unlock', attempt.input)
        : await act('signIn', attempt.input)
    setBusy(false)
    if (result.ok) props.onSignedIn()
    else setProblem(refusalText(text, result.code, result.details))
  }
  const choose = (person: Person): void => {
    // Who has set a PIN is asked for it, in the demo too: that is how they see it work.
    if (person.hasPin) go({ kind: 'PIN', person })
    else byPassword(person)
  }
  const byPassword = (person: Person): void => {
    if (person.demoPassword === null) {
      go({ kind: 'PASSWORD', person })
      return
    }
    void finish({ name: 'signIn', input: { email: person.email, password: person.demoPassword } })
  }

  if (people === null) return null
  const step: Step = people.length === 0 ? { kind: 'PASSWORD', person: null } : chosen
  const isDemo = people.some(({ demoPassword }) => demoPassword !== null)
  const hint = isDemo ? 'session.peopleDemo' : 'session.peopleHint'
  return (
    <div className="door-card" data-narrow={step.kind === 'PASSWORD' ? true : undefined}>
      {step.kind === 'PEOPLE' && (
        <>
          <p className="door-subtitle">{text(hint)}</p>
          <PeopleTiles people={people} onChoose={choose} />
          {problem !== null && (
            <p className="notice" data-tone="trouble" role="alert">
              {problem}
            </p>
          )}
        </>
      )}
      {step.kind === 'PIN' && (
        <PinPad
          label={text('session.pinFor', { name: step.person.name })}
          submitLabel={text('session.signIn')}
          problem={problem}
          busy={busy}
          onSubmit={(pin) =>
            void finish({ name: 'unlock', input: { userId: step.person.userId, pin } })
          }
        />
      )}
      {step.kind === 'PASSWORD' && (
        <PasswordForm
          key={step.person?.userId ?? ''}
          email={step.person?.email ?? null}
          name={step.person?.name ?? null}
          problem={problem}
          busy={busy}
          onSubmit={(email, password) =>
            void finish({ name: 'signIn', input: { email, password } })
          }
        />
      )}
      <div className="door-actions">
        {step.kind !== 'PEOPLE' && people.length > 0 && (
          <Link label={text('session.useTiles')} onClick={() => go({ kind: 'PEOPLE' })} />
        )}
        {step.kind === 'PIN' && (
          <Link label={text('session.usePassword')} onClick={() => byPassword(step.person)} />
        )}
        {step.kind === 'PEOPLE' && (
          <Link
            label={text('session.otherPerson')}
            onClick={() => go({ kind: 'PASSWORD', person: null })}
          />
        )}
      </div>
    </div>
  )
}

function Link(props: { label: string; onClick: () => void }) {
  return (
    <button type="button" className="button" data-kind="quiet" onClick={props.onClick}>
      {props.label}
    </button>
  )
}

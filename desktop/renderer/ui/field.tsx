import { useId, type ComponentProps, type ReactNode } from 'react'
import { useFocusOnMount } from './focus-on-mount.ts'

interface FieldProps extends Omit<ComponentProps<'input'>, 'id' | 'ref' | 'autoFocus'> {
  label: ReactNode
  hint?: ReactNode
  /** Takes the focus when it comes: the hand is on the keyboard, and this is what it goes on with. */
  focusOnMount?: boolean
  tone?: 'trouble' | 'doubt' | 'quiet' | undefined
}

/** A labelled text field with a line below it for what is wrong or understood. */
export function Field({ label, hint, tone, focusOnMount, ...input }: FieldProps) {
  const element = useFocusOnMount<HTMLInputElement>(focusOnMount === true)
  const id = useId()
  const hintId = `${id}-hint`
  const hasHint = hint !== undefined && hint !== null
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <input
        autoComplete="off"
        spellCheck={false}
        {...input}
        ref={element}
        // A dialog's focus trap asks for it by this name.
        data-autofocus={focusOnMount === true ? true : undefined}
        id={id}
        className="field-input"
        aria-invalid={tone === 'trouble' ? true : undefined}
        aria-describedby={hasHint ? hintId : undefined}
      />
      {hasHint && (
        <span className="field-hint" data-tone={tone} id={hintId}>
          {hint}
        </span>
      )}
    </div>
  )
}

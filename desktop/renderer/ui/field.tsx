import { useId, type ComponentPropsWithRef, type ReactNode } from 'react'

interface FieldProps extends Omit<ComponentPropsWithRef<'input'>, 'id'> {
  label: ReactNode
  hint?: ReactNode
  tone?: 'trouble' | 'doubt' | 'quiet' | undefined
}

/** A labelled text field with a line below it for what is wrong or understood. */
export function Field({ label, hint, tone, ...input }: FieldProps) {
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

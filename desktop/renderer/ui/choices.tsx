import { useLayoutEffect, useRef, type ReactNode } from 'react'

interface Choice<Value extends string> {
  value: Value
  label: ReactNode
  hint?: ReactNode
}

/** Radio buttons as tiles: arrows move between them, Enter submits the form around them. */
export function Choices<Value extends string>(props: {
  label: string
  name: string
  value: Value | null
  choices: ReadonlyArray<Choice<Value>>
  onChange: (value: Value) => void
  focusFirst?: boolean
}) {
  const { value, choices } = props
  const group = useRef<HTMLFieldSetElement>(null)
  const { focusFirst } = props
  useLayoutEffect(() => {
    if (focusFirst !== true) return
    const inputs = group.current?.querySelectorAll('input') ?? []
    const checked = [...inputs].find((input) => input.checked)
    const first = checked ?? inputs[0]
    first?.focus()
  }, [focusFirst])
  return (
    <fieldset ref={group} className="choices" data-testid={`choices-${props.name}`}>
      <legend>{props.label}</legend>
      {choices.map((choice) => (
        <label className="choice" key={choice.value}>
          <input
            type="radio"
            name={props.name}
            value={choice.value}
            checked={choice.value === value}
            data-autofocus={focusFirst === true && choice.value === value ? true : undefined}
            onChange={() => props.onChange(choice.value)}
          />
          <span className="choice-face">
            <span>{choice.label}</span>
            {choice.hint !== undefined && <span className="choice-hint">{choice.hint}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  )
}

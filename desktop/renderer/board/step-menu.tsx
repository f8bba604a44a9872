import type { KeyboardEvent } from 'react'
import type { VisitRow } from '#desktop/station/contract/board-view.ts'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { useBoardHands } from './board-context.ts'
import type { Step } from './steps.ts'

/** Each step has a digit: Space, 3 is quicker than three arrows. */
export function StepMenu(props: { row: VisitRow; steps: readonly Step[] }) {
  const text = useText()
  const formats = useFormats()
  const hands = useBoardHands()
  const { row, steps } = props
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1]
    const step = digit === undefined ? undefined : steps[Number(digit) - 1]
    if (step !== undefined) {
      event.preventDefault()
      hands.choose(row, step)
      return
    }
    const by = event.code === 'ArrowDown' ? 1 : event.code === 'ArrowUp' ? -1 : 0
    if (by === 0) return
    event.preventDefault()
    const items = [...event.currentTarget.querySelectorAll('button')]
    const at = items.findIndex((item) => item === document.activeElement)
    items[(at + by + items.length) % items.length]?.focus()
  }
  return (
    <div className="step-menu" role="menu" tabIndex={-1} onKeyDown={onKeyDown}>
      {steps.map((step, index) => (
        <button
          key={step}
          type="button"
          role="menuitem"
          className="step-item"
          data-testid={`step-${step}`}
          data-autofocus={index === 0 ? true : undefined}
          onClick={() => hands.choose(row, step)}
        >
          <span>{text(`step.${step}`)}</span>
          {index < 9 && <kbd>{formats.digits(String(index + 1))}</kbd>}
        </button>
      ))}
    </div>
  )
}

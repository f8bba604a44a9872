import { IconDots } from '@tabler/icons-react'
import type { VisitRow } from '#desktop/station/contract/board-view.ts'
import { useText } from '../ui/locale-context.tsx'
import { useBoardHands } from './board-context.ts'
import type { Step } from './steps.ts'

/** The likeliest step and the way to all others; shown when the row has the focus or the mouse. */
export function RowActions(props: { row: VisitRow; steps: readonly Step[]; large?: boolean }) {
  const text = useText()
  const hands = useBoardHands()
  const { row, steps } = props
  const primary = steps[0]
  const size = props.large === true ? undefined : 'small'
  return (
    <span className="row-actions">
      {primary !== undefined && (
        <button
          type="button"
          tabIndex={-1}
          className="button"
          data-kind={props.large === true ? 'primary' : undefined}
          data-size={size}
          data-testid={`primary-${row.ticket}`}
          onClick={() => hands.choose(row, primary)}
        >
          {text(`step.${primary}`)}
        </button>
      )}
      <button
        type="button"
        tabIndex={-1}
        className="button"
        data-size={size}
        data-testid={`more-${row.ticket}`}
        aria-label={text('action.more')}
        title={text('action.more')}
        aria-haspopup="menu"
        onClick={() => hands.openMenu(row)}
      >
        <IconDots size="1rem" aria-hidden />
      </button>
    </span>
  )
}

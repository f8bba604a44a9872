import { memo, type KeyboardEvent, type ReactNode } from 'react'
import type { VisitRow } from '#desktop/station/contract/board-view.ts'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { Run } from '../ui/run.tsx'
import { Wait } from '../ui/wait.tsx'
import { useBoardHands, type RowPopoverContent, type RowSettings } from './board-context.ts'
import { RowActions } from './row-actions.tsx'
import { CalledTag, PaidMark, PriorityTag, StandingMarks } from './row-marks.tsx'
import { RowPopover } from './row-popover.tsx'
import { stepsOf, type Step } from './steps.ts'
import { Ticket } from './ticket.tsx'

export interface VisitRowProps {
  row: VisitRow
  settings: RowSettings
  /** What is open at this row; null for all others, so that they do not render. */
  popover: RowPopoverContent | null
}

/** One patient of a line. */
export const LineRow = memo(function LineRow({ row, settings, popover }: VisitRowProps) {
  const text = useText()
  const steps = stepsOf(row, settings.toAssistantFirst)
  return (
    <RowFrame row={row} steps={steps} popover={popover} className="row">
      <Ticket ticket={row.ticket} />
      <span className="row-name" title={row.name}>
        <Run>{row.name}</Run>
      </span>
      <StandingMarks row={row} />
      <CalledTag row={row} />
      <PriorityTag row={row} />
      <span className="row-type" title={text(`visitType.${row.type}`)}>
        {text(`visitType.short.${row.type}`)}
      </span>
      <PaidMark row={row} />
      {row.status === 'WAITING' ? (
        <Wait since={row.waitingSince} amber={settings.amber} red={settings.red} />
      ) : (
        <SettledTime row={row} />
      )}
      <RowActions row={row} steps={steps} />
    </RowFrame>
  )
})

/** When a visit ended, or that it did not take place. */
function SettledTime(props: { row: VisitRow }) {
  const text = useText()
  const formats = useFormats()
  const { status, since } = props.row
  if (status === 'DONE') return <span className="wait">{formats.time(since)}</span>
  return (
    <span className="tag" data-tone={status}>
      {text(`status.${status}`)}
    </span>
  )
}

/**
 * What all rows have in common. Under the row's words lies a button as large as the row: it has the
 * focus, Enter takes the next step, Space shows all steps. A press with the mouse only chooses it.
 */
export function RowFrame(props: {
  row: VisitRow
  steps: readonly Step[]
  popover: RowPopoverContent | null
  className: string
  isNext?: boolean
  children: ReactNode
}) {
  const text = useText()
  const formats = useFormats()
  const hands = useBoardHands()
  const { row, steps, popover } = props
  const takePrimary = (): void => {
    const primary = steps[0]
    if (primary !== undefined) hands.choose(row, primary)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const isEnter = event.code === 'Enter' || event.code === 'NumpadEnter'
    const by = event.code === 'ArrowUp' ? -1 : event.code === 'ArrowDown' ? 1 : null
    if (event.altKey && by !== null && row.status === 'WAITING') {
      event.preventDefault()
      if (!event.repeat) hands.move(row, { by })
      return
    }
    const isMenu = event.code === 'Space' || event.code === 'ContextMenu'
    if (!isEnter && !isMenu) return
    event.preventDefault()
    if (event.repeat) return
    if (isEnter) takePrimary()
    else hands.openMenu(row)
  }
  const label = text('board.rowLabel', {
    ticket: formats.digits(row.ticket),
    name: row.name,
    status: text(`status.${row.status}`),
  })
  return (
    <div
      className={props.className}
      data-row={row.visitId}
      data-status={row.status}
      data-called={row.calledAt === null ? undefined : true}
      data-open={popover === null ? undefined : true}
      data-testid={`row-${row.ticket}`}
    >
      <button
        type="button"
        className="row-hit"
        aria-label={label}
        aria-haspopup="menu"
        tabIndex={props.isNext === true ? 0 : -1}
        data-visit={row.visitId}
        data-next={props.isNext === true ? true : undefined}
        onKeyDown={onKeyDown}
        onClick={(event) => {
          // No mouse was there: a screen reader or a switch has pressed it.
          if (event.detail === 0) takePrimary()
        }}
      />
      {props.children}
      {popover !== null && <RowPopover row={row} steps={steps} content={popover} />}
    </div>
  )
}

import { memo } from 'react'
import { useText } from '../ui/locale-context.tsx'
import { Run } from '../ui/run.tsx'
import { Wait } from '../ui/wait.tsx'
import { RowActions } from './row-actions.tsx'
import { CalledTag, OrderReason, PaidMark, PriorityTag, StandingMarks } from './row-marks.tsx'
import { stepsOf } from './steps.ts'
import { Ticket } from './ticket.tsx'
import { RowFrame, type VisitRowProps } from './visit-row.tsx'

/** Who is next: the loudest thing on the board. */
export const NextCard = memo(function NextCard({ row, settings, popover }: VisitRowProps) {
  const text = useText()
  const steps = stepsOf(row, settings.toAssistantFirst)
  return (
    <RowFrame row={row} steps={steps} popover={popover} className="next" isNext>
      <div className="next-ticket" data-testid={`next-${row.doctorId}`}>
        <span className="next-label">{text('board.next')}</span>
        <Ticket ticket={row.ticket} />
      </div>
      <div className="next-words">
        <span className="next-first">
          <span className="next-name" title={row.name}>
            <Run>{row.name}</Run>
          </span>
          <Wait since={row.waitingSince} amber={settings.amber} red={settings.red} />
        </span>
        <span className="next-facts">
          <PriorityTag row={row} />
          <span>{text(`visitType.${row.type}`)}</span>
          <PaidMark row={row} words={row.paid === 'UNPAID' || row.paid === 'PART'} />
          <StandingMarks row={row} />
        </span>
        <span className="next-last">
          <CalledTag row={row} withRoom />
          {row.calledAt === null && <OrderReason row={row} />}
          <RowActions row={row} steps={steps} large />
        </span>
      </div>
    </RowFrame>
  )
})

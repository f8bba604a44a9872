import { memo } from 'react'
import { IconHeartRateMonitor, IconStethoscope } from '@tabler/icons-react'
import { useText } from '../ui/locale-context.tsx'
import { Run } from '../ui/run.tsx'
import { Wait } from '../ui/wait.tsx'
import { RowActions } from './row-actions.tsx'
import { PaidMark, StandingMarks } from './row-marks.tsx'
import { stepsOf } from './steps.ts'
import { Ticket } from './ticket.tsx'
import { RowFrame, type VisitRowProps } from './visit-row.tsx'

/** A patient who is with the doctor or with the assistant, and since when. */
export const RoomRow = memo(function RoomRow({ row, settings, popover }: VisitRowProps) {
  const text = useText()
  const steps = stepsOf(row, settings.toAssistantFirst)
  const Icon = row.status === 'WITH_DOCTOR' ? IconStethoscope : IconHeartRateMonitor
  return (
    <RowFrame row={row} steps={steps} popover={popover} className="row row-inside">
      <span className="row-state">
        <Icon size="1.25rem" aria-hidden />
      </span>
      <Ticket ticket={row.ticket} />
      <span className="row-name" title={row.name}>
        <Run>{row.name}</Run>
      </span>
      <StandingMarks row={row} />
      <span className="row-type">
        {text(row.status === 'WITH_DOCTOR' ? 'board.inRoom' : 'board.withAssistant')}
      </span>
      <PaidMark row={row} />
      {/* Inside nobody waits: the time is shown, and never turns red. */}
      <Wait since={row.since} amber={Infinity} red={Infinity} />
      <RowActions row={row} steps={steps} />
    </RowFrame>
  )
})

export function EmptyRoom() {
  const text = useText()
  return (
    <div className="row-inside row-empty">
      <span className="row-state">
        <IconStethoscope size="1.25rem" aria-hidden />
      </span>
      {text('board.roomEmpty')}
    </div>
  )
}

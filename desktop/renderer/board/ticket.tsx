import { memo } from 'react'
import { useFormats } from '../ui/locale-context.tsx'
import { LtrRun } from '../ui/run.tsx'

/** A ticket as people look for it: the number large, the station's letter before it. */
export const Ticket = memo(function Ticket(props: { ticket: string }) {
  const formats = useFormats()
  const dash = props.ticket.lastIndexOf('-')
  return (
    <LtrRun className="ticket">
      {dash !== -1 && <span className="ticket-letter">{props.ticket.slice(0, dash + 1)}</span>}
      {formats.digits(props.ticket.slice(dash + 1))}
    </LtrRun>
  )
})

import { IconCalendarExclamation, IconPlugConnectedX } from '@tabler/icons-react'
import { memo, useState } from 'react'
import type { BoardView } from '#desktop/station/contract/board-view.ts'
import { useFormats, useText } from '../ui/locale-context.tsx'
import type { RowPopoverContent, RowSettings } from './board-context.ts'
import { LineRow } from './visit-row.tsx'

/** Visits of earlier days that nobody has closed: no clock does it, a person does. */
export const LeftOpenBanner = memo(function LeftOpenBanner(props: {
  rows: BoardView['leftOpen']
  /** Of all; the rows are the latest of them. */
  count: number
  settings: RowSettings
  opened: { visitId: string; content: RowPopoverContent } | null
}) {
  const text = useText()
  const [open, setOpen] = useState(false)
  if (props.rows.length === 0) return null
  return (
    <section className="left-open" data-open={open ? true : undefined} data-testid="left-open">
      <div className="notice" data-tone="doubt">
        <IconCalendarExclamation size="1.125rem" aria-hidden />
        <span className="notice-words">{text('count.leftOpen', { count: props.count })}</span>
        <button
          type="button"
          className="button"
          data-size="small"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {text(open ? 'board.hide' : 'board.settleLeftOpen')}
        </button>
      </div>
      {open && (
        <div className="left-open-rows">
          {props.rows.map((row) => (
            <LineRow
              key={row.visitId}
              row={row}
              settings={props.settings}
              popover={props.opened?.visitId === row.visitId ? props.opened.content : null}
            />
          ))}
        </div>
      )}
    </section>
  )
})

/** Whose later work this board may lack, and since when. */
export const NotHeardBanner = memo(function NotHeardBanner(props: {
  stations: BoardView['notHeardFrom']
  today: string
}) {
  const text = useText()
  const formats = useFormats()
  if (props.stations.length === 0) return null
  return (
    <div className="notice" data-tone="calm" data-testid="not-heard-from">
      <IconPlugConnectedX size="1.125rem" aria-hidden />
      <span className="notice-words">
        {props.stations
          .map(({ name, since }) =>
            since === null
              ? text('board.notHeardEver', { station: name })
              : text('board.notHeard', {
                  station: name,
                  time: formats.moment(since, props.today),
                }),
          )
          .join(' ')}
      </span>
    </div>
  )
})

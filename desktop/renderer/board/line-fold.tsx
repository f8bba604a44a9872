import { IconChevronDown } from '@tabler/icons-react'
import { useState } from 'react'
import type { VisitRow } from '#desktop/station/contract/queries.ts'
import type { RowPopoverContent, RowSettings } from './board-context.ts'
import { LineRow } from './visit-row.tsx'

/** A part of the line that is quiet until asked for: done today, cancelled, not there. */
export function LineFold(props: {
  title: string
  rows: readonly VisitRow[]
  settings: RowSettings
  opened: { visitId: string; content: RowPopoverContent } | null
  testId: string
  startsOpen?: boolean
}) {
  const [open, setOpen] = useState(props.startsOpen === true)
  if (props.rows.length === 0) return null
  return (
    <section className="fold" data-open={open ? true : undefined}>
      <button
        type="button"
        className="fold-title"
        aria-expanded={open}
        data-testid={props.testId}
        onClick={() => setOpen(!open)}
      >
        <IconChevronDown size="1rem" aria-hidden />
        {props.title}
      </button>
      {open && (
        <div className="fold-rows">
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
}

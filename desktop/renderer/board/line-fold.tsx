import { IconChevronDown } from '@tabler/icons-react'
import { useState } from 'react'
import type { VisitRow } from '#desktop/station/contract/board-view.ts'
import type { RowPopoverContent, RowSettings } from './board-context.ts'
import { LineRow } from './visit-row.tsx'

/** A part of the line that is quiet until asked for: done today, cancelled, not there. */
export function LineFold(props: {
  title: string
  rows: readonly VisitRow[]
  settings: RowSettings
  opened: { visitId: string; content: RowPopoverContent } | null
  testId: string
  /** Asked once. WITH_ROOM: on a screen with room to spare. */
  startsOpen: 'ALWAYS' | 'NEVER' | 'WITH_ROOM'
}) {
  const [open, setOpen] = useState(
    () => props.startsOpen === 'ALWAYS' || (props.startsOpen === 'WITH_ROOM' && isTall()),
  )
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

/** On a screen with room to spare what is done fills what would be blank; in rem, as the rest. */
function isTall(): boolean {
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
  return window.innerHeight / rem > 66
}

import { memo } from 'react'
import type { LineView, VisitRow } from '#desktop/station/contract/board-view.ts'
import { useDesk } from '../ui/desk-context.tsx'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { roomWords } from '../ui/room.ts'
import { Run } from '../ui/run.tsx'
import type { RowPopoverContent, RowSettings } from './board-context.ts'
import { LineFold } from './line-fold.tsx'
import { NextCard } from './next-card.tsx'
import { EmptyRoom, RoomRow } from './room-rows.tsx'
import { LineRow } from './visit-row.tsx'

interface LineColumnProps {
  line: LineView
  active: boolean
  settings: RowSettings
  /** A row of this line has something open. */
  opened: { visitId: string; content: RowPopoverContent } | null
  showsFolds: boolean
}

/** One doctor's line: who is inside, who is next, who waits, who is done. */
export const LineColumn = memo(function LineColumn(props: LineColumnProps) {
  const text = useText()
  const { line, settings, opened } = props
  const [next, ...others] = line.waiting
  const popoverOf = (row: VisitRow): RowPopoverContent | null =>
    opened?.visitId === row.visitId ? opened.content : null
  return (
    <section
      className="line"
      data-line={line.doctorId}
      data-active={props.active ? true : undefined}
      data-testid={`line-${line.doctorId}`}
      aria-label={text('board.lineOf', { name: line.doctorName })}
    >
      <LineHead line={line} active={props.active} />
      <div className="line-inside">
        {line.withDoctor.length === 0 && <EmptyRoom />}
        {[...line.withDoctor, ...line.withAssistant].map((row) => (
          <RoomRow key={row.visitId} row={row} settings={settings} popover={popoverOf(row)} />
        ))}
      </div>
      {next === undefined ? (
        <NobodyWaits />
      ) : (
        <NextCard key={next.visitId} row={next} settings={settings} popover={popoverOf(next)} />
      )}
      <div className="line-rows" data-testid={`waiting-${line.doctorId}`}>
        {others.map((row) => (
          <LineRow key={row.visitId} row={row} settings={settings} popover={popoverOf(row)} />
        ))}
      </div>
      {props.showsFolds && <LineFolds line={line} settings={settings} opened={opened} />}
    </section>
  )
})

/** What is over for today. */
export function LineFolds(
  props: Pick<LineColumnProps, 'line' | 'settings' | 'opened'> & { startsOpen?: boolean },
) {
  const text = useText()
  const { line, settings, opened, startsOpen } = props
  const rest = { settings, opened, startsOpen: startsOpen === true ? 'ALWAYS' : 'NEVER' } as const
  return (
    <div className="line-folds">
      <LineFold
        {...rest}
        title={text('count.done', { count: line.done.length })}
        rows={line.done}
        testId={`done-${line.doctorId}`}
        startsOpen={props.startsOpen === true ? 'ALWAYS' : 'WITH_ROOM'}
      />
      <LineFold
        {...rest}
        title={text('count.aside', { count: line.aside.length })}
        rows={line.aside}
        testId={`aside-${line.doctorId}`}
      />
    </div>
  )
}

function LineHead(props: { line: LineView; active: boolean }) {
  const text = useText()
  const formats = useFormats()
  const { doctorName, room, specialty, waiting } = props.line
  const mayCall = waiting.some(({ actions }) => actions.includes('CALL'))
  return (
    <header className="line-head">
      <h2 className="line-doctor">
        <Run>{doctorName}</Run>
      </h2>
      <span className="line-place">
        {room !== '' && <Run>{roomWords(text, formats, room)}</Run>}
        {room !== '' && specialty !== '' && ' · '}
        {specialty !== '' && <Run>{specialty}</Run>}
      </span>
      {props.active && mayCall && (
        <kbd title={text('board.activeLine')}>{text('key.callNext')}</kbd>
      )}
      <span className="line-count">{text('count.waiting', { count: waiting.length })}</span>
    </header>
  )
}

function NobodyWaits() {
  const text = useText()
  const { session } = useDesk()
  return (
    <div className="next next-empty" tabIndex={-1} data-line-empty>
      <strong>{text('board.nobodyWaits')}</strong>
      {session.mayCheckIn && <span>{text('board.checkInHint')}</span>}
    </div>
  )
}

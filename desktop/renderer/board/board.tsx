import { useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { BoardView, LineView, VisitRow } from '#desktop/station/contract/board-view.ts'
import { useWatch } from '../station-client/station-context.tsx'
import { useDesk } from '../ui/desk-context.tsx'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { usePerform } from '../ui/perform.ts'
import { useToast } from '../ui/toasts.tsx'
import { useShortcuts } from '../ui/use-shortcuts.ts'
import { LeftOpenBanner, NotHeardBanner } from './board-banners.tsx'
import {
  BoardContext,
  type BoardHands,
  type Place,
  type RowPopoverContent,
  type RowSettings,
} from './board-context.ts'
import { focusLine, isLineFocused, rowElement, useBoardFocus } from './board-focus.ts'
import { LineColumn, LineFolds } from './line-column.tsx'
import { placeOf, placesOf } from './places.ts'
import { useRowDrag } from './row-drag.ts'
import { asksFirst } from './steps.ts'
import { useSteps } from './use-steps.ts'
import './board.css'
import './rows.css'

type Opened = { visitId: string; content: RowPopoverContent }

/** The lines of the clinic. `shownLine` narrows it to one doctor. */
export function Board(props: { shownLine: string | null; enabled: boolean }) {
  const { view: board } = useWatch('board', {})
  if (board === null) return <div className="board" data-testid="board" />
  return <LoadedBoard board={board} {...props} />
}

function LoadedBoard(props: { board: BoardView; shownLine: string | null; enabled: boolean }) {
  const { board, shownLine } = props
  const { session } = useDesk()
  const { clinic, person } = session
  const lines = useMemo(
    () => board.lines.filter(({ doctorId }) => shownLine === null || doctorId === shownLine),
    [board.lines, shownLine],
  )
  const settings = useMemo<RowSettings>(
    () => ({
      amber: clinic.waitAmberMinutes,
      red: clinic.waitRedMinutes,
      toAssistantFirst: person.roles.includes('ASSISTANT') && !person.roles.includes('DOCTOR'),
    }),
    [clinic.waitAmberMinutes, clinic.waitRedMinutes, person.roles],
  )
  const { active, setActive } = useActiveLine(lines, person.userId)
  const { hands, opened } = useHands(board.lines)
  const focus = useBoardFocus({
    lines,
    onLine: setActive,
    onOpen(visitId) {
      const row = rowsOf(lines).find((each) => each.visitId === visitId)
      if (row !== undefined) hands.choose(row, 'OPEN_PATIENT')
    },
  })
  useRowDrag({ lines, policy: clinic, onDrop: hands.move })
  useBoardShortcuts({ lines, active, setActive, enabled: props.enabled, focus })

  const only = lines.length === 1 ? lines[0] : undefined
  return (
    <BoardContext value={hands}>
      <main
        className="board"
        data-testid="board"
        data-single={only === undefined ? undefined : true}
      >
        <div className="board-banners">
          <LeftOpenBanner
            rows={board.leftOpen}
            count={board.leftOpenCount}
            settings={settings}
            opened={opened}
          />
          <NotHeardBanner stations={board.notHeardFrom} today={board.queueDay} />
        </div>
        {lines.length === 0 && <NoLines />}
        <div className="lines">
          {lines.map((line) => (
            <LineColumn
              key={line.doctorId}
              line={line}
              active={line.doctorId === active}
              settings={settings}
              opened={holds(line, opened) ? opened : null}
              showsFolds={only === undefined}
            />
          ))}
          {only !== undefined && (
            <aside className="line line-aside" data-line-aside>
              <LineFolds line={only} settings={settings} opened={opened} startsOpen />
            </aside>
          )}
        </div>
      </main>
    </BoardContext>
  )
}

function rowsOf(lines: readonly LineView[]): VisitRow[] {
  return lines.flatMap((line) => [
    ...line.withDoctor,
    ...line.withAssistant,
    ...line.waiting,
    ...line.done,
    ...line.aside,
  ])
}

function holds(line: LineView, opened: Opened | null): boolean {
  return opened !== null && rowsOf([line]).some(({ visitId }) => visitId === opened.visitId)
}

function NoLines() {
  const text = useText()
  return (
    <div className="empty">
      <strong>{text('board.noLines')}</strong>
      <span>{text('board.noLinesHint')}</span>
    </div>
  )
}

/** The line that F4 calls from: where the focus was last; at first a doctor's own. */
function useActiveLine(lines: readonly LineView[], personId: string) {
  const [chosen, setActive] = useState<string>(personId)
  const active = lines.find(({ doctorId }) => doctorId === chosen) ?? lines[0]
  return { active: active?.doctorId ?? null, setActive }
}

/** What rows can do, as one object that never changes, and what is open at which row. */
function useHands(lines: readonly LineView[]): { hands: BoardHands; opened: Opened | null } {
  const runStep = useSteps()
  const toast = useToast()
  const text = useText()
  const { clinic } = useDesk().session
  const lineOf = (visitId: string): LineView['waiting'] =>
    lines.find(({ waiting }) => waiting.some((row) => row.visitId === visitId))?.waiting ?? []
  const isFirst = (visitId: string): boolean => lineOf(visitId)[0]?.visitId === visitId
  const placeFor = (visitId: string, place: Place) =>
    placeOf(placesOf(lineOf(visitId), visitId, clinic), place)
  const [opened, setOpened] = useState<Opened | null>(null)
  const close = (): void => {
    // Back to the row, unless the person has gone elsewhere meanwhile.
    const visitId = opened?.visitId
    setOpened(null)
    const isHere = document.activeElement?.closest('[data-keeps-row]') !== null
    if (visitId !== undefined && isHere) rowElement(visitId)?.focus()
  }
  const run: BoardHands['run'] = (row, toRun) => {
    close()
    runStep(row, toRun)
  }
  const latest = useRef<BoardHands>(null)
  useLayoutEffect(() => {
    latest.current = {
      run,
      choose(row, step) {
        if (asksFirst(step)) setOpened({ visitId: row.visitId, content: { kind: 'ASK', step } })
        else run(row, { step })
      },
      openMenu: ({ visitId }) => setOpened({ visitId, content: { kind: 'MENU' } }),
      move({ visitId, actions }, place) {
        const step = 'doctorId' in place ? 'MOVE_LINE' : 'REORDER'
        if (!actions.includes(step === 'REORDER' ? 'SKIP' : step)) return
        if ('by' in place && placeFor(visitId, place) === undefined) {
          const code = place.by < 0 ? 'PRIORITY_AHEAD' : 'LAST_IN_LINE'
          if (!isFirst(visitId) || place.by > 0)
            toast({ kind: 'NOTE', text: text(`error.${code}`) })
          return
        }
        setOpened({ visitId, content: { kind: 'ASK', step, place } })
      },
      closePopover: close,
    }
  })
  const [hands] = useState<BoardHands>(() => ({
    run: (row, toRun) => latest.current?.run(row, toRun),
    choose: (row, step) => latest.current?.choose(row, step),
    openMenu: (row) => latest.current?.openMenu(row),
    move: (row, place) => latest.current?.move(row, place),
    closePopover: () => latest.current?.closePopover(),
  }))
  return { hands, opened }
}

function useBoardShortcuts(board: {
  lines: readonly LineView[]
  active: string | null
  setActive: (doctorId: string) => void
  enabled: boolean
  focus: { visitId: () => string | null }
}): void {
  const text = useText()
  const formats = useFormats()
  const perform = usePerform()
  const toast = useToast()
  const runStep = useSteps()
  const callNext = async (): Promise<void> => {
    const line = board.lines.find(({ doctorId }) => doctorId === board.active)
    if (line === undefined) return
    const result = await perform('callNext', { doctorId: line.doctorId })
    const row = result.ok
      ? rowsOf(board.lines).find(({ visitId }) => visitId === result.output.visitId)
      : null
    if (row === null || row === undefined) return
    toast({
      text: text('toast.call', { name: row.name, ticket: formats.digits(row.ticket) }),
    })
  }
  useShortcuts((shortcut) => {
    if (!board.enabled) return
    const focused = rowsOf(board.lines).find(({ visitId }) => visitId === board.focus.visitId())
    if (shortcut === 'CALL_NEXT') void callNext()
    if (shortcut === 'NEXT_LINE') {
      const at = board.lines.findIndex(({ doctorId }) => doctorId === board.active)
      // From elsewhere in the window it is first the way back to the active line.
      const by = isLineFocused() ? 1 : 0
      const next = board.lines[(Math.max(0, at) + by) % board.lines.length]
      if (next === undefined) return
      board.setActive(next.doctorId)
      focusLine(next.doctorId)
    }
    if (shortcut !== 'PAY' && shortcut !== 'PRINT') return
    // Nobody chosen: whoever is next in the line that F4 calls from.
    const line = board.lines.find(({ doctorId }) => doctorId === board.active)
    const meant = focused ?? line?.waiting[0]
    if (meant === undefined) toast({ kind: 'NOTE', text: text('board.chooseRow') })
    else if (shortcut === 'PRINT') runStep(meant, { step: 'REPRINT' })
    else if (!meant.actions.includes('TAKE_PAYMENT')) {
      toast({ kind: 'TROUBLE', text: text('error.FORBIDDEN') })
    } else if (meant.balance !== null && meant.balance.minor <= 0) {
      toast({ kind: 'NOTE', text: text('payment.nothingDueOf', { name: meant.name }) })
    } else runStep(meant, { step: 'TAKE_PAYMENT' })
  })
}

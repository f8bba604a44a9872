// The board's own rows over an array in memory: no station, no contract, no file. What is left is
// what React and the browser cost.
import { DirectionProvider, MantineProvider } from '@mantine/core'
import { useMemo, useState } from 'react'
import { createRoot } from 'react-dom/client'
import {
  BoardContext,
  type BoardHands,
  type RowSettings,
} from '#desktop/renderer/board/board-context.ts'
import { LineColumn } from '#desktop/renderer/board/line-column.tsx'
import { LocaleProvider } from '#desktop/renderer/ui/locale-context.tsx'
import { cssVariablesResolver, theme } from '#desktop/renderer/ui/theme.ts'
import { useShortcuts } from '#desktop/renderer/ui/use-shortcuts.ts'
import type { BoardView, LineView, VisitRow } from '#desktop/station/contract/board-view.ts'

declare global {
  interface Window {
    /** Put there by the bench: what the station's board showed. */
    benchBoard: BoardView
  }
}

function Floor(props: { board: BoardView }) {
  const [lines, setLines] = useState<readonly LineView[]>(props.board.lines)
  const [active, setActive] = useState(0)
  const settings = useMemo<RowSettings>(() => ({ amber: 30, red: 60, toAssistantFirst: false }), [])
  const hands = useMemo<BoardHands>(
    () => ({
      choose: (row) => setLines((before) => before.map((line) => letIn(line, row))),
      run: () => undefined,
      openMenu: () => undefined,
      move: () => undefined,
      closePopover: () => undefined,
    }),
    [],
  )
  useShortcuts((shortcut) => {
    if (shortcut === 'CALL_NEXT') {
      setLines(lines.map((line, index) => (index === active ? callNext(line) : line)))
    }
    if (shortcut === 'NEXT_LINE') {
      const next = (active + 1) % lines.length
      setActive(next)
      focusNext(lines[next])
    }
  })
  return (
    <BoardContext value={hands}>
      <main className="board" data-testid="board">
        <div className="lines">
          {lines.map((line, index) => (
            <LineColumn
              key={line.doctorId}
              line={line}
              active={index === active}
              settings={settings}
              opened={null}
              showsFolds
            />
          ))}
        </div>
      </main>
    </BoardContext>
  )
}

function callNext(line: LineView): LineView {
  const next = line.waiting.find(({ calledAt }) => calledAt === null) ?? line.waiting[0]
  const called = { calledAt: new Date().toISOString(), calledRoom: line.room, unsynced: true }
  const waiting = line.waiting.map((row) => (row === next ? { ...row, ...called } : row))
  return { ...line, waiting }
}

function letIn(line: LineView, row: VisitRow): LineView {
  if (!line.waiting.includes(row)) return line
  const inside: VisitRow = { ...row, status: 'WITH_DOCTOR', since: new Date().toISOString() }
  return {
    ...line,
    waiting: line.waiting.filter((other) => other !== row),
    withDoctor: [...line.withDoctor, inside],
  }
}

function focusNext(line: LineView | undefined): void {
  document.querySelector<HTMLElement>(`[data-line="${line?.doctorId}"] [data-next]`)?.focus()
}

const root = document.querySelector('#root')
if (root === null) throw new Error('index.html has no root')
createRoot(root).render(
  <DirectionProvider initialDirection="rtl">
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariablesResolver}
      defaultColorScheme="light"
    >
      <LocaleProvider>
        <Floor board={window.benchBoard} />
      </LocaleProvider>
    </MantineProvider>
  </DirectionProvider>,
)

import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Slip } from '#desktop/station/contract/slip.ts'
import { Board } from './board/board.tsx'
import { rowElement } from './board/board-focus.ts'
import { DeskPanels } from './desk-panels.tsx'
import type { FinderHandle } from './finder.tsx'
import { KeyStrip } from './key-strip.tsx'
import { printSlip } from './slip/print-slip.ts'
import { TopBar } from './top-bar.tsx'
import { TopNotices } from './top-notices.tsx'
import { DeskContext, type Desk, type DeskPanel, type SignedIn } from './ui/desk-context.tsx'
import { useFormats, useText } from './ui/locale-context.tsx'
import { useUndo } from './ui/perform.ts'
import { useToast } from './ui/toasts.tsx'
import { useShortcuts } from './ui/use-shortcuts.ts'

const SHOWN_LINE = 'dawr.shownLine'

/** The desk of the person signed in: the bar, the board, and what lies over it. */
export function Workplace(props: { session: SignedIn }) {
  const text = useText()
  const { session } = props
  const { panel, open, close } = usePanel()
  const [shownLine, setShownLine] = useState<string | null>(() => localStorage.getItem(SHOWN_LINE))
  const finder = useRef<FinderHandle>(null)
  const undo = useUndo()
  const print = usePrintedSlip()
  const desk = useMemo<Desk>(
    () => ({
      session,
      open,
      close,
      checkIn(patientId, name) {
        close()
        finder.current?.checkIn(patientId, name)
      },
      printSlip: print,
    }),
    [session, open, close, print],
  )
  useShortcuts((shortcut) => {
    if (shortcut === 'UNDO') undo()
    if (panel !== null) return
    if (shortcut === 'CHECK_IN') finder.current?.open('CHECK_IN')
    if (shortcut === 'SEARCH') finder.current?.open('SEARCH')
    if (shortcut === 'MAP') open({ kind: 'MAP' })
  })
  return (
    <DeskContext value={desk}>
      <div className="workplace">
        <TopBar
          finder={finder}
          shownLine={shownLine}
          onShownLine={(doctorId) => {
            setShownLine(doctorId)
            if (doctorId === null) localStorage.removeItem(SHOWN_LINE)
            else localStorage.setItem(SHOWN_LINE, doctorId)
          }}
          onCheckIn={() => finder.current?.open('CHECK_IN')}
        />
        <TopNotices />
        {session.maySeeQueue ? (
          <Board shownLine={shownLine} enabled={panel === null} />
        ) : (
          <main className="empty">
            <strong>{text('app.noQueue')}</strong>
            <span>{text('app.noQueueHint')}</span>
          </main>
        )}
        {session.maySeeQueue && <KeyStrip />}
      </div>
      <DeskPanels panel={panel} />
    </DeskContext>
  )
}

/** Where the focus was when a panel came goes on having it when the panel has gone. */
function usePanel() {
  const [panel, setPanel] = useState<DeskPanel | null>(null)
  const before = useRef<Element | null>(null)
  const open = useCallback((next: DeskPanel) => {
    const focused = document.activeElement
    // From one panel to the next: the place before the first is what counts.
    if (focused?.closest('[data-keeps-row]') === null) before.current = focused
    setPanel(next)
  }, [])
  const close = useCallback(() => setPanel(null), [])
  useEffect(() => {
    const place = before.current
    if (panel !== null || !(place instanceof HTMLElement)) return
    before.current = null
    // The panel has let go of the focus; unless something has taken it meanwhile.
    if (document.activeElement !== document.body) return
    const visitId = place.dataset['visit']
    const target = (visitId === undefined ? null : rowElement(visitId)) ?? place
    target.focus()
  }, [panel])
  return { panel, open, close }
}

function usePrintedSlip(): (slip: Slip) => void {
  const text = useText()
  const toast = useToast()
  const { place } = useFormats()
  return useCallback(
    (slip) => {
      void printSlip(slip, place).then((result) => {
        if (!result.ok && result.code !== 'CANCELED') {
          toast({ kind: 'TROUBLE', text: text('error.PRINT_FAILED') })
        }
      })
    },
    [place, text, toast],
  )
}

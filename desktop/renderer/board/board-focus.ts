import type { LineView } from '#desktop/station/contract/board-view.ts'
import { useEffect, useEffectEvent, useLayoutEffect, useRef } from 'react'
import { focusAfter, moveFrom, moveOf, SECTIONS, type FocusPlace } from './focus-place.ts'

/** The row of a visit on the board; sought in the document, where the focus lives too. */
export function rowElement(visitId: string): HTMLElement | null {
  return document.querySelector<HTMLElement>(`[data-visit="${CSS.escape(visitId)}"]`)
}

function rowsOfLines(): HTMLElement[][] {
  const lines = [...document.querySelectorAll<HTMLElement>('[data-line]')]
  return lines.map((line) => [...line.querySelectorAll<HTMLElement>('[data-visit]')])
}

/** Arrow keys within and between lines. */
function moveFocus(event: KeyboardEvent): void {
  // With Alt the row moves, not the focus.
  if (event.altKey) return
  const move = moveOf(event.code, document.documentElement.dir === 'rtl')
  const rows = rowsOfLines()
  const line = rows.findIndex((row) => row.some((element) => element === event.target))
  if (move === null || line === -1) return
  const row = rows[line]?.findIndex((element) => element === event.target) ?? 0
  const lengths = rows.map((each) => each.length)
  const to = moveFrom({ line, row }, move, lengths)
  event.preventDefault()
  if (to !== null) rows[to.line]?.[to.row]?.focus()
}

/** The next patient of a line, or whatever row it has. */
export function focusLine(doctorId: string): void {
  const line = document.querySelector(`[data-line="${CSS.escape(doctorId)}"]`)
  const row =
    line?.querySelector<HTMLElement>('[data-visit][data-next]') ??
    line?.querySelector<HTMLElement>('[data-visit], [data-line-empty]')
  row?.focus()
}

/** Whether the focus is in a line, or somewhere else in the window. */
export function isLineFocused(): boolean {
  return (document.activeElement?.closest('[data-line]') ?? null) !== null
}

interface RememberedFocus extends FocusPlace {
  doctorId: string
}

/**
 * Moves the focus on the board by keys and mouse, and keeps it there when the row that had it is
 * taken away by an action or by another station. Where a person's hand has put it, it stays.
 */
export function useBoardFocus(board: {
  lines: readonly LineView[]
  onLine: (doctorId: string) => void
  onOpen: (visitId: string) => void
}): { visitId: () => string | null } {
  const { lines } = board
  const onLine = useEffectEvent(board.onLine)
  const onOpen = useEffectEvent(board.onOpen)
  const remembered = useRef<RememberedFocus | null>(null)
  const latest = useRef(lines)
  useLayoutEffect(() => {
    latest.current = lines
    const place = remembered.current
    if (place === null || document.activeElement !== document.body) return
    const line = lines.find(({ doctorId }) => doctorId === place.doctorId)
    const visitId = line === undefined ? null : focusAfter(place, line)
    if (visitId !== null) rowElement(visitId)?.focus()
  }, [lines])
  useEffect(() => {
    const onFocus = (event: FocusEvent): void => {
      if (!(event.target instanceof HTMLElement)) return
      const row = event.target.closest<HTMLElement>('[data-visit]')
      // A popover or dialog opened from a row keeps its place.
      if (row === null && event.target.closest('[data-keeps-row]') !== null) return
      remembered.current = row === null ? null : placeOf(row, latest.current)
      const line = event.target.closest<HTMLElement>('[data-line]')?.dataset['line']
      if (line !== undefined) onLine(line)
    }
    const onPress = (event: MouseEvent): void => {
      if (!(event.target instanceof Element)) return
      const row = event.target.closest<HTMLElement>('[data-row]')
      if (row !== null && event.target.closest('.row-actions, [data-keeps-row]') === null) {
        // The button under the words has the focus, wherever on the row the press was.
        event.preventDefault()
        row.querySelector<HTMLElement>('[data-visit]')?.focus()
      } else if (event.target.closest('[data-row], [data-keeps-row], .toasts') === null) {
        remembered.current = null
      }
    }
    const onDoublePress = (event: MouseEvent): void => {
      if (!(event.target instanceof Element) || event.target.closest('.row-actions') !== null)
        return
      const visitId = event.target.closest<HTMLElement>('[data-row]')?.dataset['row']
      if (visitId !== undefined) onOpen(visitId)
    }
    const listening = new AbortController()
    const { signal } = listening
    document.addEventListener('focusin', onFocus, { signal })
    document.addEventListener('mousedown', onPress, { signal })
    document.addEventListener('dblclick', onDoublePress, { signal })
    document.addEventListener('keydown', moveFocus, { signal })
    return () => listening.abort()
  }, [])
  return { visitId: () => remembered.current?.visitId ?? null }
}

function placeOf(row: HTMLElement, lines: readonly LineView[]): RememberedFocus | null {
  const visitId = row.dataset['visit']
  for (const line of lines) {
    for (const section of SECTIONS) {
      const index = line[section].findIndex((visit) => visit.visitId === visitId)
      if (index !== -1 && visitId !== undefined) {
        return { visitId, section, index, doctorId: line.doctorId }
      }
    }
  }
  return null
}

import { useEffect, useEffectEvent } from 'react'
import type { LineView, VisitRow } from '#desktop/station/contract/board-view.ts'
import type { Place } from './board-context.ts'
import { placesOf } from './places.ts'

/** How far a pressed mouse goes before it drags, CSS pixels: a hand that only chooses trembles. */
const STARTS_AFTER = 6
/** How near its edge a line scrolls, and how far with each move. */
const EDGE = 28
const SCROLL = 12

interface Drag {
  row: VisitRow
  from: { x: number; y: number }
  /** Null while the mouse has hardly moved. */
  chip: HTMLElement | null
  place: Place | null
}

/**
 * Dragging a waiting patient with the mouse, to another place of the line or to another line. What
 * is under the mouse is marked in the document and not through React: rows do not render for it.
 * Nothing is done by the drop alone: it asks why.
 */
export function useRowDrag(board: {
  lines: readonly LineView[]
  policy: { courtesyEnabled: boolean }
  onDrop: (row: VisitRow, place: Place) => void
}): void {
  const rowAt = useEffectEvent((target: Element): VisitRow | null => {
    if (target.closest('.row-actions, [data-keeps-row]') !== null) return null
    const visitId = target.closest<HTMLElement>('[data-line] [data-row]')?.dataset['row']
    const row = board.lines
      .flatMap(({ waiting }) => waiting)
      .find((waiting) => waiting.visitId === visitId)
    const isMovable = row?.actions.some((action) => action === 'SKIP' || action === 'MOVE_LINE')
    return isMovable === true ? (row ?? null) : null
  })
  const placeUnder = useEffectEvent(
    (row: VisitRow, x: number, y: number): { place: Place; mark: Mark } | null => {
      const line = document.elementFromPoint(x, y)?.closest<HTMLElement>('[data-line]')
      const over = board.lines.find(({ doctorId }) => doctorId === line?.dataset['line'])
      if (line === null || line === undefined || over === undefined) return null
      if (over.doctorId !== row.doctorId) {
        return row.actions.includes('MOVE_LINE')
          ? { place: { doctorId: over.doctorId }, mark: { element: line, as: 'LINE' } }
          : null
      }
      scrollNear(line, y)
      if (!row.actions.includes('SKIP')) return null
      const rows = [...line.querySelectorAll<HTMLElement>('[data-row][data-status="WAITING"]')]
      const after = rows.find((each) => y < middleOf(each))
      const last = rows.at(-1)
      if (last === undefined) return null
      const before = over.waiting.find(({ visitId }) => visitId === after?.dataset['row'])
      const places = placesOf(over.waiting, row.visitId, board.policy)
      const place = places.find((open) => open.before === (before?.visitId ?? null))
      if (place === undefined) return null
      const mark: Mark =
        after === undefined ? { element: last, as: 'AFTER' } : { element: after, as: 'BEFORE' }
      return { place: { before: place.before }, mark }
    },
  )
  const onDrop = useEffectEvent(board.onDrop)

  useEffect(() => {
    let drag: Drag | null = null
    const onPress = (event: PointerEvent): void => {
      if (event.button !== 0 || event.pointerType === 'touch') return
      if (!(event.target instanceof Element)) return
      const row = rowAt(event.target)
      if (row === null) return
      drag = { row, from: { x: event.clientX, y: event.clientY }, chip: null, place: null }
    }
    const onMove = ({ clientX: x, clientY: y }: PointerEvent): void => {
      if (drag === null) return
      const way = Math.hypot(x - drag.from.x, y - drag.from.y)
      if (drag.chip === null && way < STARTS_AFTER) return
      drag.chip ??= showChip(drag.row)
      drag.chip.style.translate = `${x}px ${y}px`
      const under = placeUnder(drag.row, x, y)
      drag.place = under?.place ?? null
      markPlace(under?.mark ?? null)
    }
    const end = (): Drag | null => {
      const ended = drag
      drag = null
      ended?.chip?.remove()
      markPlace(null)
      return ended
    }
    const onRelease = (): void => {
      const dropped = end()
      if (dropped !== null && dropped.place !== null) onDrop(dropped.row, dropped.place)
    }
    const onKey = ({ code }: KeyboardEvent): void => void (code === 'Escape' && end())
    const listening = new AbortController()
    const { signal } = listening
    document.addEventListener('pointerdown', onPress, { signal })
    document.addEventListener('pointermove', onMove, { signal })
    document.addEventListener('pointerup', onRelease, { signal })
    document.addEventListener('pointercancel', end, { signal })
    document.addEventListener('keydown', onKey, { signal })
    window.addEventListener('blur', end, { signal })
    return () => {
      listening.abort()
      end()
    }
  }, [])
}

interface Mark {
  element: HTMLElement
  as: 'BEFORE' | 'AFTER' | 'LINE'
}

function markPlace(mark: Mark | null): void {
  for (const element of document.querySelectorAll<HTMLElement>('[data-drop]')) {
    if (element !== mark?.element) delete element.dataset['drop']
  }
  if (mark !== null) mark.element.dataset['drop'] = mark.as
}

function middleOf(element: HTMLElement): number {
  const { top, height } = element.getBoundingClientRect()
  return top + height / 2
}

function scrollNear(line: HTMLElement, y: number): void {
  const rows = line.querySelector('.line-rows')
  if (rows === null) return
  const { top, bottom } = rows.getBoundingClientRect()
  if (y > bottom - EDGE) rows.scrollBy(0, SCROLL)
  else if (y < top + EDGE) rows.scrollBy(0, -SCROLL)
}

/** What the hand carries: the name, beside the mouse. */
function showChip({ name }: VisitRow): HTMLElement {
  const chip = document.createElement('div')
  chip.className = 'drag-chip'
  // The mouse's place is counted from the left, whichever way the window reads.
  chip.dir = 'ltr'
  const words = document.createElement('bdi')
  words.textContent = name
  chip.append(words)
  chip.ariaHidden = 'true'
  document.body.append(chip)
  return chip
}

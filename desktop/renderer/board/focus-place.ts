export const SECTIONS = ['withDoctor', 'withAssistant', 'waiting', 'done', 'aside'] as const
export type Section = (typeof SECTIONS)[number]

/** Where the focus stood on the board. */
export interface FocusPlace {
  visitId: string
  section: Section
  index: number
}

type Sections = Record<Section, ReadonlyArray<{ visitId: string }>>

/**
 * Which visit gets the focus when the board changed under it: the same one while it stays in its
 * part of the line; when it has moved on, whoever took its place; when nobody has, the next patient.
 */
export function focusAfter(place: FocusPlace, line: Sections): string | null {
  const section = line[place.section]
  if (section.some(({ visitId }) => visitId === place.visitId)) return place.visitId
  const successor = section[Math.min(place.index, section.length - 1)]
  const fallback = [line.waiting, line.withDoctor, line.withAssistant].find(
    (rows) => rows.length > 0,
  )
  return (successor ?? fallback?.[0])?.visitId ?? null
}

export type Move = 'UP' | 'DOWN' | 'FIRST' | 'LAST' | 'NEXT_LINE' | 'PREVIOUS_LINE'

/** Arrows go by what the eye sees: in a right-to-left layout the next line is on the left. */
export function moveOf(code: string, rightToLeft: boolean): Move | null {
  switch (code) {
    case 'ArrowUp':
      return 'UP'
    case 'ArrowDown':
      return 'DOWN'
    case 'Home':
      return 'FIRST'
    case 'End':
      return 'LAST'
    case 'ArrowLeft':
      return rightToLeft ? 'NEXT_LINE' : 'PREVIOUS_LINE'
    case 'ArrowRight':
      return rightToLeft ? 'PREVIOUS_LINE' : 'NEXT_LINE'
    default:
      return null
  }
}

/** The row to move to, as [line, row] in `lengths` (rows of each line); null stays. */
export function moveFrom(
  at: { line: number; row: number },
  move: Move,
  lengths: readonly number[],
): { line: number; row: number } | null {
  const rows = lengths[at.line] ?? 0
  const clamp = (row: number, length: number): number => Math.max(0, Math.min(row, length - 1))
  switch (move) {
    case 'UP':
      return at.row > 0 ? { line: at.line, row: at.row - 1 } : null
    case 'DOWN':
      return at.row < rows - 1 ? { line: at.line, row: at.row + 1 } : null
    case 'FIRST':
      return { line: at.line, row: 0 }
    case 'LAST':
      return { line: at.line, row: clamp(rows, rows) }
    case 'NEXT_LINE':
    case 'PREVIOUS_LINE': {
      const by = move === 'NEXT_LINE' ? 1 : -1
      for (let line = at.line + by; line >= 0 && line < lengths.length; line += by) {
        const length = lengths[line] ?? 0
        if (length > 0) return { line, row: clamp(at.row, length) }
      }
      return null
    }
  }
}

import { createContext, use } from 'react'
import type { VisitRow } from '#desktop/station/contract/board-view.ts'
import type { UserId, VisitId } from '#shared/ids.ts'
import type { StepToRun } from './use-steps.ts'
import type { AskingStep, Step } from './steps.ts'

/** What lies open at a row. */
export type RowPopoverContent =
  | { kind: 'MENU' }
  | { kind: 'ASK'; step: AskingStep; place?: Place | undefined }

/** Where a hand has put a row: before another (null: at the end), so many places on, or a line. */
export type Place = { before: VisitId | null } | { by: 1 | -1 } | { doctorId: UserId }

/** Stable for the life of the board, so that rows never render for it. */
export interface BoardHands {
  choose: (row: VisitRow, step: Step) => void
  run: (row: VisitRow, toRun: StepToRun) => void
  openMenu: (row: VisitRow) => void
  /** Asks why, before it is done. */
  move: (row: VisitRow, place: Place) => void
  closePopover: () => void
}

export const BoardContext = createContext<BoardHands | null>(null)

export function useBoardHands(): BoardHands {
  const hands = use(BoardContext)
  if (hands === null) throw new Error('outside of a board')
  return hands
}

/** What rows are shown by: the clinic's thresholds and who is looking. */
export interface RowSettings {
  amber: number
  red: number
  toAssistantFirst: boolean
}

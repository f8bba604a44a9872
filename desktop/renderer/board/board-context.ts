import { createContext, use } from 'react'
import type { VisitRow } from '#desktop/station/contract/queries.ts'
import type { StepToRun } from './use-steps.ts'
import type { AskingStep, Step } from './steps.ts'

/** What lies open at a row. */
export type RowPopoverContent = { kind: 'MENU' } | { kind: 'ASK'; step: AskingStep }

/** Stable for the life of the board, so that rows never render for it. */
export interface BoardHands {
  choose: (row: VisitRow, step: Step) => void
  run: (row: VisitRow, toRun: StepToRun) => void
  openMenu: (row: VisitRow) => void
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

import type { VisitRow } from '#desktop/station/contract/board-view.ts'
import type { Action } from '#shared/roles.ts'

/** What a person can do with a row, in the words of the desk. */
export type Step =
  | 'CALL'
  | 'CALL_AGAIN'
  | 'TO_ASSISTANT'
  | 'TO_DOCTOR'
  | 'SEND_TO_DOCTOR'
  | 'SEND_TO_ASSISTANT'
  | 'RETURN_TO_LINE'
  | 'FINISH_VISIT'
  | 'TAKE_PAYMENT'
  | 'SET_PRIORITY'
  | 'SKIP'
  | 'REORDER'
  | 'MOVE_LINE'
  | 'RECALL'
  | 'MARK_NO_SHOW'
  | 'CANCEL'
  | 'REPRINT'
  | 'OPEN_PATIENT'

/** Steps that ask something first, in a popover at the row. */
export type AskingStep = Extract<Step, 'SET_PRIORITY' | 'CANCEL' | 'REORDER' | 'MOVE_LINE'>

const ASKING: ReadonlySet<Step> = new Set<AskingStep>([
  'SET_PRIORITY',
  'CANCEL',
  'REORDER',
  'MOVE_LINE',
])

export function asksFirst(step: Step): step is AskingStep {
  return ASKING.has(step)
}

type RowFacts = Pick<VisitRow, 'status' | 'actions' | 'calledAt' | 'balance'>

/** What the row's right allows, and whether it makes sense now. */
const STEPS: ReadonlyArray<{ step: Step; right: Action; fits: (row: RowFacts) => boolean }> = [
  { step: 'CALL', right: 'CALL', fits: (row) => row.calledAt === null },
  {
    step: 'TO_DOCTOR',
    right: 'START_VISIT',
    fits: (row) => row.status === 'WAITING' || !row.actions.includes('SEND_TO_DOCTOR'),
  },
  { step: 'TO_ASSISTANT', right: 'START_VISIT', fits: (row) => row.status === 'WAITING' },
  { step: 'SEND_TO_DOCTOR', right: 'SEND_TO_DOCTOR', fits: () => true },
  { step: 'FINISH_VISIT', right: 'FINISH_VISIT', fits: () => true },
  { step: 'RECALL', right: 'RECALL', fits: () => true },
  { step: 'CALL_AGAIN', right: 'CALL', fits: (row) => row.calledAt !== null },
  { step: 'SEND_TO_ASSISTANT', right: 'SEND_TO_ASSISTANT', fits: () => true },
  { step: 'RETURN_TO_LINE', right: 'RETURN_TO_LINE', fits: () => true },
  { step: 'TAKE_PAYMENT', right: 'TAKE_PAYMENT', fits: (row) => (row.balance?.minor ?? 1) > 0 },
  { step: 'SET_PRIORITY', right: 'SET_PRIORITY', fits: () => true },
  { step: 'SKIP', right: 'SKIP', fits: () => true },
  { step: 'REORDER', right: 'SKIP', fits: () => true },
  { step: 'MOVE_LINE', right: 'MOVE_LINE', fits: () => true },
  { step: 'MARK_NO_SHOW', right: 'MARK_NO_SHOW', fits: () => true },
  { step: 'CANCEL', right: 'CANCEL', fits: () => true },
]

/**
 * What the person signed in may do with a row, the likeliest first: Enter does the first. From the
 * row's own actions only; an assistant lets a called patient in to themselves, others to the doctor.
 */
export function stepsOf(row: RowFacts, toAssistantFirst: boolean): Step[] {
  const steps = STEPS.filter(({ right, fits }) => row.actions.includes(right) && fits(row)).map(
    ({ step }) => step,
  )
  const first: Step = 'TO_ASSISTANT'
  if (toAssistantFirst && row.calledAt !== null && steps.includes(first)) {
    return [first, ...steps.filter((step) => step !== first), ...ALWAYS]
  }
  return [...steps, ...ALWAYS]
}

const ALWAYS: readonly Step[] = ['OPEN_PATIENT', 'REPRINT']

/** Steps that `undoLast` takes back; a call or a place in the line is changed by doing it again. */
export function isUndoable(step: Step): boolean {
  return UNDOABLE.has(step)
}

const UNDOABLE: ReadonlySet<Step> = new Set<Step>([
  'TO_ASSISTANT',
  'TO_DOCTOR',
  'SEND_TO_DOCTOR',
  'SEND_TO_ASSISTANT',
  'RETURN_TO_LINE',
  'FINISH_VISIT',
  'RECALL',
  'MARK_NO_SHOW',
  'CANCEL',
])

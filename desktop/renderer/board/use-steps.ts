import { useCallback } from 'react'
import type { VisitRow } from '#desktop/station/contract/board-view.ts'
import { assertNever } from '#shared/assert-never.ts'
import type { UserId, VisitId } from '#shared/ids.ts'
import type { Priority } from '#shared/visit.ts'
import type { ActResult } from '../station-client/station-client.ts'
import { useAct } from '../station-client/station-context.tsx'
import { useDesk } from '../ui/desk-context.tsx'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { refusalText, useUndo } from '../ui/perform.ts'
import { useToast } from '../ui/toasts.tsx'
import { isUndoable, type Step } from './steps.ts'

/** What a step that asks was answered with. */
export type Answer =
  | { step: 'SET_PRIORITY'; priority: Priority; reason: string }
  | { step: 'CANCEL'; reason: string | null }
  | { step: 'REORDER'; before: VisitId | null; reason: string }
  | { step: 'MOVE_LINE'; doctorId: UserId; doctorName: string; reason: string | null }

export type StepToRun = { step: Exclude<Step, Answer['step']> } | Answer

type Acted = ActResult<'call'> | ActResult<'takePayment'>

/** Does a step with a row, says what was done, and offers the way back. */
export function useSteps(): (row: VisitRow, toRun: StepToRun) => void {
  const act = useAct()
  const desk = useDesk()
  const toast = useToast()
  const text = useText()
  const formats = useFormats()
  const undo = useUndo()

  return useCallback(
    (row, toRun) => {
      const { visitId, name } = row
      const done = (result: Acted, words: string): void => {
        if (!result.ok) {
          toast({ kind: 'TROUBLE', text: refusalText(text, result.code, result.details) })
        } else toast({ text: words, ...(isUndoable(toRun.step) ? { undo } : {}) })
      }
      const say = (words: string) => (result: Acted) => done(result, words)
      switch (toRun.step) {
        case 'CALL':
        case 'CALL_AGAIN': {
          const ticket = formats.digits(row.ticket)
          void act('call', { visitId }).then(say(text('toast.call', { name, ticket })))
          return
        }
        case 'TO_ASSISTANT':
          void act('startVisit', { visitId, to: 'WITH_ASSISTANT' }).then(
            say(text('toast.TO_ASSISTANT', { name })),
          )
          return
        case 'TO_DOCTOR':
          void act('startVisit', { visitId, to: 'WITH_DOCTOR' }).then(
            say(text('toast.TO_DOCTOR', { name })),
          )
          return
        case 'SEND_TO_DOCTOR':
          void act('sendToDoctor', { visitId }).then(say(text('toast.TO_DOCTOR', { name })))
          return
        case 'SEND_TO_ASSISTANT':
          void act('sendToAssistant', { visitId }).then(say(text('toast.TO_ASSISTANT', { name })))
          return
        case 'RETURN_TO_LINE':
          void act('returnToLine', { visitId }).then(say(text('toast.RETURN_TO_LINE', { name })))
          return
        case 'FINISH_VISIT':
          void act('finishVisit', { visitId }).then(say(text('toast.FINISH_VISIT', { name })))
          return
        case 'SKIP':
          void act('skip', { visitId }).then(say(text('toast.SKIP', { name })))
          return
        case 'RECALL':
          void act('recall', { visitId }).then(say(text('toast.RECALL', { name })))
          return
        case 'MARK_NO_SHOW':
          void act('markNoShow', { visitId }).then(say(text('toast.MARK_NO_SHOW', { name })))
          return
        case 'CANCEL':
          void act('cancel', { visitId, reason: toRun.reason }).then(
            say(text('toast.CANCEL', { name })),
          )
          return
        case 'SET_PRIORITY': {
          const priority = text(`priority.${toRun.priority}`)
          void act('setPriority', {
            visitId,
            priority: toRun.priority,
            reason: toRun.reason,
          }).then(say(text('toast.SET_PRIORITY', { name, priority })))
          return
        }
        case 'REORDER': {
          const { before, reason } = toRun
          void act('reorder', { visitId, before, reason }).then(
            say(text('toast.REORDER', { name })),
          )
          return
        }
        case 'MOVE_LINE': {
          const { doctorId, reason } = toRun
          const why = reason === null ? {} : { reason }
          void act('changeLine', { visitId, doctorId, ...why }).then(
            say(text('toast.MOVE_LINE', { name, doctor: toRun.doctorName })),
          )
          return
        }
        case 'TAKE_PAYMENT':
          desk.open({ kind: 'PAYMENT', row })
          return
        case 'OPEN_PATIENT':
          desk.open({ kind: 'PATIENT', patientId: row.patientId })
          return
        case 'REPRINT':
          void act('slipOf', { visitId }).then((result) => {
            if (result.ok) desk.printSlip(result.output)
            else toast({ kind: 'TROUBLE', text: refusalText(text, result.code, result.details) })
          })
          return
        default:
          assertNever(toRun)
      }
    },
    [act, desk, toast, text, formats, undo],
  )
}

import { useCallback } from 'react'
import type { ActionInput, ActionName } from '#desktop/station/contract/actions.ts'
import type { ErrorCode, ErrorDetails } from '#shared/errors.ts'
import type { ActResult } from '../station-client/station-client.ts'
import { useAct } from '../station-client/station-context.tsx'
import { useText } from './locale-context.tsx'
import type { Text } from './texts.ts'
import { useToast } from './toasts.tsx'

/** A refusal in words for the person who asked. */
export function refusalText(text: Text, code: ErrorCode, details: ErrorDetails): string {
  const seconds = details['retryAfterSeconds']
  if (code === 'TOO_MANY_ATTEMPTS' && typeof seconds === 'number') {
    return text('error.tryAgainIn', { count: Math.max(1, Math.ceil(seconds / 60)) })
  }
  return text(`error.${code}`)
}

/** Acts, and says in a toast why when it was refused. */
export function usePerform(): <A extends ActionName>(
  name: A,
  input: ActionInput<A>,
) => Promise<ActResult<A>> {
  const act = useAct()
  const toast = useToast()
  const text = useText()
  return useCallback(
    async (name, input) => {
      const result = await act(name, input)
      if (!result.ok) {
        toast({ kind: 'TROUBLE', text: refusalText(text, result.code, result.details) })
      }
      return result
    },
    [act, toast, text],
  )
}

/** Undoes the last step and says so. */
export function useUndo(): () => void {
  const act = useAct()
  const toast = useToast()
  const text = useText()
  return useCallback(() => {
    void act('undoLast', {}).then((result) => {
      if (result.ok) toast({ text: text('toast.undone') })
      // Nothing went wrong: the key was pressed and there was nothing for it to do.
      else if (result.code === 'NOTHING_TO_UNDO' || result.code === 'UNDO_LATE')
        toast({ kind: 'NOTE', text: text(`error.${result.code}`) })
      else toast({ kind: 'TROUBLE', text: refusalText(text, result.code, result.details) })
    })
  }, [act, toast, text])
}

import { createContext, use, useCallback, useEffect, useRef, useState, type ReactNode } from 'react'
import { IconAlertTriangle, IconCheck, IconInfoCircle, IconX } from '@tabler/icons-react'
import { directionOf, type Language } from './formats.ts'
import { useLocale, useText } from './locale-context.tsx'
import './toasts.css'

type ToastKind = 'DONE' | 'NOTE' | 'TROUBLE'

export interface Toast {
  text: string
  /** DONE unless said: something was done. NOTE: there was nothing to do. */
  kind?: ToastKind
  /** Offers the way back; Ctrl+Z does the same. */
  undo?: () => void
}

/** Said before the language was switched, it keeps its own. */
type ShownToast = Toast & { id: number; language: Language }

const SHOWN_MS: Record<ToastKind, number> = { DONE: 7_000, NOTE: 4_000, TROUBLE: 12_000 }
const ICONS = { DONE: IconCheck, NOTE: IconInfoCircle, TROUBLE: IconAlertTriangle }

const ToastContext = createContext<((toast: Toast) => void) | null>(null)

/** What was just done, in the strip below the work: one at a time, never over a row, never focused. */
export function ToastProvider(props: { children: ReactNode }) {
  const [shown, setShown] = useState<ShownToast | null>(null)
  const lastId = useRef(0)
  const { language } = useLocale()
  const show = useCallback(
    (toast: Toast) => setShown({ ...toast, language, id: (lastId.current += 1) }),
    [language],
  )
  const dismiss = useCallback(() => setShown(null), [])
  useEffect(() => {
    if (shown === null) return
    const timer = setTimeout(dismiss, SHOWN_MS[shown.kind ?? 'DONE'])
    return () => clearTimeout(timer)
  }, [shown, dismiss])
  return (
    <ToastContext value={show}>
      {props.children}
      <output className="toasts" data-testid="toasts">
        {shown !== null && <ToastCard key={shown.id} toast={shown} dismiss={dismiss} />}
      </output>
    </ToastContext>
  )
}

function ToastCard(props: { toast: ShownToast; dismiss: () => void }) {
  const text = useText()
  const { toast, dismiss } = props
  const kind = toast.kind ?? 'DONE'
  const Icon = ICONS[kind]
  return (
    <div className="toast" data-kind={kind} data-testid="toast">
      <Icon size="1.125rem" aria-hidden />
      <span className="toast-text" lang={toast.language} dir={directionOf(toast.language)}>
        {toast.text}
      </span>
      {toast.undo !== undefined && (
        <button
          type="button"
          tabIndex={-1}
          className="toast-undo"
          data-testid="toast-undo"
          onClick={() => {
            dismiss()
            toast.undo?.()
          }}
        >
          {text('action.undo')}
          <kbd>{text('key.undo')}</kbd>
        </button>
      )}
      <button
        type="button"
        tabIndex={-1}
        className="toast-close"
        aria-label={text('action.dismiss')}
        onClick={dismiss}
      >
        <IconX size="1rem" aria-hidden />
      </button>
    </div>
  )
}

export function useToast(): (toast: Toast) => void {
  const show = use(ToastContext)
  if (show === null) throw new Error('outside of a ToastProvider')
  return show
}

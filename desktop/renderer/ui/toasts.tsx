import { createContext, use, useCallback, useMemo, useRef, useState, type ReactNode } from 'react'
import { IconAlertTriangle, IconCheck, IconX } from '@tabler/icons-react'
import { useText } from './locale-context.tsx'
import './toasts.css'

export interface Toast {
  text: string
  kind?: 'DONE' | 'TROUBLE'
  /** Offers the way back; Ctrl+Z does the same. */
  undo?: () => void
}

type ShownToast = Toast & { id: number }

function kindOf(toast: Toast): 'DONE' | 'TROUBLE' {
  return toast.kind ?? 'DONE'
}

const SHOWN_MS = { DONE: 7_000, TROUBLE: 12_000 }

const ToastContext = createContext<((toast: Toast) => void) | null>(null)

/** What was just done, beside the work: never over it, and never taking the focus. */
export function ToastProvider(props: { children: ReactNode }) {
  const [toasts, setToasts] = useState<ShownToast[]>([])
  const lastId = useRef(0)
  const dismiss = useCallback(
    (id: number) => setToasts((shown) => shown.filter((toast) => toast.id !== id)),
    [],
  )
  const show = useCallback(
    (toast: Toast) => {
      const id = (lastId.current += 1)
      // Of what was done only the last is news; trouble stays beside it.
      setToasts((shown) => [
        ...shown.filter((one) => kindOf(one) !== kindOf(toast)),
        { ...toast, id },
      ])
      setTimeout(() => dismiss(id), SHOWN_MS[kindOf(toast)])
    },
    [dismiss],
  )
  const list = useMemo(
    () => toasts.map((toast) => <ToastCard key={toast.id} toast={toast} dismiss={dismiss} />),
    [toasts, dismiss],
  )
  return (
    <ToastContext value={show}>
      {props.children}
      <output className="toasts" data-testid="toasts">
        {list}
      </output>
    </ToastContext>
  )
}

function ToastCard(props: { toast: ShownToast; dismiss: (id: number) => void }) {
  const text = useText()
  const { toast, dismiss } = props
  const Icon = toast.kind === 'TROUBLE' ? IconAlertTriangle : IconCheck
  return (
    <div className="toast" data-kind={kindOf(toast)} data-testid="toast">
      <Icon size="1.125rem" aria-hidden />
      <span className="toast-text">{toast.text}</span>
      {toast.undo !== undefined && (
        <button
          type="button"
          tabIndex={-1}
          className="toast-undo"
          data-testid="toast-undo"
          onClick={() => {
            dismiss(toast.id)
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
        onClick={() => dismiss(toast.id)}
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

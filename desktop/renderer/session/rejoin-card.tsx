import { IconAlertTriangle } from '@tabler/icons-react'
import { useState } from 'react'
import { useWatch } from '../station-client/station-context.tsx'
import { useText } from '../ui/locale-context.tsx'
import { RejoinForm } from './rejoin-form.tsx'

/** Before anybody has signed in: that the server refuses this computer, and the way out. */
export function RejoinCard() {
  const text = useText()
  const { view: sync } = useWatch('sync', {})
  const [opened, setOpened] = useState(false)
  if (sync === null || !sync.mayRejoin) return null
  return (
    <section className="door-card" data-testid="rejoin-card">
      <div className="notice" data-tone="trouble" role="alert">
        <IconAlertTriangle size="1.125rem" aria-hidden />
        <span>{text('rejoin.notice')}</span>
      </div>
      {sync.unsynced > 0 && (
        <strong className="rejoin-waits">{text('count.changes', { count: sync.unsynced })}</strong>
      )}
      {opened ? (
        <RejoinForm />
      ) : (
        <div className="door-actions">
          <button
            type="button"
            className="button"
            data-testid="open-rejoin"
            onClick={() => setOpened(true)}
          >
            {text('rejoin.open')}
          </button>
        </div>
      )}
    </section>
  )
}

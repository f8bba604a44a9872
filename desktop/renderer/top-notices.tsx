import { IconAlertTriangle, IconLock } from '@tabler/icons-react'
import { useConnected } from './station-client/station-context.tsx'
import { useDesk } from './ui/desk-context.tsx'
import { useText } from './ui/locale-context.tsx'

/** What concerns the whole desk: the station away, the subscription near its end or past it. */
export function TopNotices() {
  const text = useText()
  const connected = useConnected()
  const { canWrite, warnDays, status } = useDesk().session.subscription
  return (
    <div className="top-notices">
      {!connected && (
        <output className="notice reconnecting" data-tone="doubt">
          <IconAlertTriangle size="1.125rem" aria-hidden />
          {text('app.reconnecting')}
        </output>
      )}
      {!canWrite && (
        <p className="notice" data-tone="trouble" data-testid="read-only">
          <IconLock size="1.125rem" aria-hidden />
          {text('subscription.readOnly')}
        </p>
      )}
      {canWrite && warnDays !== null && (
        <p className="notice" data-tone="doubt" data-testid="subscription-warning">
          <IconAlertTriangle size="1.125rem" aria-hidden />
          {text(status === 'TRIAL' ? 'subscription.TRIAL' : 'subscription.ACTIVE', {
            days: text('count.days', { count: warnDays }),
          })}
        </p>
      )}
    </div>
  )
}

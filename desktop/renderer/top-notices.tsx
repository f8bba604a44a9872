import { IconAlertTriangle, IconKey, IconLock } from '@tabler/icons-react'
import { useAct, useConnected, useWatch } from './station-client/station-context.tsx'
import { useDesk } from './ui/desk-context.tsx'
import { useFormats, useText } from './ui/locale-context.tsx'

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
      <RejoinNotice />
      <DamageNotice />
      <RecoveryNotice />
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

/** The server refuses this computer: the work goes on, and an ADMIN can put it right. */
function RejoinNotice() {
  const text = useText()
  const desk = useDesk()
  const { view: sync } = useWatch('sync', {})
  if (sync === null || !sync.mayRejoin) return null
  return (
    <div className="notice" data-tone="trouble" role="alert" data-testid="may-rejoin">
      <IconAlertTriangle size="1.125rem" aria-hidden />
      <span>{text('rejoin.notice')}</span>
      <button
        type="button"
        className="button"
        data-kind="quiet"
        onClick={() => desk.open({ kind: 'REJOIN' })}
      >
        {text('rejoin.open')}
      </button>
    </div>
  )
}

/** What became of a damaged file, until somebody here has read it. */
function DamageNotice() {
  const text = useText()
  const formats = useFormats()
  const act = useAct()
  const damage = useWatch('sync', {}).view?.damage ?? null
  if (damage === null) return null
  const sentences = [
    text(`damage.${damage.kind}`, { at: formats.moment(damage.at, null) }),
    ...(damage.kind === 'REPLACED' ? [text(damage.whole ? 'damage.whole' : 'damage.part')] : []),
    ...(damage.kept > 0 ? [text('damage.kept', { count: damage.kept })] : []),
    ...(damage.listed > 0 ? [text('damage.listed', { count: damage.listed })] : []),
  ]
  return (
    <div className="notice" data-tone="trouble" role="alert" data-testid="damage">
      <IconAlertTriangle size="1.125rem" aria-hidden />
      <span>{sentences.join(' ')}</span>
      <button
        type="button"
        className="button"
        data-kind="quiet"
        onClick={() => void act('dismissDamage', {})}
      >
        {text('action.dismiss')}
      </button>
    </div>
  )
}

/** Only an ADMIN can do something about it; on a demo there is nothing to recover. */
function RecoveryNotice() {
  const text = useText()
  const desk = useDesk()
  const { mayRecover, hasRecovery, clinic } = desk.session
  if (!mayRecover || hasRecovery || clinic.demo) return null
  return (
    <div className="notice" data-tone="doubt" data-testid="no-recovery">
      <IconKey size="1.125rem" aria-hidden />
      <span>{text('recovery.none')}</span>
      <button
        type="button"
        className="button"
        data-kind="quiet"
        onClick={() => desk.open({ kind: 'RECOVERY' })}
      >
        {text('recovery.make')}
      </button>
    </div>
  )
}

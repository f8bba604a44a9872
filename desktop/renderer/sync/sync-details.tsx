import type { ReactNode } from 'react'
import type { SyncView } from '#desktop/station/contract/sync-view.ts'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { usePerform } from '../ui/perform.ts'
import { Run } from '../ui/run.tsx'
import { isFilling } from './progress.ts'

/** What waits, what is held back, and which other computers have been heard from. */
export function SyncDetails(props: { sync: SyncView; today: string }) {
  const text = useText()
  const formats = useFormats()
  const perform = usePerform()
  const { sync, today } = props
  const others = sync.stations.filter(({ isThis }) => !isThis)
  return (
    <div className="sync-details" data-testid="sync-details">
      <strong>{text('sync.title')}</strong>
      <p>{text(`sync.explain.${isFilling(sync) ? 'FILLING' : sync.state}`)}</p>
      {sync.code !== null && (
        <p className="notice" data-tone="doubt">
          {text(`error.${sync.code}`)}
        </p>
      )}
      {sync.progress !== null && (
        <p>
          {text('sync.progress', {
            done: formats.number(sync.progress.done),
            total: formats.number(sync.progress.total),
          })}
        </p>
      )}
      <div className="sync-contact">
        <span>
          {sync.lastContact === null
            ? text('sync.never')
            : text('sync.lastContact', { time: formats.moment(sync.lastContact, today) })}
        </span>
        {sync.state !== 'LIVE' && (
          <button
            type="button"
            className="button"
            data-size="small"
            onClick={() => void perform('syncNow', {})}
          >
            {text('sync.now')}
          </button>
        )}
      </div>
      {sync.clockAheadMinutes !== null && (
        <p className="notice" data-tone="doubt">
          {text('sync.clockAhead', { minutes: sync.clockAheadMinutes })}
        </p>
      )}
      <WaitingChanges sync={sync} today={today} />
      <SyncSection title={text('sync.stations')}>
        {others.length === 0 && <p className="sync-quiet">{text('sync.noStations')}</p>}
        <ul className="sync-list">
          {others.map(({ stationId, name, live, lastContact }) => (
            <li key={stationId}>
              <span className="sync-dot" data-live={live ? true : undefined} aria-hidden />
              <Run>{name}</Run>
              <span className="sync-quiet sync-end">
                {live
                  ? text('sync.stationLive')
                  : lastContact === null
                    ? text('sync.stationNever')
                    : text('sync.stationSince', { time: formats.moment(lastContact, today) })}
              </span>
            </li>
          ))}
        </ul>
      </SyncSection>
    </div>
  )
}

function WaitingChanges(props: { sync: SyncView; today: string }) {
  const text = useText()
  const formats = useFormats()
  const { sync, today } = props
  return (
    <SyncSection title={text('sync.waiting')}>
      {sync.waiting.length === 0 && <p className="sync-quiet">{text('sync.nothingWaits')}</p>}
      <ul className="sync-list">
        {sync.waiting.map(({ commandId, command, at, byName, patientName, held }) => (
          <li key={commandId} data-held={held ? true : undefined}>
            <span className="sync-dot" aria-hidden />
            <span className="sync-what">
              <span>{text(`command.${command}`)}</span>
              {patientName !== null && <Run>{patientName}</Run>}
              {held && <span className="sync-held">{text('sync.held')}</span>}
            </span>
            <span className="sync-quiet sync-end">
              {text('inbox.byAt', { name: byName, time: formats.moment(at, today) })}
            </span>
          </li>
        ))}
      </ul>
    </SyncSection>
  )
}

function SyncSection(props: { title: string; children: ReactNode }) {
  return (
    <section>
      <h3 className="sync-heading">{props.title}</h3>
      {props.children}
    </section>
  )
}

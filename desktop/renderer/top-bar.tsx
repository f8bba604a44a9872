import { Menu } from '@mantine/core'
import { IconChevronDown, IconInbox, IconUserPlus } from '@tabler/icons-react'
import { useState, type Ref } from 'react'
import { Finder, type FinderHandle } from './finder.tsx'
import { useWatch } from './station-client/station-context.tsx'
import { SyncBadge } from './sync/sync-badge.tsx'
import { useDesk } from './ui/desk-context.tsx'
import { useFormats, useText } from './ui/locale-context.tsx'
import { Mark } from './ui/mark.tsx'
import { usePerform } from './ui/perform.ts'
import { LanguageSwitch, SchemeSwitch } from './ui/preference-switches.tsx'
import { Run } from './ui/run.tsx'
import './top-bar.css'

/** The clinic and its day, the finder, what waits for a look, how fresh all this is, and who it is. */
export function TopBar(props: {
  finder: Ref<FinderHandle>
  shownLine: string | null
  onShownLine: (doctorId: string | null) => void
  onCheckIn: () => void
}) {
  const text = useText()
  const { session } = useDesk()
  const { clinic, queueDay, maySeeQueue, mayCheckIn } = session
  return (
    <header className="top-bar">
      <Mark size="2.25rem" />
      <div className="top-clinic">
        <h1 className="top-name">
          <Run>{clinic.name}</Run>
        </h1>
        <QueueDay day={queueDay} />
      </div>
      {maySeeQueue && <Finder ref={props.finder} />}
      {mayCheckIn && (
        <button
          type="button"
          className="button top-check-in"
          data-kind="primary"
          data-testid="check-in-button"
          onClick={props.onCheckIn}
        >
          <IconUserPlus size="1.25rem" aria-hidden />
          {text('bar.checkIn')}
          <kbd>{text('key.checkIn')}</kbd>
        </button>
      )}
      {maySeeQueue && <LineFilter shown={props.shownLine} onShown={props.onShownLine} />}
      <span className="top-gap" />
      <SyncBadge today={queueDay} />
      {maySeeQueue && <InboxButton />}
      <LanguageSwitch />
      <SchemeSwitch />
      <PersonMenu />
    </header>
  )
}

const HIJRI = 'dawr.hijri'

/** A press adds the Hijri date, for who asks; it stays until it is pressed away. */
function QueueDay({ day }: { day: string }) {
  const text = useText()
  const formats = useFormats()
  const [hijri, setHijri] = useState(() => localStorage.getItem(HIJRI) === 'yes')
  const toggle = (): void => {
    localStorage.setItem(HIJRI, hijri ? 'no' : 'yes')
    setHijri(!hijri)
  }
  return (
    <button
      type="button"
      className="top-day"
      data-testid="queue-day"
      title={text(hijri ? 'bar.hideHijri' : 'bar.showHijri')}
      aria-pressed={hijri}
      onClick={toggle}
    >
      {hijri ? `${formats.day(day)} · ${formats.hijriDay(day)}` : formats.longDay(day)}
    </button>
  )
}

function LineFilter(props: { shown: string | null; onShown: (doctorId: string | null) => void }) {
  const text = useText()
  const { view: board } = useWatch('board', {})
  if (board === null || board.lines.length < 2) return null
  return (
    <select
      className="button top-filter"
      data-testid="line-filter"
      aria-label={text('bar.lineFilter')}
      value={props.shown ?? ''}
      onChange={(event) => props.onShown(event.target.value === '' ? null : event.target.value)}
    >
      <option value="">{text('bar.allLines')}</option>
      {board.lines.map(({ doctorId, doctorName }) => (
        <option key={doctorId} value={doctorId}>
          {doctorName}
        </option>
      ))}
    </select>
  )
}

function InboxButton() {
  const text = useText()
  const formats = useFormats()
  const desk = useDesk()
  const { view: inbox } = useWatch('inbox', {})
  const count = inbox?.items.length ?? 0
  return (
    <button
      type="button"
      className="button"
      data-kind="quiet"
      data-testid="inbox-button"
      title={text('count.inbox', { count })}
      onClick={() => desk.open({ kind: 'INBOX' })}
    >
      <IconInbox size="1.25rem" aria-hidden />
      <span className="top-wide">{text('bar.inbox')}</span>
      {count > 0 && <span className="top-count">{formats.number(count)}</span>}
    </button>
  )
}

function PersonMenu() {
  const text = useText()
  const desk = useDesk()
  const perform = usePerform()
  const { person, stationName, hasPin, mayImport, mayRecover, hasRecovery } = desk.session
  return (
    // Escape gives the focus back; a shortcut has taken it where it belongs, and keeps it there.
    <Menu position="bottom-end" width="16rem" returnFocus={false}>
      <Menu.Target>
        <button
          type="button"
          className="button"
          data-kind="quiet"
          data-testid="person-menu"
          aria-label={text('session.personMenu', { name: person.name })}
        >
          <span className="top-person">
            <Run>{person.name}</Run>
          </span>
          <IconChevronDown size="1rem" aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {person.roles.map((role) => text(`role.${role}`)).join(' · ')}
          <br />
          {text('session.station', { name: stationName })}
        </Menu.Label>
        <Menu.Item data-testid="switch-person" onClick={() => desk.open({ kind: 'PEOPLE' })}>
          {text('session.switch')}
        </Menu.Item>
        <Menu.Item data-testid="set-pin" onClick={() => desk.open({ kind: 'PIN' })}>
          {text(hasPin ? 'session.changePin' : 'session.setPin')}
        </Menu.Item>
        {mayRecover && (
          <Menu.Item data-testid="open-recovery" onClick={() => desk.open({ kind: 'RECOVERY' })}>
            {text(hasRecovery ? 'recovery.renew' : 'recovery.make')}
          </Menu.Item>
        )}
        {mayImport && (
          <Menu.Item data-testid="open-import" onClick={() => desk.open({ kind: 'IMPORT' })}>
            {text('bar.importPatients')}
          </Menu.Item>
        )}
        {window.dawr !== undefined && (
          <Menu.Item onClick={() => desk.open({ kind: 'PRINTER' })}>
            {text('bar.printer')}
          </Menu.Item>
        )}
        <Menu.Item onClick={() => desk.open({ kind: 'MAP' })} rightSection={<kbd>{'?'}</kbd>}>
          {text('bar.shortcuts')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item data-testid="sign-out" onClick={() => void perform('lock', {})}>
          {text('session.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

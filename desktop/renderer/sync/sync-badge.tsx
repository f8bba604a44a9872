import { Popover } from '@mantine/core'
import {
  IconAlertTriangle,
  IconCloudCheck,
  IconCloudOff,
  IconRefresh,
  IconRefreshAlert,
} from '@tabler/icons-react'
import { useState } from 'react'
import type { SyncView } from '#desktop/station/contract/sync-view.ts'
import { useConnected, useWatch } from '../station-client/station-context.tsx'
import type { Formats } from '../ui/formats.ts'
import { useFormats, useText } from '../ui/locale-context.tsx'
import type { Text } from '../ui/texts.ts'
import { isFilling, shareWords } from './progress.ts'
import { SyncDetails } from './sync-details.tsx'
import './sync.css'

const ICONS = {
  LIVE: IconCloudCheck,
  CONNECTING: IconRefresh,
  CATCHING_UP: IconRefresh,
  OFFLINE: IconCloudOff,
  NEEDS_ATTENTION: IconRefreshAlert,
}

/** What this station knows and how old it is, in plain words; it opens on the details. */
export function SyncBadge(props: { today: string }) {
  const text = useText()
  const formats = useFormats()
  const connected = useConnected()
  const { view: sync } = useWatch('sync', {})
  const [opened, setOpened] = useState(false)
  if (sync === null) return null
  const words = syncWords(text, formats, sync, props.today)
  const Icon = connected ? (isFilling(sync) ? IconRefresh : ICONS[sync.state]) : IconAlertTriangle
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus>
      <Popover.Target>
        <button
          type="button"
          className="button sync-badge"
          data-kind="quiet"
          data-state={sync.state}
          data-held={sync.held > 0 ? true : undefined}
          data-testid="sync-badge"
          aria-expanded={opened}
          onClick={() => setOpened(!opened)}
        >
          <Icon size="1.25rem" aria-hidden />
          <span className="sync-words">
            <span>{words.state}</span>
            {words.waits !== '' && <span className="sync-waits">{words.waits}</span>}
          </span>
        </button>
      </Popover.Target>
      <Popover.Dropdown className="sync-panel">
        <SyncDetails sync={sync} today={props.today} />
      </Popover.Dropdown>
    </Popover>
  )
}

/** "Offline since 10:42" and, below it, "7 changes wait here". */
export function syncWords(
  text: Text,
  formats: Formats,
  sync: SyncView,
  today: string,
): { state: string; waits: string } {
  const state =
    sync.state === 'OFFLINE'
      ? text('sync.OFFLINE', { time: formats.moment(sync.since, today) })
      : isFilling(sync)
        ? text('sync.FILLING', { share: shareWords(formats, sync.progress) })
        : text(`sync.${sync.state}`)
  // While live, what was just written is on its way: counting it would only flicker.
  const waits =
    sync.unsynced > 0 && sync.state !== 'LIVE'
      ? [text('count.changes', { count: sync.unsynced })]
      : []
  const held = sync.held > 0 ? [text('count.held', { count: sync.held })] : []
  return { state, waits: [...waits, ...held].join(' · ') }
}

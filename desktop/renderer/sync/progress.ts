import type { SyncView } from '#desktop/station/contract/sync-view.ts'
import type { Formats } from '../ui/formats.ts'

type Progress = NonNullable<SyncView['progress']>

/** Live, with its day here and the history behind it still on its way: a new desk. */
export function isFilling(sync: SyncView): sync is SyncView & { progress: Progress } {
  return sync.state === 'LIVE' && sync.progress !== null
}

export function shareWords({ percent }: Formats, { done, total }: Progress): string {
  return percent(total === 0 ? 0 : done / total)
}

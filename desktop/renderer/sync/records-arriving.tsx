import { IconRefresh } from '@tabler/icons-react'
import { useWatch } from '../station-client/station-context.tsx'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { shareWords } from './progress.ts'

/** Beside whatever looks complete and is not: a patient who is not found here may only not be here yet. */
export function RecordsArriving() {
  const text = useText()
  const formats = useFormats()
  const { view: sync } = useWatch('sync', {})
  const progress = sync?.progress ?? null
  if (progress === null) return null
  return (
    <p className="notice records-arriving" data-tone="doubt" data-testid="records-arriving">
      <IconRefresh size="1.125rem" aria-hidden />
      {text('sync.arriving', { share: shareWords(formats, progress) })}
    </p>
  )
}

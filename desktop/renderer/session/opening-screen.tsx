import { useWatch } from '../station-client/station-context.tsx'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { DoorFrame } from './door-frame.tsx'
import { RejoinCard } from './rejoin-card.tsx'

/** Enrolled, and the clinic not here yet. */
export function OpeningScreen() {
  const text = useText()
  const formats = useFormats()
  const { view: sync } = useWatch('sync', {})
  const progress = sync?.progress ?? null
  return (
    <DoorFrame title={text('app.opening')} subtitle={text('app.openingHint')}>
      {progress !== null && progress.total > 0 && (
        <output className="opening">
          <div className="opening-track">
            <div
              className="opening-done"
              style={{ inlineSize: `${(100 * progress.done) / progress.total}%` }}
            />
          </div>
          {text('sync.progress', {
            done: formats.number(progress.done),
            total: formats.number(progress.total),
          })}
        </output>
      )}
      <RejoinCard />
      {sync !== null && sync.code !== null && !sync.mayRejoin && (
        <p className="notice" data-tone="doubt">
          {text(`error.${sync.code}`)}
        </p>
      )}
    </DoorFrame>
  )
}

import { SHORTCUTS } from './ui/shortcuts.ts'
import { useText } from './ui/locale-context.tsx'

const ON_A_ROW = ['arrows', 'enter', 'space', 'move', 'escape'] as const

/** Every key of the desk. */
export function ShortcutMap() {
  const text = useText()
  return (
    <div data-testid="shortcut-map">
      <dl className="key-map">
        {SHORTCUTS.map(({ shortcut, keys }) => (
          <div key={shortcut}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{text(`map.${shortcut}`)}</dd>
          </div>
        ))}
        {ON_A_ROW.map((key) => (
          <div key={key}>
            <dt>
              <kbd>{text(`key.${key}`)}</kbd>
            </dt>
            <dd>{text(`map.${key}`)}</dd>
          </div>
        ))}
      </dl>
      <p className="field-hint">{text('map.layout')}</p>
    </div>
  )
}

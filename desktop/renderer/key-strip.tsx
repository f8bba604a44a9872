import { can } from '#shared/roles.ts'
import { useDesk } from './ui/desk-context.tsx'
import { useText } from './ui/locale-context.tsx'
import { SHORTCUTS, type Shortcut } from './ui/shortcuts.ts'
import './key-strip.css'

/** The desk's keys at its foot, where what was just done is said too: no row ever lies under it. */
export function KeyStrip() {
  const text = useText()
  const { session } = useDesk()
  const { roles } = session.person
  const offered: ReadonlyArray<{ shortcut: Exclude<Shortcut, 'SEARCH'>; isTheirs: boolean }> = [
    { shortcut: 'CHECK_IN', isTheirs: session.mayCheckIn },
    { shortcut: 'CALL_NEXT', isTheirs: can(roles, 'WAITING', 'CALL') },
    { shortcut: 'NEXT_LINE', isTheirs: true },
    { shortcut: 'PAY', isTheirs: can(roles, 'WAITING', 'TAKE_PAYMENT') },
    { shortcut: 'PRINT', isTheirs: true },
    { shortcut: 'UNDO', isTheirs: true },
    { shortcut: 'MAP', isTheirs: true },
  ]
  return (
    <footer className="key-strip" data-testid="key-strip">
      <ul aria-label={text('strip.label')}>
        {offered
          .filter(({ isTheirs }) => isTheirs)
          .map(({ shortcut }) => (
            <li key={shortcut}>
              <kbd>{keysOf(shortcut)}</kbd>
              {text(`strip.${shortcut}`)}
            </li>
          ))}
      </ul>
    </footer>
  )
}

function keysOf(shortcut: Shortcut): string {
  return SHORTCUTS.find((each) => each.shortcut === shortcut)?.keys.join(' ') ?? ''
}

import { useEffect, useEffectEvent } from 'react'
import { shortcutOf, type Shortcut } from './shortcuts.ts'

/** Runs while mounted. A held key fires once: forty calls are not what a resting finger means. */
export function useShortcuts(run: (shortcut: Shortcut) => void): void {
  const onKeyDown = useEffectEvent((event: KeyboardEvent) => {
    const shortcut = shortcutOf(event, typedIn(event.target))
    if (shortcut === null) return
    event.preventDefault()
    if (!event.repeat) run(shortcut)
  })
  useEffect(() => {
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [])
}

const NOT_TYPED_IN = new Set(['radio', 'checkbox', 'button', 'submit', 'file'])

function typedIn(target: EventTarget | null): string | null {
  if (target instanceof HTMLTextAreaElement) return target.value
  if (target instanceof HTMLInputElement && !NOT_TYPED_IN.has(target.type)) return target.value
  return null
}

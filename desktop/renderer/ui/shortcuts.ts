/** What a key does at the desk, wherever the focus is. */
export type Shortcut =
  | 'CHECK_IN'
  | 'SEARCH'
  | 'CALL_NEXT'
  | 'NEXT_LINE'
  | 'PAY'
  | 'PRINT'
  | 'UNDO'
  | 'MAP'

export interface KeyPress {
  code: string
  ctrlKey: boolean
  shiftKey: boolean
  altKey: boolean
  metaKey: boolean
}

/** By the physical key: on an Arabic layout the letter of KeyZ is another, the key is the same. */
export const SHORTCUTS: ReadonlyArray<{ shortcut: Shortcut; code: string; keys: string[] }> = [
  { shortcut: 'CHECK_IN', code: 'F2', keys: ['F2'] },
  { shortcut: 'SEARCH', code: 'F3', keys: ['F3'] },
  { shortcut: 'CALL_NEXT', code: 'F4', keys: ['F4'] },
  { shortcut: 'NEXT_LINE', code: 'F6', keys: ['F6'] },
  { shortcut: 'PAY', code: 'F9', keys: ['F9'] },
  { shortcut: 'PRINT', code: 'F10', keys: ['F10'] },
  { shortcut: 'UNDO', code: 'KeyZ', keys: ['Ctrl', 'Z'] },
  { shortcut: 'MAP', code: 'Slash', keys: ['?'] },
]

/**
 * @param typing what the focused text field holds, or null when the focus is not in one: `?` is then
 *   a character, and Ctrl+Z undoes the typing while there is some
 */
export function shortcutOf(press: KeyPress, typing: string | null): Shortcut | null {
  const found = SHORTCUTS.find(({ code }) => code === press.code)?.shortcut ?? null
  if (found === null || press.altKey) return null
  const control = press.ctrlKey || press.metaKey
  if (found === 'UNDO') return control && !press.shiftKey && (typing ?? '') === '' ? found : null
  if (found === 'MAP') return !control && press.shiftKey && typing === null ? found : null
  return control || press.shiftKey ? null : found
}

import { describe, expect, it } from 'vitest'
import { SHORTCUTS, shortcutOf, type KeyPress } from './shortcuts.ts'

const press = (code: string, more: Partial<KeyPress> = {}): KeyPress => ({
  code,
  ctrlKey: false,
  shiftKey: false,
  altKey: false,
  metaKey: false,
  ...more,
})

describe('a shortcut', () => {
  it('goes by the physical key, so the Arabic layout changes nothing', () => {
    expect(shortcutOf(press('F2'), null)).toBe('CHECK_IN')
    expect(shortcutOf(press('KeyZ', { ctrlKey: true }), null)).toBe('UNDO')
    expect(shortcutOf(press('Slash', { shiftKey: true }), null)).toBe('MAP')
  })

  it('works from the search field, where the hand rests', () => {
    expect(shortcutOf(press('F4'), 'محم')).toBe('CALL_NEXT')
    expect(shortcutOf(press('KeyZ', { ctrlKey: true }), '')).toBe('UNDO')
  })

  it('leaves to a field what is its own', () => {
    expect(shortcutOf(press('KeyZ', { ctrlKey: true }), 'محم')).toBeNull()
    expect(shortcutOf(press('Slash', { shiftKey: true }), '')).toBeNull()
    expect(shortcutOf(press('KeyZ'), null)).toBeNull()
  })

  it('leaves to the system what is with Alt, Ctrl or Shift', () => {
    expect(shortcutOf(press('F4', { altKey: true }), null)).toBeNull()
    expect(shortcutOf(press('F6', { ctrlKey: true }), null)).toBeNull()
    expect(shortcutOf(press('F10', { shiftKey: true }), null)).toBeNull()
  })

  it('has a key of its own', () => {
    expect(new Set(SHORTCUTS.map(({ code }) => code)).size).toBe(SHORTCUTS.length)
  })
})

import { describe, expect, it } from 'vitest'
import { focusAfter, moveFrom, moveOf } from './focus-place.ts'

const rows = (...ids: string[]) => ids.map((visitId) => ({ visitId }))
const line = (parts: Partial<Record<string, string[]>>) => ({
  withDoctor: rows(...(parts['withDoctor'] ?? [])),
  withAssistant: rows(...(parts['withAssistant'] ?? [])),
  waiting: rows(...(parts['waiting'] ?? [])),
  done: rows(...(parts['done'] ?? [])),
  aside: rows(...(parts['aside'] ?? [])),
})

describe('the focus after an action', () => {
  it('stays with a patient who was called and still waits', () => {
    const place = { visitId: 'b', section: 'waiting', index: 1 } as const
    expect(focusAfter(place, line({ waiting: ['b', 'a'] }))).toBe('b')
  })

  it('goes to who took the place of a patient who went in', () => {
    const place = { visitId: 'a', section: 'waiting', index: 0 } as const
    expect(focusAfter(place, line({ withDoctor: ['a'], waiting: ['b', 'c'] }))).toBe('b')
  })

  it('goes to the last when the last has left', () => {
    const place = { visitId: 'c', section: 'waiting', index: 2 } as const
    expect(focusAfter(place, line({ waiting: ['a', 'b'] }))).toBe('b')
  })

  it('goes to the next patient when the room is empty', () => {
    const place = { visitId: 'a', section: 'withDoctor', index: 0 } as const
    expect(focusAfter(place, line({ waiting: ['b'], done: ['a'] }))).toBe('b')
  })

  it('is nobody in an empty line', () => {
    const place = { visitId: 'a', section: 'waiting', index: 0 } as const
    expect(focusAfter(place, line({ done: ['a'] }))).toBeNull()
  })
})

describe('the arrows', () => {
  it('mean what the eye sees in either direction', () => {
    expect(moveOf('ArrowLeft', true)).toBe('NEXT_LINE')
    expect(moveOf('ArrowLeft', false)).toBe('PREVIOUS_LINE')
    expect(moveOf('ArrowDown', true)).toBe('DOWN')
    expect(moveOf('KeyA', true)).toBeNull()
  })

  it('stop at the ends of a line and step over empty lines', () => {
    const lengths = [3, 0, 1]
    expect(moveFrom({ line: 0, row: 2 }, 'DOWN', lengths)).toBeNull()
    expect(moveFrom({ line: 0, row: 0 }, 'UP', lengths)).toBeNull()
    expect(moveFrom({ line: 0, row: 2 }, 'NEXT_LINE', lengths)).toEqual({ line: 2, row: 0 })
    expect(moveFrom({ line: 2, row: 0 }, 'PREVIOUS_LINE', lengths)).toEqual({ line: 0, row: 0 })
    expect(moveFrom({ line: 2, row: 0 }, 'NEXT_LINE', lengths)).toBeNull()
    expect(moveFrom({ line: 0, row: 0 }, 'LAST', lengths)).toEqual({ line: 0, row: 2 })
  })
})

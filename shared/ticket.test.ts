import fc from 'fast-check'
import { expect, it } from 'vitest'
import { letterPlace, stationLetter, Ticket } from './ticket.ts'

it('each station’s letter is its own, of a letter’s form, and says whose it is', () => {
  expect([0, 23, 24, 599, 600].map(stationLetter)).toEqual(['A', 'Z', 'AA', 'ZZ', 'AAA'])
  fc.assert(
    fc.property(fc.nat(14_000), (place) => {
      const letter = Ticket.shape.letter.parse(stationLetter(place))
      expect(letterPlace(letter)).toBe(place)
    }),
  )
})

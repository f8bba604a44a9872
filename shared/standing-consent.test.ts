import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Entry } from './entry.ts'
import { entryOf, idOf, pick, stampAt, STATIONS } from './test-values.ts'
import { standingConsent } from './standing-consent.ts'

const said = (number: number, given: boolean, seconds: number, station = 0): Entry =>
  entryOf(
    { kind: 'CONSENT', scope: 'SHARED_HISTORY', given },
    { id: idOf(number), visitId: null, at: stampAt(seconds, pick(STATIONS, station)) },
  )

const words = fc
  .uniqueArray(fc.tuple(fc.nat(6), fc.nat(2)), { maxLength: 8, selector: String })
  .chain((moments) =>
    fc
      .tuple(...moments.map(() => fc.boolean()))
      .map((given) =>
        moments.map(([seconds, station], index) =>
          said(500 + index, given[index] ?? false, seconds, station),
        ),
      ),
  )

describe('the consent that stands', () => {
  test('is the same in whatever order the words came', () => {
    fc.assert(
      fc.property(
        words.chain((entries) =>
          fc.tuple(
            fc.constant(entries),
            fc.shuffledSubarray(entries, { minLength: entries.length }),
          ),
        ),
        ([entries, shuffled]) => {
          expect(standingConsent(shuffled)).toBe(standingConsent(entries))
        },
      ),
    )
  })

  test('is none whenever nothing that was said last gives it, or something said at once withdraws', () => {
    fc.assert(
      fc.property(words, (entries) => {
        const last = entries.reduce(
          (latest, { at }) => (at.slice(0, 18) > latest ? at.slice(0, 18) : latest),
          '',
        )
        const lastWords = entries.filter(({ at }) => at.slice(0, 18) === last)
        const isGiven =
          lastWords.length > 0 &&
          lastWords.every(({ body }) => body.kind === 'CONSENT' && body.given)
        expect(standingConsent(entries) !== null).toBe(isGiven)
      }),
    )
  })

  test('keeps its name while it is given again, and has another after a withdrawal', () => {
    const [first, again] = [said(1, true, 0), said(2, true, 1)]
    expect(standingConsent([first, again])).toBe(first.id)
    const [withdrawn, anew] = [said(3, false, 2), said(4, true, 3)]
    expect(standingConsent([first, again, withdrawn])).toBe(null)
    expect(standingConsent([first, again, withdrawn, anew])).toBe(anew.id)
  })
})

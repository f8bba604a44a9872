import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { VisitId } from '#shared/ids.ts'
import { priorityRank } from '#shared/queue-order.ts'
import type { Visit } from '#shared/visit.ts'
import { lineOf, ORDER_REASON, standingCall } from './line.ts'
import { openTestClinic, SETTINGS, type TestClinic } from './test-clinic.ts'
import { at, checkInNew, doctorOf, EVERYBODY, outcomeOf } from './test-desk.ts'

const DAY = '2026-11-22'

function line(clinic: TestClinic, doctor = 0): Visit[] {
  return lineOf(clinic.replica.read, doctorOf(clinic, doctor), DAY)
}

function idsOf(visits: readonly Visit[]): VisitId[] {
  return visits.map(({ id }) => id)
}

function rankOf(clinic: TestClinic, visitId: VisitId): number {
  const visit = clinic.visits.get(visitId)
  if (visit === undefined) throw new RangeError('no visit')
  return priorityRank(visit, clinic.settings)
}

const move = fc.record({
  name: fc.constantFrom(
    'checkIn',
    'skip',
    'recall',
    'return',
    'changeLine',
    'reorder',
    'setPriority' as const,
  ),
  target: fc.nat(20),
  places: fc.nat(20),
  priority: fc.constantFrom('NORMAL', 'URGENT', 'COURTESY' as const),
})

test('whatever was moved before, each move puts the patient where its rule says', () => {
  const everyMove = fc.record({
    moves: fc.array(move, { maxLength: 40 }),
    skipPlaces: fc.integer({ min: 1, max: 4 }),
    returnToLine: fc.constantFrom('FRONT', 'BACK' as const),
    courtesyEnabled: fc.boolean(),
  })
  fc.assert(
    fc.property(everyMove, ({ moves, ...policy }) => {
      const clinic = openTestClinic()
      clinic.settings = { ...SETTINGS, ...policy }
      const act = at(clinic, clinic.personWith(...EVERYBODY))
      for (let index = 0; index < 5; index += 1) checkInNew(clinic)
      for (const { name, target, places, priority } of moves) {
        const before = line(clinic)
        const visitId = before[target % before.length]?.id
        if (visitId === undefined) break
        const others = before.filter(({ id }) => id !== visitId)
        switch (name) {
          case 'checkIn': {
            const made = checkInNew(clinic)
            const after = idsOf(line(clinic))
            expect(after.at(-1)).toBe(made.visitId)
            expect(after.slice(0, -1)).toEqual(idsOf(before))
            continue
          }
          case 'skip': {
            const index = idsOf(before).indexOf(visitId)
            if (outcomeOf(() => act.skip({ visitId })) === 'LAST_IN_LINE') {
              expect(index).toBe(before.length - 1)
              continue
            }
            const now = idsOf(line(clinic)).indexOf(visitId)
            expect(now).toBeGreaterThanOrEqual(
              Math.min(index + policy.skipPlaces, before.length - 1),
            )
            break
          }
          case 'recall': {
            act.markNoShow({ visitId })
            act.recall({ visitId })
            expect(clinic.visits.get(visitId)?.boosted).toBe(false)
            expect(idsOf(line(clinic)).at(-1)).toBe(visitId)
            break
          }
          case 'return': {
            act.startVisit({ visitId, to: 'WITH_DOCTOR' })
            act.returnToLine({ visitId })
            const rank = rankOf(clinic, visitId)
            const equals = line(clinic).filter((other) => rankOf(clinic, other.id) === rank)
            if (policy.returnToLine === 'BACK') expect(equals.at(-1)?.id).toBe(visitId)
            else {
              const place = idsOf(equals).indexOf(visitId)
              const reasons = equals.slice(0, place).map(({ orderReason }) => orderReason)
              expect(reasons).toEqual(reasons.map(() => ORDER_REASON.returnedToFront))
            }
            break
          }
          case 'reorder': {
            const at = places % (others.length + 1)
            const outcome = outcomeOf(() =>
              act.reorder({ visitId, before: others[at]?.id ?? null, reason: 'باتفاقهم' }),
            )
            const index = idsOf(before).indexOf(visitId)
            const own = before[index]
            const ahead = others[at]
            if (outcome === 'INVALID') expect(at).toBe(index)
            else if (outcome === 'PRIORITY_AHEAD') {
              expect(own === undefined || ahead === undefined).toBe(false)
              expect(rankOf(clinic, ahead?.id ?? visitId)).toBeLessThan(2)
            } else {
              expect(idsOf(line(clinic)).indexOf(visitId)).toBe(at)
              expect(clinic.visits.get(visitId)?.orderReason).toBe('باتفاقهم')
            }
            break
          }
          case 'changeLine': {
            act.changeLine({ visitId, doctorId: doctorOf(clinic, 1) })
            const rank = rankOf(clinic, visitId)
            const equals = line(clinic, 1).filter((other) => rankOf(clinic, other.id) === rank)
            expect(equals.at(-1)?.id).toBe(visitId)
            break
          }
          case 'setPriority': {
            if (priority === 'COURTESY' && !policy.courtesyEnabled) {
              expect(
                outcomeOf(() => act.setPriority({ visitId, priority, reason: 'كبير السن' })),
              ).toBe('INVALID')
            } else act.setPriority({ visitId, priority, reason: 'كبير السن' })
            break
          }
        }
        // Nobody else has moved.
        expect(idsOf(line(clinic).filter(({ id }) => id !== visitId))).toEqual(idsOf(others))
      }
      for (const visit of clinic.visits.values()) expect(visit.orderKey.length).toBeLessThan(120)
    }),
    { numRuns: 150 },
  )
})

test('a patient skipped to the end stays before those who come later', () => {
  const clinic = openTestClinic()
  const first = checkInNew(clinic)
  checkInNew(clinic)
  at(clinic, clinic.personWith('RECEPTION')).skip({ visitId: first.visitId })
  const later = checkInNew(clinic)
  expect(idsOf(line(clinic)).slice(-2)).toEqual([first.visitId, later.visitId])
})

test('callNext calls whoever has not been called since they got their place, else the first again', () => {
  const clinic = openTestClinic()
  const act = at(clinic, clinic.personWith(...EVERYBODY))
  const callNext = (): VisitId => act.callNext({ doctorId: doctorOf(clinic) }).visitId
  expect(outcomeOf(callNext)).toBe('LINE_EMPTY')
  const [a, b, c] = [checkInNew(clinic), checkInNew(clinic), checkInNew(clinic)].map(
    ({ visitId }) => visitId,
  )
  if (a === undefined || b === undefined || c === undefined) throw new RangeError('three were made')
  expect([callNext(), callNext()]).toEqual([a, b])
  // Called and not come: two are in front of a now, and a is called again at its turn.
  clinic.settings = { ...SETTINGS, skipPlaces: 1 }
  act.skip({ visitId: a })
  expect([callNext(), callNext()]).toEqual([a, c])
  expect(callNext()).toBe(b)
  act.startVisit({ visitId: b, to: 'WITH_DOCTOR' })
  act.returnToLine({ visitId: b })
  expect(callNext()).toBe(b)
  const visit = clinic.visits.get(b)
  expect(visit?.calls.map(({ room }) => room)).toEqual(['1', '1', '1'])
  expect(visit === undefined ? null : standingCall(visit)).toBe(visit?.calls[2])
})

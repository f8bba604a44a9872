import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CHECK_IN,
  idOf,
  laterSteps,
  PEOPLE,
  pick,
  stampAt,
  STATIONS,
  transitionOf,
} from './test-values.ts'
import { foldVisit, isLawfulStep } from './visit-fold.ts'

const doctor = pick(PEOPLE, 2)
const laptop = pick(STATIONS, 2)

describe('foldVisit', () => {
  it('gives the same for every order and for repeated messages', () => {
    fc.assert(
      fc.property(
        laterSteps.chain((steps) =>
          fc.tuple(
            fc.constant([CHECK_IN, ...steps]),
            fc.shuffledSubarray([CHECK_IN, ...steps, ...steps], {
              minLength: 1 + steps.length * 2,
            }),
          ),
        ),
        ([steps, shuffled]) => {
          expect(foldVisit(shuffled)).toEqual(foldVisit(steps))
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('reaches each status by lawful steps only, and accounts for every step', () => {
    fc.assert(
      fc.property(laterSteps, (steps) => {
        const { applied, overruled, status } = foldVisit([CHECK_IN, ...steps])
        expect(applied[0]).toEqual(CHECK_IN)
        for (const [index, step] of applied.entries()) {
          const before = applied[index - 1]
          if (before !== undefined) expect(isLawfulStep(before.status, step.status)).toBe(true)
        }
        expect(status).toBe(applied.at(-1)?.status)
        // Every step is in force, overruled, or undone by an undo that is neither.
        const told = new Set(
          [...applied, ...overruled.map((one) => one.transition)].map((s) => s.id),
        )
        const silent = steps.filter((step) => !told.has(step.id))
        const undos = silent.filter((step) => step.undoes !== null)
        const undone = silent.filter((step) => step.undoes === null)
        expect(undone.every((step) => undos.some((undo) => undo.undoes === step.id))).toBe(true)
        expect(undos.length).toBe(undone.length)
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    { desk: 60, care: 30, name: 'cancelled after the doctor had started' },
    { desk: 30, care: 60, name: 'cancelled before the doctor, unaware, started' },
  ])('care stands, the cancellation is kept: $name', ({ desk, care }) => {
    const cancel = transitionOf({ id: idOf(201), status: 'CANCELED', at: stampAt(desk) })
    const start = transitionOf({
      id: idOf(202),
      status: 'WITH_DOCTOR',
      at: stampAt(care, laptop),
      by: doctor,
      stationId: laptop,
    })
    const folded = foldVisit([CHECK_IN, cancel, start])
    expect(folded.status).toBe('WITH_DOCTOR')
    expect(folded.overruled).toEqual([{ transition: cancel, reason: 'CARE_STANDS' }])
  })

  it('a no-show marked while the assistant had the patient does not end the care', () => {
    const assistant = transitionOf({ id: idOf(201), status: 'WITH_ASSISTANT', at: stampAt(10) })
    const noShow = transitionOf({ id: idOf(202), status: 'NO_SHOW', at: stampAt(20) })
    const start = transitionOf({
      id: idOf(203),
      status: 'WITH_DOCTOR',
      at: stampAt(30),
      by: doctor,
    })
    const folded = foldVisit([CHECK_IN, assistant, noShow, start])
    expect(folded.status).toBe('WITH_DOCTOR')
    expect(folded.overruled.map((one) => one.transition.id)).toEqual([noShow.id])
  })

  it('undo takes back the last step of the same person within two minutes, DONE included', () => {
    const start = transitionOf({
      id: idOf(201),
      status: 'WITH_DOCTOR',
      at: stampAt(10),
      by: doctor,
    })
    const done = transitionOf({ id: idOf(202), status: 'DONE', at: stampAt(20), by: doctor })
    const undo = (second: number, by = doctor) =>
      transitionOf({ id: idOf(203), status: 'DONE', at: stampAt(second), by, undoes: done.id })
    expect(foldVisit([CHECK_IN, start, done, undo(140)]).status).toBe('WITH_DOCTOR')
    expect(foldVisit([CHECK_IN, start, done, undo(141)]).status).toBe('DONE')
    expect(foldVisit([CHECK_IN, start, done, undo(30, pick(PEOPLE, 0))]).status).toBe('DONE')
  })

  it('undo is late once something later happened on the visit', () => {
    const start = transitionOf({
      id: idOf(201),
      status: 'WITH_DOCTOR',
      at: stampAt(10),
      by: doctor,
    })
    const done = transitionOf({
      id: idOf(202),
      status: 'DONE',
      at: stampAt(40),
      by: pick(PEOPLE, 1),
    })
    const undo = transitionOf({
      id: idOf(203),
      status: 'WITH_DOCTOR',
      at: stampAt(50),
      by: doctor,
      undoes: start.id,
    })
    const folded = foldVisit([CHECK_IN, start, done, undo])
    expect(folded.status).toBe('DONE')
    expect(folded.overruled).toEqual([{ transition: undo, reason: 'UNDO_LATE' }])
  })
})

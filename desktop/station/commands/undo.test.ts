import fc from 'fast-check'
import { expect, test } from 'vitest'
import { VisitStatus } from '#shared/roles.ts'
import { openTestClinic, STATION_B } from './test-clinic.ts'
import { at, checkInNew, doctorOf, EVERYBODY, outcomeOf } from './test-desk.ts'
import { UNDONE_REASON } from './undo.ts'

test('undo takes back the last step of this person here, one after the other', () => {
  const clinic = openTestClinic()
  const { visitId } = checkInNew(clinic)
  const other = checkInNew(clinic)
  const act = at(clinic, clinic.personWith(...EVERYBODY))
  expect(outcomeOf(() => act.undoLast({}))).toBe('NOTHING_TO_UNDO')
  act.startVisit({ visitId, to: 'WITH_DOCTOR' })
  act.finishVisit({ visitId })
  act.cancel({ visitId: other.visitId, reason: null })
  const status = (): (VisitStatus | undefined)[] =>
    [visitId, other.visitId].map((id) => clinic.visits.get(id)?.status)
  expect(act.undoLast({}).visitId).toBe(other.visitId)
  expect(status()).toEqual(['DONE', 'WAITING'])
  expect(act.undoLast({}).visitId).toBe(visitId)
  expect(status()).toEqual(['WITH_DOCTOR', 'WAITING'])
  act.undoLast({})
  expect(status()).toEqual(['WAITING', 'WAITING'])
  expect(outcomeOf(() => act.undoLast({}))).toBe('NOTHING_TO_UNDO')
})

test('undo is late after two minutes, after a step of another person, and not of another station', () => {
  const clinic = openTestClinic()
  const { visitId } = checkInNew(clinic)
  const nurse = at(clinic, clinic.personWith('ASSISTANT'))
  const doctor = at(clinic, clinic.personWith('DOCTOR'))
  nurse.startVisit({ visitId, to: 'WITH_ASSISTANT' })
  clinic.clock += 119_000
  nurse.undoLast({})
  nurse.startVisit({ visitId, to: 'WITH_ASSISTANT' })
  clinic.clock += 120_000
  expect(outcomeOf(() => nurse.undoLast({}))).toBe('UNDO_LATE')
  doctor.startVisit({ visitId, to: 'WITH_DOCTOR' })
  expect(outcomeOf(() => nurse.undoLast({}))).toBe('UNDO_LATE')
  clinic.moveTo(STATION_B)
  expect(outcomeOf(() => doctor.undoLast({}))).toBe('NOTHING_TO_UNDO')
})

test('an undone check-in is cancelled with the reason, unless the patient was called meanwhile', () => {
  const clinic = openTestClinic()
  const desk = at(clinic, clinic.personWith('RECEPTION'))
  const before = checkInNew(clinic)
  const { visitId } = checkInNew(clinic)
  desk.undoLast({})
  expect(clinic.visits.get(visitId)).toMatchObject({ status: 'CANCELED' })
  expect(clinic.visits.get(visitId)?.transitions.at(-1)?.reason).toBe(UNDONE_REASON)
  expect(clinic.accepted.at(-1)?.name).toBe('cancel')
  at(clinic, clinic.personWith('DOCTOR')).callNext({ doctorId: doctorOf(clinic) })
  expect(outcomeOf(() => desk.undoLast({}))).toBe('UNDO_LATE')
  expect(clinic.visits.get(before.visitId)?.status).toBe('WAITING')
})

test('a visit left open on an earlier day and settled just now can be undone', () => {
  const clinic = openTestClinic()
  const { visitId } = checkInNew(clinic)
  clinic.clock += 5 * 86_400_000
  const act = at(clinic, clinic.personWith('RECEPTION'))
  act.markNoShow({ visitId })
  expect(act.undoLast({}).visitId).toBe(visitId)
  expect(clinic.visits.get(visitId)?.status).toBe('WAITING')
})

test('an undo always brings back the status before the step', () => {
  const step = fc.constantFrom(
    'ASSISTANT',
    'DOCTOR',
    'FINISH',
    'RETURN',
    'NO_SHOW',
    'RECALL' as const,
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const clinic = openTestClinic()
      const { visitId } = checkInNew(clinic)
      const act = at(clinic, clinic.personWith(...EVERYBODY))
      const status = (): VisitStatus => VisitStatus.parse(clinic.visits.get(visitId)?.status)
      for (const name of steps) {
        const before = status()
        const outcome = outcomeOf(() => {
          if (name === 'ASSISTANT') act.startVisit({ visitId, to: 'WITH_ASSISTANT' })
          if (name === 'DOCTOR') act.startVisit({ visitId, to: 'WITH_DOCTOR' })
          if (name === 'FINISH') act.finishVisit({ visitId })
          if (name === 'RETURN') act.returnToLine({ visitId })
          if (name === 'NO_SHOW') act.markNoShow({ visitId })
          if (name === 'RECALL') act.recall({ visitId })
        })
        if (outcome !== 'ACCEPTED') continue
        expect(status()).not.toBe(before)
        act.undoLast({})
        expect(status()).toBe(before)
        // Taken again, so that the next step starts from somewhere new.
        if (name === 'DOCTOR' && before === 'WAITING')
          act.startVisit({ visitId, to: 'WITH_DOCTOR' })
        if (name === 'NO_SHOW') act.markNoShow({ visitId })
      }
    }),
    { numRuns: 60 },
  )
})

import { describe, expect, test } from 'vitest'
import { generatePatients } from './patients.ts'
import { generateVisitHistory } from './visits.ts'

const TODAY = '2026-11-22'
const patients = generatePatients({ count: 3_000, seed: 7, today: TODAY })
const visits = generateVisitHistory({ patients, seed: 7, today: TODAY })

describe('generateVisitHistory', () => {
  test('the same for the same seed', () => {
    expect(generateVisitHistory({ patients, seed: 7, today: TODAY })).toEqual(visits)
  })

  test('three years up to yesterday, never on a Friday', () => {
    const days = visits.map(({ queueDay }) => queueDay)
    expect(days.filter((day) => day < '2023-11-20' || day >= TODAY)).toEqual([])
    expect(days.filter((day) => new Date(day).getUTCDay() === 5)).toEqual([])
    expect(days).toEqual(days.toSorted())
    expect(visits.length / patients.length).toBeGreaterThan(1.5)
  })

  test('a patient arrives, is called, enters and leaves, in this order', () => {
    const done = visits.filter(({ outcome }) => outcome === 'DONE')
    const disordered = done.filter(({ arrivedAt, calledAt, startedAt, finishedAt }) => {
      const instants = [arrivedAt, calledAt, startedAt, finishedAt]
      return (
        instants.includes(null) ||
        instants.some((at, index) => index > 0 && String(at) < String(instants[index - 1]))
      )
    })
    expect(disordered).toEqual([])
    const other = visits.filter(({ outcome }) => outcome !== 'DONE')
    expect(other.filter(({ startedAt, feePiastres }) => startedAt ?? feePiastres > 0)).toEqual([])
  })

  test('a doctor sees one patient at a time', () => {
    const byDoctor = Map.groupBy(
      visits.filter(({ outcome }) => outcome === 'DONE'),
      ({ queueDay, doctorIndex }) => `${queueDay} ${doctorIndex}`,
    )
    const overlapping = [...byDoctor.values()].filter((session) => {
      const turns = session
        .map(({ startedAt, finishedAt }) => ({ from: startedAt ?? '', to: finishedAt ?? '' }))
        .toSorted((one, other) => (one.from < other.from ? -1 : 1))
      return turns.some(({ from }, index) => from < (turns[index - 1]?.to ?? ''))
    })
    expect(overlapping).toEqual([])
  })

  test('a session ends before the cut-over, at five in the morning in Cairo', () => {
    const late = visits.filter(({ queueDay, finishedAt }) => {
      const cutOver = Date.parse(`${queueDay}T00:00:00Z`) + (24 + 5 - 3) * 3_600_000
      return finishedAt !== null && Date.parse(finishedAt) > cutOver
    })
    expect(late).toEqual([])
  })

  test('fees are whole piastres, paid by some method unless there is nothing to pay', () => {
    const wrong = visits.filter(
      ({ feePiastres, paidMethod }) =>
        !Number.isInteger(feePiastres) || feePiastres > 0 !== (paidMethod !== null),
    )
    expect(wrong).toEqual([])
    expect(visits.filter(({ type }) => type === 'FOLLOW_UP').length).toBeGreaterThan(500)
  })

  test('doctors may be fixed, and what they cannot see in a day waits', () => {
    const few = generateVisitHistory({
      patients,
      seed: 1,
      today: TODAY,
      years: 0.1,
      doctorCount: 2,
    })
    const sizes = [...Map.groupBy(few, ({ queueDay }) => queueDay).values()].map(
      (day) => day.length,
    )
    expect(Math.max(...sizes)).toBe(160)
    expect(new Set(few.map(({ doctorIndex }) => doctorIndex))).toEqual(new Set([0, 1]))
  })
})

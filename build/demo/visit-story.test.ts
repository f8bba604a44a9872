import { expect, test } from 'vitest'
import { Entry } from '#shared/entry.ts'
import { idOf } from '#shared/test-values.ts'
import type { ClinicId, StationId, UserId } from '#shared/ids.ts'
import { Patient } from '#shared/patient.ts'
import { Visit } from '#shared/visit.ts'
import { generatePatients } from './patients.ts'
import { createRandom } from './random.ts'
import { storiesOfToday } from './today.ts'
import { documentsOf, storyOf } from './visit-story.ts'
import { generateVisitHistory } from './visits.ts'

const NOW = Date.parse('2026-11-24T15:00:00Z')
const TODAY = '2026-11-24'
const MINUTE = 60_000

const patients = generatePatients({ count: 800, seed: 3, today: TODAY })
const past = generateVisitHistory({ patients, seed: 3, today: TODAY, years: 1, doctorCount: 3 })

function today(now: number, dayStart: number) {
  return storiesOfToday({
    now,
    dayStart,
    queueDay: TODAY,
    doctorCount: 3,
    patients: Array.from({ length: 100 }, (_, index) => index * 5),
    random: createRandom(1),
    feeOf: (doctorIndex) => doctorIndex * 10_000,
  })
}

const books = {
  clinicId: idOf<ClinicId>(1),
  station: { stationId: idOf<StationId>(10), letter: 'A' },
  desk: idOf<UserId>(20),
  doctors: [21, 22, 23].map((number) => ({ doctorId: idOf<UserId>(number), room: '1' })),
  currency: 'EGP' as const,
}

test('a past and a present are documents that the clinic could have made', () => {
  const stories = [...past.map(storyOf), ...today(NOW, NOW - 10 * 60 * MINUTE)]
  const made = documentsOf(books, patients, stories)
  expect(made.visits).toHaveLength(stories.length)
  for (const patient of made.patients) Patient.parse(patient)
  for (const visit of made.visits) Visit.parse(visit)
  for (const entry of made.entries) Entry.parse(entry)
  const ids = new Set(made.patients.map(({ id }) => id))
  expect(made.visits.every(({ patientId }) => ids.has(patientId))).toBe(true)
  const tickets = made.visits.map(({ queueDay, ticket }) => `${queueDay}/${ticket.number}`)
  expect(new Set(tickets).size).toBe(tickets.length)
  const stamps = made.visits.flatMap(({ transitions }) => transitions.map(({ at }) => at))
  expect(new Set(stamps).size).toBe(stamps.length)
  const ofToday = made.visits.filter(({ queueDay }) => queueDay === TODAY)
  const statuses = Object.groupBy(ofToday, ({ status }) => status)
  expect(statuses.WITH_DOCTOR).toHaveLength(3)
  for (const status of ['WAITING', 'WITH_ASSISTANT', 'DONE', 'CANCELED', 'NO_SHOW'] as const) {
    expect(statuses[status]?.length).toBeGreaterThan(0)
  }
  expect(
    ofToday.every(({ transitions }) =>
      transitions.every(({ at }) => Number(at.slice(0, 13)) <= NOW),
    ),
  ).toBe(true)
})

test('just after the cut-over today has not begun before it', () => {
  for (const minutes of [0, 1, 20, 200]) {
    const stories = today(NOW, NOW - minutes * MINUTE)
    const times = stories.flatMap((story) => [story.arrivedAt, ...story.steps.map(({ at }) => at)])
    expect(Math.min(...times)).toBeGreaterThanOrEqual(NOW - minutes * MINUTE)
    expect(Math.max(...times)).toBeLessThanOrEqual(NOW)
  }
})

import type { PaidMethod } from './visits.ts'
import type { Random } from './random.ts'
import type { VisitStory } from './visit-story.ts'

export interface DemoDay {
  /** Milliseconds since the Unix epoch. */
  readonly now: number
  /** When the queue day began: nobody has arrived before it. */
  readonly dayStart: number
  readonly queueDay: string
  readonly doctorCount: number
  /** Indexes of the patients who come today, each once. */
  readonly patients: readonly number[]
  readonly random: Random
  feeOf(doctorIndex: number, type: VisitStory['type']): number
}

const MINUTE = 60_000
/** Minutes ago that the first arrived. */
const OPENED = 112

/** A session in full swing: who is done, who did not come, who is inside, and who still waits. */
export function storiesOfToday(day: DemoDay): VisitStory[] {
  const { now, dayStart, doctorCount, random } = day
  // Just after the cut-over the morning is shorter than the session: it is told in less time.
  const pace = Math.min(1, Math.max(0, now - dayStart) / (OPENED * MINUTE))
  const ago = (minutes: number): number => Math.round(now - minutes * MINUTE * pace)
  const stories: VisitStory[] = []
  for (let doctorIndex = 0; doctorIndex < doctorCount; doctorIndex += 1) {
    for (const visit of sessionOf(doctorIndex, random)) {
      const patientIndex = day.patients[stories.length]
      if (patientIndex === undefined) break
      const { arrived, called, steps, ...rest } = visit
      const fee = day.feeOf(doctorIndex, rest.type)
      const isGone = steps.some(({ status }) => status === 'NO_SHOW' || status === 'CANCELED')
      stories.push({
        ...rest,
        patientIndex,
        doctorIndex,
        queueDay: day.queueDay,
        arrivedAt: ago(arrived),
        calledAt: called === null ? null : ago(called),
        steps: steps.map(({ status, at }) => ({ status, at: ago(at) })),
        fee,
        paid: fee === 0 || isGone || random.chance(0.2) ? null : methodOf(random),
      })
    }
  }
  return stories
}

/** In minutes ago. */
interface Told {
  readonly type: VisitStory['type']
  readonly priority: VisitStory['priority']
  readonly arrived: number
  readonly called: number | null
  readonly steps: readonly { readonly status: VisitStory['steps'][number]['status']; at: number }[]
}

const DONE = 7
const WAITING = [13, 10, 7]

function sessionOf(doctorIndex: number, random: Random): Told[] {
  const usual = { type: 'EXAMINATION', priority: 'NORMAL' } as const
  const visits: Told[] = []
  for (let index = 0; index < DONE; index += 1) {
    const started = 92 - index * 12 - random.int(0, 3)
    const type = random.chance(0.3) ? 'FOLLOW_UP' : 'EXAMINATION'
    const steps = [
      { status: 'WITH_DOCTOR' as const, at: started },
      { status: 'DONE' as const, at: started - random.int(6, 10) },
    ]
    const arrived = started + random.int(8, 20)
    visits.push({ ...usual, type, arrived, called: started + 1, steps })
  }
  visits.push(
    { ...usual, arrived: 88, called: 60, steps: [{ status: 'NO_SHOW', at: 55 }] },
    { ...usual, arrived: 61, called: 8, steps: [{ status: 'WITH_DOCTOR', at: 6 }] },
  )
  if (doctorIndex === 0) {
    visits.push(
      { ...usual, arrived: 70, called: null, steps: [{ status: 'CANCELED', at: 40 }] },
      { ...usual, arrived: 57, called: null, steps: [{ status: 'WITH_ASSISTANT', at: 3 }] },
    )
  }
  const count = WAITING[doctorIndex] ?? 6
  for (let index = 0; index < count; index += 1) {
    const arrived = 54 - index * (50 / count) - random.int(0, 2)
    const priority = index === 5 ? 'URGENT' : index === 3 ? 'COURTESY' : 'NORMAL'
    const type = random.chance(0.3) ? 'FOLLOW_UP' : random.chance(0.1) ? 'PROCEDURE' : 'EXAMINATION'
    // Who is first in the line has been called to the first room.
    const called = doctorIndex === 0 && priority === 'URGENT' ? 1 : null
    visits.push({ type, priority, arrived, called, steps: [] })
  }
  return visits
}

function methodOf(random: Random): PaidMethod {
  return random.pick(['CASH', 'CASH', 'CASH', 'CASH', 'INSTAPAY', 'CARD', 'WALLET'] as const)
}

import { describe, expect, it } from 'vitest'
import { resolve } from './resolve.ts'
import { patientOf, pick, stampAt, STATIONS, visitOf } from './test-values.ts'

// What holds of every collection is tried in `merge.test.ts`, over histories that chance made.
describe('resolve', () => {
  it('keeps the phone number that lost, and who entered it', () => {
    const base = patientOf()
    const [a, b] = [pick(STATIONS, 0), pick(STATIONS, 1)]
    const by = base.created.by
    const first = {
      ...base,
      phones: ['+201111111111'],
      marks: { phones: { at: stampAt(10, a), by } },
    }
    const second = {
      ...base,
      phones: ['+201222222222'],
      marks: { phones: { at: stampAt(20, b), by } },
    }
    for (const merged of [
      resolve('patients', base, first, second),
      resolve('patients', base, second, first),
    ]) {
      expect(merged.phones).toEqual(['+201222222222'])
      expect(merged.superseded).toMatchObject([{ field: 'phones', value: ['+201111111111'], by }])
    }
  })

  it('keeps the ticket of the master: a renumbered visit is not numbered back', () => {
    const base = visitOf()
    const master = { ...base, ticket: { letter: 'C', number: 1 } }
    expect(resolve('visits', base, master, base).ticket).toEqual(master.ticket)
  })
})

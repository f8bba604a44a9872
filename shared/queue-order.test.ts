import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyBetween, placeAfterSkip, placeBefore, priorityRank, sortLine } from './queue-order.ts'
import { idOf, stampAt, visitOf } from './test-values.ts'
import type { Priority, Visit } from './visit.ts'

const policy = { courtesyEnabled: true }

const line: fc.Arbitrary<Visit[]> = fc
  .array(
    fc.record({
      priority: fc.constantFrom<Priority>('NORMAL', 'URGENT', 'COURTESY'),
      boosted: fc.boolean(),
      second: fc.integer({ min: 0, max: 5_000 }),
    }),
    { maxLength: 15 },
  )
  .map((rows) =>
    sortLine(
      rows.map((row, index) =>
        visitOf({
          id: idOf(300 + index),
          priority: row.priority,
          boosted: row.boosted,
          orderKey: stampAt(row.second * 20 + index),
        }),
      ),
      policy,
    ),
  )

describe('keyBetween', () => {
  it('always fits between two keys, however often', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000), { minLength: 1, maxLength: 60 }), (places) => {
        const keys: string[] = [stampAt(0), stampAt(1)]
        for (const place of places) {
          const index = place % (keys.length + 1)
          const before = keys[index - 1] ?? null
          const after = keys[index] ?? null
          const key = keyBetween(before, after)
          if (before !== null) expect(key > before).toBe(true)
          if (after !== null) expect(key < after).toBe(true)
          keys.splice(index, 0, key)
        }
        expect(keys).toEqual(keys.toSorted())
      }),
      { numRuns: 1_000 },
    )
  })

  it('stays within the width of an order key after 60 insertions in one gap', () => {
    let low: string = stampAt(0)
    for (let turn = 0; turn < 60; turn += 1) low = keyBetween(low, stampAt(1))
    let high: string = stampAt(1)
    for (let turn = 0; turn < 60; turn += 1) high = keyBetween(stampAt(0), high)
    expect(low.length).toBeLessThan(120)
    expect(high.length).toBeLessThan(120)
  })
})

describe('placeAfterSkip', () => {
  it('moves a patient exactly so many places back, or to the end, and nobody else', () => {
    fc.assert(
      fc.property(line, fc.nat(14), fc.integer({ min: 1, max: 6 }), (visits, at, places) => {
        const skipped = visits[at]
        if (skipped === undefined) return
        const place = placeAfterSkip(visits, skipped.id, places, policy)
        if (place === null) {
          expect(at).toBe(visits.length - 1)
          return
        }
        const others = visits.filter((visit) => visit !== skipped)
        const after = sortLine([...others, { ...skipped, ...place }], policy)
        expect(after.filter((visit) => visit.id !== skipped.id)).toEqual(others)
        const reached = after.findIndex((visit) => visit.id === skipped.id)
        const due = Math.min(at + places, visits.length - 1)
        // An urgent patient passed by one of courtesy goes behind all of courtesy.
        const isAmongCourtesy =
          skipped.priority === 'URGENT' && visits[due]?.priority === 'COURTESY'
        if (isAmongCourtesy) expect(reached).toBeGreaterThanOrEqual(due)
        else expect(reached).toBe(due)
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('placeBefore', () => {
  it('puts a patient where the hand did, moves nobody else, and passes no priority', () => {
    let placed = 0
    fc.assert(
      fc.property(line, fc.nat(14), fc.nat(15), (visits, at, target) => {
        const moved = visits[at]
        if (moved === undefined) return
        const others = visits.filter((visit) => visit !== moved)
        const before = others[target] ?? null
        const place = placeBefore(visits, moved.id, before?.id ?? null, policy)
        const rank = priorityRank(moved, policy)
        if (place === null) {
          const isThere = (visits[at + 1] ?? null) === before
          const lifts = before !== null && priorityRank(before, policy) < 2
          expect(isThere || lifts).toBe(true)
          return
        }
        placed += 1
        const after = sortLine([...others, { ...moved, ...place }], policy)
        expect(after.filter((visit) => visit.id !== moved.id)).toEqual(others)
        expect(after.findIndex((visit) => visit.id === moved.id)).toBe(
          Math.min(target, others.length),
        )
        if (place.boosted) expect(moved.boosted).toBe(true)
        expect(before === null || priorityRank(before, policy) >= rank).toBe(true)
      }),
      { numRuns: 3_000 },
    )
    expect(placed).toBeGreaterThan(500)
  })
})

describe('queue order', () => {
  it('is urgent, courtesy, then by order key, never by the ticket', () => {
    const normal = visitOf({
      id: idOf(1),
      orderKey: stampAt(1),
      ticket: { letter: 'A', number: 9 },
    })
    const courtesy = visitOf({ id: idOf(2), orderKey: stampAt(3), priority: 'COURTESY' })
    const urgent = visitOf({ id: idOf(3), orderKey: stampAt(5), priority: 'URGENT' })
    const recalled = visitOf({
      id: idOf(4),
      orderKey: stampAt(6),
      priority: 'URGENT',
      boosted: false,
    })
    const ids = (policyNow: { courtesyEnabled: boolean }): string[] =>
      sortLine([recalled, normal, courtesy, urgent], policyNow).map((visit) => visit.id)
    expect(ids(policy)).toEqual([urgent.id, courtesy.id, normal.id, recalled.id])
    expect(ids({ courtesyEnabled: false })).toEqual([
      urgent.id,
      normal.id,
      courtesy.id,
      recalled.id,
    ])
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Patient } from './patient.ts'
import { resolve } from './resolve.ts'
import {
  applyEdit,
  CHECK_IN,
  type Edit,
  laterSteps,
  patientOf,
  pick,
  stampAt,
  STATIONS,
  visitOf,
} from './test-values.ts'
import { foldVisit } from './visit-fold.ts'

const edit: fc.Arbitrary<Edit> = fc.record({
  second: fc.integer({ min: 1, max: 50 }),
  station: fc.nat(2),
  changes: fc.record(
    {
      name: fc.constantFrom('أحمد علي', 'احمد على', 'منى حسن'),
      note: fc.constantFrom('a', 'b', 'c'),
      address: fc.constantFrom('x', 'y'),
    },
    { requiredKeys: [] },
  ),
})

/** A command as the server meets it: an edit, and on what its author made it. */
interface Made {
  base: Patient
  next: Patient
}

/** Each station edits its own copy in turn, twice, without meeting the others. */
function makeChains(edits: readonly Edit[]): Made[][] {
  return STATIONS.map((_, station) => {
    let copy = patientOf()
    const own = edits
      .filter((one) => one.station === station)
      .toSorted((a, b) => a.second - b.second)
      .filter((one, index, all) => all[index - 1]?.second !== one.second)
    return own.map((one) => {
      const base = copy
      copy = applyEdit(base, one)
      return { base, next: copy }
    })
  })
}

/** Every way of mixing the chains that keeps each station's own order. */
function mix(chains: readonly Made[][], choices: readonly number[]): Made[] {
  const rest = chains.map((chain) => [...chain])
  const mixed: Made[] = []
  for (let turn = 0; rest.some((chain) => chain.length > 0); turn += 1) {
    const open = rest.filter((chain) => chain.length > 0)
    const next = pick(open, choices[turn] ?? 0).shift()
    if (next !== undefined) mixed.push(next)
  }
  return mixed
}

function serve(commands: readonly Made[]): Patient {
  return commands.reduce<Patient>(
    (master, { base, next }) => resolve('patients', base, master, next),
    patientOf(),
  )
}

describe('resolve, patients', () => {
  it('gives the same document in whatever order the stations reach the server', () => {
    fc.assert(
      fc.property(
        fc.array(edit, { maxLength: 7 }),
        fc.array(fc.nat(2), { minLength: 7, maxLength: 7 }),
        fc.array(fc.nat(2), { minLength: 7, maxLength: 7 }),
        (edits, one, other) => {
          const chains = makeChains(edits)
          expect(serve(mix(chains, one))).toEqual(serve(mix(chains, other)))
        },
      ),
      { numRuns: 3_000 },
    )
  })

  it('loses no value that nobody replaced knowingly', () => {
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 7 }), (edits) => {
        const chains = makeChains(edits)
        const result = serve(chains.flat())
        for (const chain of chains) {
          const last = chain.at(-1)?.next
          if (last === undefined) continue
          for (const field of ['name', 'note', 'address'] as const) {
            const mark = last.marks[field]
            if (mark === undefined) continue
            const stands = result[field] === last[field]
            const kept = result.superseded.some(
              (loser) =>
                loser.field === field && loser.at === mark.at && loser.value === last[field],
            )
            expect(stands || kept).toBe(true)
          }
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('is idempotent: a command that comes twice changes nothing more', () => {
    fc.assert(
      fc.property(edit, edit, (one, two) => {
        const base = patientOf()
        const next = applyEdit(base, one)
        const master = resolve('patients', base, applyEdit(base, two), next)
        expect(resolve('patients', base, master, next)).toEqual(master)
      }),
    )
  })

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
})

describe('resolve, visits', () => {
  it('is the union of both histories and the fold of it, order-free', () => {
    fc.assert(
      fc.property(laterSteps, laterSteps, (one, two) => {
        const base = visitOf()
        const renamed = two.map((step) => ({
          ...step,
          id: step.id.replace(/^./, 'f') as typeof step.id,
        }))
        const left = { ...base, transitions: [CHECK_IN, ...one] }
        const right = { ...base, transitions: [CHECK_IN, ...renamed] }
        const merged = resolve('visits', base, left, right)
        expect(resolve('visits', base, right, left)).toEqual(merged)
        expect(merged.transitions).toHaveLength(1 + one.length + two.length)
        expect(merged.status).toBe(foldVisit([CHECK_IN, ...one, ...renamed]).status)
        expect(resolve('visits', base, merged, right)).toEqual(merged)
      }),
      { numRuns: 1_000 },
    )
  })

  it('keeps the ticket of the master: a renumbered visit is not numbered back', () => {
    const base = visitOf()
    const master = { ...base, ticket: { letter: 'C', number: 1 } }
    expect(resolve('visits', base, master, base).ticket).toEqual(master.ticket)
  })
})

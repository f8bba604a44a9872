import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bookingStatus } from './appointment.ts'
import { factsIn, fieldIn, type MergedDocument, type MergeFields } from './collection-rules.ts'
import { CollectionName, COLLECTIONS, type Documents } from './collections.ts'
import type { Fact } from './fields.ts'
import { resolve } from './resolve.ts'
import { VisitStatus } from './roles.ts'
import {
  appointmentOf,
  CHECK_IN,
  encounterOf,
  idOf,
  labResultOf,
  patientOf,
  PEOPLE,
  pick,
  prescriptionOf,
  stampAt,
  STATIONS,
  stockItemOf,
  transitionOf,
  visitOf,
} from './test-values.ts'
import type { Transition, Visit } from './visit.ts'
import { foldVisit, isLawfulStep } from './visit-fold.ts'

type Merged = MergedDocument & Record<string, unknown>
const BASES: Partial<Record<CollectionName, Merged>> = {
  patients: patientOf(),
  visits: visitOf(),
  appointments: appointmentOf(),
  encounters: encounterOf(),
  prescriptions: prescriptionOf(),
  labResults: labResultOf(),
  inventory: stockItemOf(),
}

function rulesOf(collection: CollectionName): MergeFields<unknown> {
  const { merge } = COLLECTIONS[collection]
  if (merge.kind !== 'FIELDS') throw new TypeError(`${collection} does not merge by fields`)
  return merge
}

const merging = CollectionName.options.filter((name) => COLLECTIONS[name].merge.kind === 'FIELDS')

/** One act at one station: some fields set, some facts appended. */
interface Act {
  station: number
  second: number
  /** Indexes into fields and sets of facts of the collection. */
  parts: readonly number[]
}

const acts: fc.Arbitrary<Act[]> = fc.array(
  fc.record({
    station: fc.nat(2),
    second: fc.integer({ min: 1, max: 60 }),
    parts: fc.array(fc.nat(20), { minLength: 1, maxLength: 3 }),
  }),
  { maxLength: 8 },
)

interface Made {
  base: Merged | null
  next: Merged
  parts: readonly string[]
}

let facts = 0

/** What a person made of a document, as a command would: their values, marks and facts. */
function perform(collection: CollectionName, base: Merged | null, act: Act): Made {
  const rules = rulesOf(collection)
  const station = pick(STATIONS, act.station)
  const own = {
    at: stampAt(act.second, station),
    by: pick(PEOPLE, act.station),
    stationId: station,
  }
  const begun = base ?? { ...pristine(collection), created: own }
  const names = [...rules.fields, ...rules.facts]
  const parts = [...new Set(act.parts.map((part) => pick(names, part)))]
  const next: Merged = { ...begun, marks: { ...begun.marks } }
  for (const part of parts) {
    if (rules.fields.includes(part)) {
      Object.assign(next, { [part]: `${part} ${own.at}` })
      next.marks[part] = { at: own.at, by: own.by }
    } else {
      facts += 1
      const fact = { ...factOf(collection, part), ...own, id: idOf(1_000 + facts) }
      Object.assign(next, { [part]: [...factsIn(begun, part), fact] })
    }
  }
  return { base, next: { ...next, ...rules.derive(next) }, parts }
}

function pristine(collection: CollectionName): Merged {
  const base = BASES[collection]
  if (base === undefined) throw new TypeError(`no document of ${collection}`)
  return base
}

/** What a fact of a set says beside who made it. */
function factOf(collection: CollectionName, name: string): object {
  if (name === 'transitions') return { ...transitionOf({ id: idOf(1) }), status: 'WITH_DOCTOR' }
  if (collection === 'appointments') return { status: 'CANCELED', visitId: null, reason: null }
  return name === 'reviews' ? { resultIds: [idOf(2)], note: null } : { text: 'نتيجة' }
}

/** Each station works on its own copy, without meeting the others; of a shared id each begins its own. */
function makeChains(collection: CollectionName, all: readonly Act[]): Made[][] {
  const isBegunApart = rulesOf(collection).blank !== null
  return STATIONS.map((_, station) => {
    let copy: Merged | null = isBegunApart ? null : pristine(collection)
    return all
      .filter((act) => act.station === station)
      .toSorted((a, b) => a.second - b.second)
      .filter((act, index, own) => own[index - 1]?.second !== act.second)
      .map((act) => {
        const made = perform(collection, copy, act)
        copy = made.next
        return made
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

function merge(collection: CollectionName, master: Merged | null, made: Made): Merged {
  // Casts: documents of that collection
  return resolve(
    collection,
    made.base as Documents[typeof collection] | null,
    master as Documents[typeof collection] | null,
    made.next as unknown as Documents[typeof collection],
  ) as unknown as Merged
}

function serve(collection: CollectionName, made: readonly Made[]): Merged | null {
  const start = rulesOf(collection).blank === null ? pristine(collection) : null
  return made.reduce<Merged | null>((master, one) => merge(collection, master, one), start)
}

const order = fc.array(fc.nat(2), { minLength: 8, maxLength: 8 })

describe.each(merging)('resolve, %s', (collection) => {
  it('gives the same in whatever order histories meet, and a second time no more', () => {
    fc.assert(
      fc.property(acts, order, order, (all, one, other) => {
        const chains = makeChains(collection, all)
        const first = mix(chains, one)
        const served = serve(collection, first)
        expect(serve(collection, mix(chains, other))).toEqual(served)
        const last = first.at(-1)
        if (last !== undefined) expect(merge(collection, served, last)).toEqual(served)
      }),
      { numRuns: 500 },
    )
  })

  it('shows at a station what the server will say, while nobody else writes', () => {
    fc.assert(
      fc.property(acts, (all) => {
        const [own = [], ...others] = makeChains(collection, all)
        const pulled = serve(collection, others.flat())
        // The station's pending commands over what it pulled, and the server's over what it has.
        const shown = own.reduce<Merged | null>((doc, made) => merge(collection, doc, made), pulled)
        expect(shown).toEqual(serve(collection, [...others.flat(), ...own]))
      }),
      { numRuns: 300 },
    )
  })

  it('loses nothing that a person wrote, and meets every pair of parts', () => {
    const { fields, facts: sets, unkept } = rulesOf(collection)
    const met = new Map<string, number>()
    fc.assert(
      fc.property(acts, order, (all, choices) => {
        const chains = makeChains(collection, all)
        const result = serve(collection, mix(chains, choices))
        for (const [index, chain] of chains.entries()) {
          for (const made of chain) {
            for (const name of sets) {
              const kept = new Set(factsIn(result ?? {}, name).map(({ id }) => id))
              for (const { id } of factsIn(made.next, name)) expect(kept).toContain(id)
            }
          }
          const last = chain.at(-1)?.next
          if (last === undefined || result === null) continue
          for (const field of fields) {
            const mark = last.marks[field]
            if (mark === undefined || unkept.includes(field)) continue
            const value = fieldIn(last, field)
            const stands = fieldIn(result, field) === value
            const isKept = result.superseded.some(
              (lost) => lost.field === field && lost.at === mark.at && lost.value === value,
            )
            expect(stands || isKept).toBe(true)
          }
          notePairs(chain, chains.slice(index + 1).flat(), met)
        }
      }),
      { numRuns: 900 },
    )
    const names = [...fields, ...sets]
    for (const a of names) {
      for (const b of names.slice(names.indexOf(a))) {
        expect(met.get(pairOf(a, b)) ?? 0, `${a} x ${b}`).toBeGreaterThanOrEqual(50)
      }
    }
  })
})

function pairOf(a: string, b: string): string {
  return [a, b].toSorted().join(' x ')
}

function notePairs(one: readonly Made[], others: readonly Made[], met: Map<string, number>): void {
  for (const a of one.flatMap(({ parts }) => parts)) {
    for (const b of others.flatMap(({ parts }) => parts)) {
      met.set(pairOf(a, b), (met.get(pairOf(a, b)) ?? 0) + 1)
    }
  }
}

describe('concurrent transitions of a visit', () => {
  const PATHS: Record<VisitStatus, readonly VisitStatus[]> = {
    WAITING: [],
    WITH_ASSISTANT: ['WITH_ASSISTANT'],
    WITH_DOCTOR: ['WITH_DOCTOR'],
    DONE: ['WITH_DOCTOR', 'DONE'],
    CANCELED: ['CANCELED'],
    NO_SHOW: ['NO_SHOW'],
  }
  const lawfulFrom = (status: VisitStatus): VisitStatus[] =>
    VisitStatus.options.filter((next) => isLawfulStep(status, next))
  const open = VisitStatus.options.filter((status) => lawfulFrom(status).length > 0)

  function stepped(visit: Visit, id: number, step: Partial<Transition>): Visit {
    const transitions = [...visit.transitions, transitionOf({ id: idOf(id), ...step })]
    return { ...visit, transitions, status: foldVisit(transitions).status }
  }

  function visitIn(status: VisitStatus): Visit {
    const first = visitOf({ transitions: [CHECK_IN] })
    return PATHS[status].reduce(
      (visit, next, index) => stepped(visit, 300 + index, { status: next, at: stampAt(1 + index) }),
      first,
    )
  }

  /** Walks by lawful steps from what the station saw. */
  function walk(base: Visit, station: number, choices: readonly number[]): Visit[] {
    const seen: Visit[] = []
    let visit = base
    for (const [index, choice] of choices.entries()) {
      const next = lawfulFrom(visit.status)
      if (next.length === 0) break
      visit = stepped(visit, 400 + station * 20 + index, {
        status: pick(next, choice),
        at: stampAt(100 + choice * 7 + index * 50 + station, pick(STATIONS, station)),
        by: pick(PEOPLE, station),
        stationId: pick(STATIONS, station),
      })
      seen.push(visit)
    }
    return seen
  }

  it('fold to one lawful status, whichever comes first, and every pair of them is met', () => {
    const met = new Map<string, number>()
    const choices = fc.array(fc.nat(11), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(fc.constantFrom(...open), choices, choices, (from, one, two) => {
        const base = visitIn(from)
        const [a, b] = [walk(base, 1, one), walk(base, 2, two)]
        const [left, right] = [a.at(-1) ?? base, b.at(-1) ?? base]
        const merged = resolve('visits', base, left, right)
        expect(resolve('visits', base, right, left)).toEqual(merged)
        expect(resolve('visits', base, merged, left)).toEqual(merged)
        const { applied, status, overruled } = foldVisit(merged.transitions)
        expect(merged.status).toBe(status)
        expect(applied.length + overruled.length).toBe(merged.transitions.length)
        for (const [index, step] of applied.entries()) {
          const before = applied[index - 1]
          if (before !== undefined) expect(isLawfulStep(before.status, step.status)).toBe(true)
        }
        const [first, second] = [a[0], b[0]].map((visit) => visit?.transitions.at(-1)?.status)
        const pair = `${from}: ${first} x ${second}`
        met.set(pair, (met.get(pair) ?? 0) + 1)
      }),
      { numRuns: 6_000 },
    )
    const pairs = open.flatMap((from) =>
      lawfulFrom(from).flatMap((a) => lawfulFrom(from).map((b) => `${from}: ${a} x ${b}`)),
    )
    expect(pairs.length).toBeGreaterThan(30)
    for (const pair of pairs) expect(met.get(pair) ?? 0, pair).toBeGreaterThanOrEqual(50)
  })
})

describe('concurrent steps of a booking', () => {
  it('who arrived has arrived; else the latest word stands, whichever comes first', () => {
    const step = (id: number, second: number, status: string): Fact & { status: string } => ({
      ...transitionOf({ id: idOf(id), at: stampAt(second) }),
      status,
    })
    for (const a of ['ARRIVED', 'CANCELED', 'NO_SHOW']) {
      for (const b of ['ARRIVED', 'CANCELED', 'NO_SHOW']) {
        const base = appointmentOf()
        const withStep = (made: Fact): typeof base => {
          const steps = [...base.steps, made as (typeof base.steps)[number]]
          return { ...base, steps, status: bookingStatus(steps) }
        }
        const [left, right] = [withStep(step(501, 10, a)), withStep(step(502, 20, b))]
        const merged = resolve('appointments', base, left, right)
        expect(resolve('appointments', base, right, left)).toEqual(merged)
        expect(merged.status).toBe(a === 'ARRIVED' ? a : b)
      }
    }
  })
})

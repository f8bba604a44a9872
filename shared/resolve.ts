import {
  type AnyValue,
  factsIn,
  fieldIn,
  type MergedDocument,
  type MergeFields,
} from './collection-rules.ts'
import { type CollectionName, COLLECTIONS, type Documents } from './collections.ts'
import type { Fact, Mark } from './fields.ts'
import { Stamp } from './stamp.ts'

/** When and by whom a field was last set; a field never changed carries the record's creation. */
export function markOf(document: Pick<MergedDocument, 'created' | 'marks'>, field: string): Mark {
  const mark = document.marks[field]
  return mark ?? { at: document.created.at, by: document.created.by }
}

export function supersededId(field: string, mark: Mark): string {
  return `${field}:${mark.at}`
}

/** A total order on marks, so that every replica picks the same winner. */
function isLater(a: Mark, b: Mark): boolean {
  return a.at === b.at ? a.by > b.by : a.at > b.at
}

interface Sides<D> {
  base: D
  master: D
  fork: D
}

type Loser = MergedDocument['superseded'][number]

interface MergedParts {
  values: Map<string, AnyValue>
  marks: Partial<Record<string, Mark>>
  superseded: Loser[]
  settled: string[]
}

/**
 * Merges field by field, a multi-value register: of all values ever set, those that no author
 * replaced knowingly (as the base of an edit) survive; the latest stamp stands and the others are
 * kept as superseded. A definition by sets, so the order in which commands arrive does not matter.
 * Two people who entered the same leave a superseded value equal to the one that stands: no news,
 * and not shown, but kept, since a third edit may beat both.
 */
function mergeFields(
  { fields, unkept }: Pick<MergeFields<never>, 'fields' | 'unkept'>,
  { base, master, fork }: Sides<MergedDocument>,
): MergedParts {
  const values = new Map<string, AnyValue>()
  const marks: Partial<Record<string, Mark>> = { ...master.marks }
  // The master's alone: a fork adds none by itself, and may still carry some that were since replaced.
  const superseded = new Map(master.superseded.map((loser) => [loser.id, loser]))
  for (const field of fields) {
    const baseMark = markOf(base, field)
    const masterMark = markOf(master, field)
    const forkMark = markOf(fork, field)
    const forkChanged = forkMark.at !== baseMark.at || forkMark.by !== baseMark.by
    if (!forkChanged) {
      values.set(field, fieldIn(master, field))
      continue
    }
    superseded.delete(supersededId(field, baseMark))
    const masterChanged = masterMark.at !== baseMark.at || masterMark.by !== baseMark.by
    const forkWins = !masterChanged || !isLater(masterMark, forkMark)
    values.set(field, fieldIn(forkWins ? fork : master, field))
    marks[field] = forkWins ? forkMark : masterMark
    const concurrent = masterChanged && masterMark.at !== forkMark.at
    if (concurrent && !unkept.includes(field)) {
      const mark = forkWins ? masterMark : forkMark
      const value = fieldIn(forkWins ? master : fork, field)
      const id = supersededId(field, mark)
      // Cast: of a kind that the collection's schema keeps, as the field itself is
      superseded.set(id, { id, field, value, by: mark.by, at: mark.at } as Loser)
    }
  }
  return {
    values,
    marks,
    superseded: [...superseded.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    settled: [...new Set([...master.settled, ...fork.settled])].toSorted(),
  }
}

function unionById(a: readonly Fact[], b: readonly Fact[]): Fact[] {
  const all = new Map([...b, ...a].map((fact) => [fact.id, fact]))
  return [...all.values()].toSorted((x, y) =>
    x.at === y.at ? (x.id < y.id ? -1 : 1) : x.at < y.at ? -1 : 1,
  )
}

function mergeDocuments<D extends MergedDocument>(
  rules: MergeFields<D>,
  base: D | null,
  { master, fork }: Omit<Sides<D>, 'base'>,
): D {
  if (rules.isFrozen(master)) return master
  const facts = rules.facts.map((name): [string, Fact[]] => [
    name,
    unionById(factsIn(master, name), factsIn(fork, name)),
  ])
  const united = { ...master, ...Object.fromEntries(facts) }
  const whole = { ...united, ...rules.derive(united) }
  const sides = { base, master, fork }
  const { values, ...merged } =
    rules.blank === null ? mergeKnown(rules, sides) : mergeBegun(rules, sides, rules.blank)
  return { ...whole, ...Object.fromEntries(values), ...merged }
}

/** Before every stamp there is: when a field of a blank document was set. */
export const NEVER = Stamp.parse('0000000000000-0000-00000000')

type MaybeBegun<D> = Omit<Sides<D>, 'base'> & { base: D | null }

/** Made by one writer alone: seen a second time, its fields are what has become of them. */
function mergeKnown<D extends MergedDocument>(
  rules: MergeFields<D>,
  { base, master, fork }: MaybeBegun<D>,
): MergedParts {
  if (base !== null) return mergeFields(rules, { base, master, fork })
  const { marks, superseded, settled } = master
  return { values: new Map(), marks, superseded, settled }
}

/** Begun at several stations, each of which wrote into a blank: the earliest began it. */
function mergeBegun<D extends MergedDocument>(
  rules: MergeFields<D>,
  { base, master, fork }: MaybeBegun<D>,
  blank: Partial<D>,
): MergedParts & Pick<D, 'created'> {
  const isFirst = isLater(master.created, fork.created)
  const created = isFirst ? fork.created : master.created
  const begun = base ?? { ...fork, ...blank, marks: {}, superseded: [], settled: [] }
  // A field without a mark carries the creation: here that of the blank, before anybody wrote.
  const blankAt = { ...created, at: NEVER }
  const merged = mergeFields(rules, {
    base: { ...begun, created: blankAt },
    master: { ...master, created: blankAt },
    fork: { ...fork, created: blankAt },
  })
  return { ...merged, created }
}

/**
 * Merges three ways, by the rules of the collection (ARCHITECTURE 8). Pure, deterministic, and the
 * same on the station (its pending commands over what was pulled) and on the server.
 *
 * @param base what the writer had seen, or null if the writer made the document
 * @param master what the server has, or null if it has nothing
 * @param fork what the writer made of `base`
 */
export function resolve<C extends CollectionName>(
  collection: C,
  base: Documents[C] | null,
  master: Documents[C] | null,
  fork: Documents[C],
): Documents[C] {
  if (master === null) return fork
  const { merge } = COLLECTIONS[collection]
  if (merge.kind !== 'FIELDS') return master
  // Cast: documents that merge by fields have what a merge needs (`collections.test.ts` looks at each schema)
  type D = Documents[C] & MergedDocument
  return mergeDocuments(merge as MergeFields<D>, base as D | null, {
    master: master as D,
    fork: fork as D,
  })
}

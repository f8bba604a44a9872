import type { CollectionName, Documents } from './collections.ts'
import type { FieldValue, Mark, Superseded } from './fields.ts'
import { type Patient, PatientField } from './patient.ts'
import { type Visit, VisitField } from './visit.ts'
import { foldVisit } from './visit-fold.ts'

interface Marked<F extends string> {
  created: Mark
  marks: Partial<Record<F, Mark>>
  superseded: Superseded[]
  settled: string[]
}

/** When and by whom a field was last set; a field never changed carries the record's creation. */
export function markOf<F extends string>(
  document: Pick<Marked<F>, 'created' | 'marks'>,
  field: F,
): Mark {
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

interface Sides<F extends string> {
  base: Marked<F> & Record<F, FieldValue>
  master: Marked<F> & Record<F, FieldValue>
  fork: Marked<F> & Record<F, FieldValue>
}

interface MergedFields<F extends string> {
  values: Map<F, FieldValue>
  marks: Partial<Record<F, Mark>>
  superseded: Superseded[]
  settled: string[]
}

/**
 * Merges field by field, a multi-value register: of all values ever set, those that no author
 * replaced knowingly (as the base of an edit) survive; the latest stamp stands and the others are
 * kept as superseded. A definition by sets, so the order in which commands arrive does not matter.
 * Two people who entered the same leave a superseded value equal to the one that stands: no news,
 * and not shown, but kept, since a third edit may beat both.
 */
function mergeFields<F extends string>(
  fields: readonly F[],
  kept: (field: F) => boolean,
  { base, master, fork }: Sides<F>,
): MergedFields<F> {
  const values = new Map<F, FieldValue>()
  const marks: Partial<Record<F, Mark>> = { ...master.marks }
  // The master's alone: a fork adds none by itself, and may still carry some that were since replaced.
  const superseded = new Map(master.superseded.map((loser) => [loser.id, loser]))
  for (const field of fields) {
    const baseMark = markOf(base, field)
    const masterMark = markOf(master, field)
    const forkMark = markOf(fork, field)
    const forkChanged = forkMark.at !== baseMark.at || forkMark.by !== baseMark.by
    if (!forkChanged) {
      values.set(field, master[field])
      continue
    }
    superseded.delete(supersededId(field, baseMark))
    const masterChanged = masterMark.at !== baseMark.at || masterMark.by !== baseMark.by
    const forkWins = !masterChanged || !isLater(masterMark, forkMark)
    values.set(field, forkWins ? fork[field] : master[field])
    marks[field] = forkWins ? forkMark : masterMark
    const concurrent = masterChanged && masterMark.at !== forkMark.at
    if (concurrent && kept(field)) {
      const mark = forkWins ? masterMark : forkMark
      const value = forkWins ? master[field] : fork[field]
      const id = supersededId(field, mark)
      superseded.set(id, { id, field, value, by: mark.by, at: mark.at })
    }
  }
  return {
    values,
    marks,
    superseded: [...superseded.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    settled: [...new Set([...master.settled, ...fork.settled])].toSorted(),
  }
}

export function resolvePatient(base: Patient | null, master: Patient, fork: Patient): Patient {
  if (base === null) return master
  const merged = mergeFields(PatientField.options, () => true, { base, master, fork })
  return {
    ...master,
    ...Object.fromEntries(merged.values),
    marks: merged.marks,
    superseded: merged.superseded,
    settled: merged.settled,
  }
}

/** An order key is a place, not something a person wrote: what lost is of no use to anyone. */
const KEPT_VISIT_FIELDS: readonly VisitField[] = ['doctorId', 'type', 'priority', 'mergedInto']

function unionById<T extends { id: string; at: string }>(a: readonly T[], b: readonly T[]): T[] {
  const all = new Map([...b, ...a].map((fact) => [fact.id, fact]))
  return [...all.values()].toSorted((x, y) =>
    x.at === y.at ? (x.id < y.id ? -1 : 1) : x.at < y.at ? -1 : 1,
  )
}

export function resolveVisit(base: Visit | null, master: Visit, fork: Visit): Visit {
  const transitions = unionById(master.transitions, fork.transitions)
  const facts = {
    transitions,
    calls: unionById(master.calls, fork.calls),
    status: foldVisit(transitions).status,
  }
  if (base === null) return { ...master, ...facts }
  const merged = mergeFields(VisitField.options, (field) => KEPT_VISIT_FIELDS.includes(field), {
    base,
    master,
    fork,
  })
  return {
    ...master,
    ...facts,
    ...Object.fromEntries(merged.values),
    marks: merged.marks,
    superseded: merged.superseded,
    settled: merged.settled,
  }
}

/**
 * Merges three ways, with each collection's rules (ARCHITECTURE 8). Pure, deterministic, and the
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
): Documents[C]
export function resolve(
  collection: CollectionName,
  base: Documents[CollectionName] | null,
  master: Documents[CollectionName] | null,
  fork: Documents[CollectionName],
): Documents[CollectionName] {
  if (master === null) return fork
  switch (collection) {
    // Cast: the overload above ties the documents to the collection
    case 'patients':
      return resolvePatient(base as Patient | null, master as Patient, fork as Patient)
    // Cast: as above
    case 'visits':
      return resolveVisit(base as Visit | null, master as Visit, fork as Visit)
    case 'entries':
    case 'clinic':
      // Written once, or by the server alone: what stands, stands.
      return master
  }
}

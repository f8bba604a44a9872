import type { Change } from './change.ts'
import { factsIn, fieldIn, type MergedDocument, type MergeFields } from './collection-rules.ts'
import { COLLECTIONS } from './collections.ts'
import type { Command, Write } from './commands.ts'
import type { Authored, Fact } from './fields.ts'
import { markOf, NEVER } from './resolve.ts'

function isEqual(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

/** The fields that the command set: value or mark differ. Null if a mark is not the command's own. */
function changedFields(
  fields: readonly string[],
  command: Command,
  base: MergedDocument,
  next: MergedDocument,
): string[] | null {
  const changed: string[] = []
  for (const field of fields) {
    const mark = markOf(next, field)
    const sameMark = isEqual(markOf(base, field), mark)
    if (sameMark && isEqual(fieldIn(base, field), fieldIn(next, field))) continue
    if (sameMark || mark.at !== command.at || mark.by !== command.by) return null
    changed.push(field)
  }
  return changed
}

/** Facts of a grow-only set that the command added. Null if it dropped, altered or forged one. */
function addedFacts(
  command: Command,
  base: readonly Fact[],
  next: readonly Fact[],
): readonly Fact[] | null {
  const known = new Map(base.map((fact) => [fact.id, fact]))
  const kept = next.filter((fact) => known.has(fact.id))
  if (kept.length !== known.size || kept.some((fact) => !isEqual(known.get(fact.id), fact))) {
    return null
  }
  const added = next.filter((fact) => !known.has(fact.id))
  return added.every((fact) => isOwn(command, fact)) ? added : null
}

function isOwn(command: Command, made: Authored): boolean {
  return made.at === command.at && made.by === command.by && made.stationId === command.stationId
}

function addedSettled(base: readonly string[], next: readonly string[]): string[] | null {
  if (!base.every((id) => next.includes(id))) return null
  return next.filter((id) => !base.includes(id))
}

/** Whether the parts of a document that no command may change are as they were. */
function keepsRest(base: object, next: object, free: readonly string[]): boolean {
  const strip = (document: object): object =>
    Object.fromEntries(
      Object.entries(document)
        .filter(([key]) => !free.includes(key))
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    )
  return isEqual(strip(base), strip(next))
}

/** Null: the author's own facts and marks are not all that is new. */
function readMerged(
  command: Command,
  rules: MergeFields<unknown>,
  { base, next }: { base: MergedDocument | null; next: MergedDocument },
): Omit<Change, 'base' | 'next'> | null {
  const derived = rules.derive(next) ?? {}
  if (!isEqual(derived, pick(next, Object.keys(derived)))) return null
  const facts: Record<string, readonly Fact[]> = {}
  for (const name of rules.facts) {
    const added = addedFacts(command, base === null ? [] : factsIn(base, name), factsIn(next, name))
    if (added === null) return null
    facts[name] = added
  }
  if (base === null) {
    const isFresh =
      isOwn(command, next.created) && next.superseded.length + next.settled.length === 0
    const fields = isFresh ? firstFields(command, rules, next) : null
    return fields === null ? null : { fields, facts, settled: [] }
  }
  const fields = changedFields(rules.fields, command, base, next)
  const settled = addedSettled(base.settled, next.settled)
  if (fields === null || settled === null) return null
  const free = [...rules.fields, ...rules.facts, ...Object.keys(derived), 'marks', 'settled']
  return keepsRest(base, next, free) ? { fields, facts, settled } : null
}

/** A document that others may begin as well says what it set; one's own alone is all of one hand. */
function firstFields(
  command: Command,
  { blank, fields }: Pick<MergeFields<unknown>, 'blank' | 'fields'>,
  next: MergedDocument,
): string[] | null {
  if (blank === null) return Object.keys(next.marks).length === 0 ? [] : null
  const created = { ...next.created, at: NEVER }
  const begun = { ...next, ...blank, marks: {}, created }
  return changedFields(fields, command, begun, { ...next, created })
}

function pick(document: object, keys: readonly string[]): object {
  return Object.fromEntries(keys.map((key) => [key, Reflect.get(document, key)]))
}

/** @returns null if the write forges, drops or alters what is not its author's to change */
export function readWrite(command: Command, { collection, base, next }: Write): Change | null {
  const { merge } = COLLECTIONS[collection]
  switch (merge.kind) {
    case 'FIELDS': {
      // Casts: documents that merge by fields have what a merge needs
      const sides = { base: base as MergedDocument | null, next: next as MergedDocument }
      const read = readMerged(command, merge, sides)
      return read === null ? null : { base, next, ...read }
    }
    case 'ONCE': {
      const isFresh = base === null && isOwn(command, authorOf(next))
      return isFresh ? { base, next, fields: [], facts: {}, settled: [] } : null
    }
    case 'SERVER':
      return null
  }
}

/** Entries are facts themselves. */
function authorOf(document: Write['next']): Authored {
  return 'created' in document ? document.created : document
}

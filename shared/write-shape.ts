import type { Change, CommandChanges } from './change.ts'
import type { WritableCollection } from './collections.ts'
import type { Command } from './commands.ts'

type Bounds = readonly [min: number, max: number]
export const ONE: Bounds = [1, 1]
export const AT_MOST_ONE: Bounds = [0, 1]
export const SOME: Bounds = [0, 20]

/** What a command may do to documents of one collection. */
interface WriteShape<C extends WritableCollection> {
  count: Bounds
  makes: 'NEW' | 'CHANGE' | 'EITHER'
  /** Fields that it may set, on a document that stands or in a blank. */
  fields?: readonly string[]
  /** Facts that it appends, to a new document as well. */
  facts?: Readonly<Record<string, Bounds>>
  settles?: boolean
  fits?: (change: Change<C>, command: Command, changes: CommandChanges) => boolean
}

export type CommandShape = { readonly [C in WritableCollection]?: WriteShape<C> }

export function isOfShape<C extends WritableCollection>(
  collection: C,
  { command, shape, changes }: { command: Command; shape: CommandShape; changes: CommandChanges },
): boolean {
  const made = changes[collection]
  const allowed: WriteShape<C> | undefined = shape[collection]
  if (allowed === undefined) return made.length === 0
  return (
    isWithin(made.length, allowed.count) &&
    made.every(
      (change) => isAllowed(change, allowed) && (allowed.fits?.(change, command, changes) ?? true),
    )
  )
}

function isAllowed<C extends WritableCollection>(
  { base, fields, facts, settled }: Change<C>,
  allowed: Omit<WriteShape<C>, 'fits'>,
): boolean {
  const counts = Object.entries(facts).map(([name, added]) => [name, added?.length ?? 0] as const)
  const factCount = counts.reduce((sum, [, count]) => sum + count, 0)
  return (
    (allowed.makes === 'EITHER' || (base === null) === (allowed.makes === 'NEW')) &&
    (base === null || fields.length + factCount + settled.length > 0) &&
    fields.every((field) => allowed.fields?.includes(field) === true) &&
    counts.every(([name, count]) => isWithin(count, allowed.facts?.[name] ?? [0, 0])) &&
    settled.length > 0 === (allowed.settles === true)
  )
}

function isWithin(count: number, [min, max]: Bounds): boolean {
  return count >= min && count <= max
}

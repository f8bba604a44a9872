import { factsIn } from '#shared/collection-rules.ts'
import { COLLECTIONS, type WritableCollection } from '#shared/collections.ts'
import type { Command, WriteOf } from '#shared/commands.ts'
import { isEntryOf } from '#shared/entry.ts'
import { Money } from '#shared/money.ts'
import { project, type Viewer } from '#shared/sight.ts'
import type { EnteredField } from '../contract/entered-field.ts'
import { plainAmount } from './entered.ts'

/**
 * What a person had written into a record with a command that was refused, as its words, for them to
 * enter again. The inbox is the desk's too: of others' records it sees what it may see of any.
 */
export function writtenFields(command: Command, viewer: Viewer): EnteredField[] {
  return command.writes.flatMap((write) => {
    // Those have fields with names (`entered.ts`).
    if (write.collection === 'visits') return []
    if (write.collection === 'entries' && isEntryOf(write.next, 'PAYMENT', 'REFUND')) return []
    return wordsOf(command, write, viewer)
  })
}

/** Words of a document that are not merged by field: an order's are said once, like those of an entry. */
const SAID_ONCE: Partial<Record<WritableCollection, readonly string[]>> = {
  entries: ['body'],
  invoices: ['lines', 'total'],
  labResults: ['test', 'instructions'],
}

function wordsOf<C extends WritableCollection>(
  command: Command,
  { collection, base, next }: WriteOf<C>,
  viewer: Viewer,
): EnteredField[] {
  const { merge } = COLLECTIONS[collection]
  const seen = command.by === viewer.userId ? next : project(collection, next, viewer)
  if (seen === null) return []
  const merged = merge.kind === 'FIELDS' ? merge : { fields: [], facts: [] }
  const fields = [...merged.fields, ...(SAID_ONCE[collection] ?? [])]
    // A patient's have names too.
    .filter(
      (name) => collection !== 'patients' && printed(base ?? {}, name) !== printed(seen, name),
    )
    .map((name): unknown => Reflect.get(seen, name))
  // Of a set of facts, those that the command adds: what others had said is for whoever may see it.
  const facts = merged.facts.flatMap((name) => {
    const known = new Set(factsIn(base ?? {}, name).map(({ id }) => id))
    return factsIn(seen, name).filter(({ id }) => !known.has(id))
  })
  return [...fields, ...facts]
    .flatMap(wordsIn)
    .map((value) => ({ field: 'entered', kind: 'TEXT', value }))
}

function printed(document: object, name: string): string | undefined {
  return JSON.stringify(Reflect.get(document, name))
}

/** Not ids, stamps or codes: what a person reads. */
function wordsIn(value: unknown): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value]
  if (Array.isArray(value)) return value.flatMap(wordsIn)
  if (typeof value !== 'object' || value === null) return []
  const money = Money.safeParse(value)
  if (money.success) return [plainAmount(money.data)]
  const words = Object.entries(value)
    .filter(([key]) => !/^(?:id|at|by|kind|severity|stationId|.*Ids?|replaces|retracts)$/.test(key))
    .flatMap(([, part]) => (typeof part === 'number' ? [String(part)] : wordsIn(part)))
  return words.length === 0 ? [] : [words.join(' · ')]
}

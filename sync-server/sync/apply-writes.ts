import type { Change, CommandChanges } from '#shared/change.ts'
import { factsIn, type MergedDocument } from '#shared/collection-rules.ts'
import { COLLECTIONS, type Documents, type WritableCollection } from '#shared/collections.ts'
import type { Command, WriteOf } from '#shared/commands.ts'
import type { ErrorDetails } from '#shared/errors.ts'
import { resolve } from '#shared/resolve.ts'
import { settleNumber, sayNumbers, stationDocument } from './settle-number.ts'
import {
  documentIn,
  keyOf,
  putDocument,
  type ServerDocument,
  type Standing,
  type StepOrigins,
  stepsIn,
  type WorkingSet,
} from './working-set.ts'

/** A document before and after a command, for the audit; `before` null: it is new. */
export interface DocumentChange {
  before: ServerDocument | null
  after: Standing
  /** The number was taken: what the station had written, as it stands on paper. */
  asMade?: ServerDocument['doc']
}

const MAX_FACTS = 200
const MAX_SETTLED = 400

/**
 * Merges an accepted command's writes into the documents as they stand.
 *
 * @returns null, with nothing changed, if a document has grown over what its schema allows
 */
export function applyWrites(
  set: WorkingSet,
  command: Command,
  changes: CommandChanges,
): { changed: DocumentChange[]; details: ErrorDetails } | null {
  const merged = command.writes.map((write) => mergeWrite(set, write, changes[write.collection]))
  if (!merged.every(isWithinLimits)) return null
  const changed: DocumentChange[] = []
  const details: ErrorDetails = {}
  const put = (document: ServerDocument, asMade?: ServerDocument['doc']): void => {
    const before = set.documents.get(keyOf(document.collection, document.doc.id)) ?? null
    const after = putDocument(set, document)
    changed.push({ before, after, ...(asMade === undefined ? {} : { asMade }) })
  }
  for (const document of merged) {
    const settled = settleNumber(set, document, command.stationId === set.stationId)
    if (settled === document) {
      put(originated(set, document))
      continue
    }
    Object.assign(details, sayNumbers(document, settled))
    const station = stationDocument(set)
    if (station !== null) put(station)
    put(originated(set, settled), document.doc)
  }
  return { changed, details }
}

/**
 * A base is what the station believes; only what stands here and what the command itself added may
 * go into the merge. Else a refused, held or invented fact would come in on a later command's back.
 */
function mergeWrite<C extends WritableCollection>(
  set: WorkingSet,
  { collection, id, base, next }: WriteOf<C>,
  changes: readonly Change<C>[],
): ServerDocument {
  const standing = set.documents.get(keyOf(collection, id))
  const master = documentIn(set, collection, id)
  const change = changes.find((made) => made.next.id === id)
  const fork = master === null ? next : forkOver(collection, { master, next }, change)
  // Cast: the collection's own document
  return {
    collection,
    doc: resolve(collection, base, master, fork),
    origins: standing?.origins ?? {},
  } as ServerDocument
}

function forkOver<C extends WritableCollection>(
  collection: C,
  { master, next }: { master: Documents[C]; next: Documents[C] },
  change: Pick<Change<C>, 'facts' | 'settled'> | undefined,
): Documents[C] {
  const { merge } = COLLECTIONS[collection]
  if (merge.kind !== 'FIELDS') return next
  const grown = merge.facts.map((name): [string, unknown] => [
    name,
    [...factsIn(master, name), ...(change?.facts[name] ?? [])],
  ])
  const settled = [...settledIn(master), ...(change?.settled ?? [])]
  return { ...next, ...Object.fromEntries(grown), settled }
}

function settledIn(document: object): readonly string[] {
  // Cast: documents that merge by fields have it
  return (document as MergedDocument).settled
}

function isWithinLimits({ collection, doc }: ServerDocument): boolean {
  const { merge } = COLLECTIONS[collection]
  if (merge.kind !== 'FIELDS') return true
  // Cast: as above
  const { superseded, settled } = doc as unknown as MergedDocument
  return (
    superseded.length <= MAX_FACTS &&
    settled.length <= MAX_SETTLED &&
    merge.facts.every((name) => factsIn(doc, name).length <= MAX_FACTS)
  )
}

/** Steps that are new here are accepted under the number that the document is about to get. */
function originated(set: WorkingSet, document: ServerDocument): ServerDocument {
  const steps = stepsIn(document.collection)
  if (steps === null) return document
  const before = document.origins
  const seq = set.feed.head + 1
  const origins: StepOrigins = Object.fromEntries(
    factsIn(document.doc, steps).map(({ id, stationId }) => [
      id,
      before[id] ?? ([seq, stationId] as const),
    ]),
  )
  return { ...document, origins }
}

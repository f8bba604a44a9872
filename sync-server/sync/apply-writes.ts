import { factsIn, type MergedDocument, numberKey } from '#shared/collection-rules.ts'
import {
  type CollectionName,
  COLLECTIONS,
  type Documents,
  type WritableCollection,
} from '#shared/collections.ts'
import type { Change, CommandChanges } from '#shared/command-shape.ts'
import type { Command, WriteOf } from '#shared/commands.ts'
import type { ErrorDetails } from '#shared/errors.ts'
import { resolve } from '#shared/resolve.ts'
import { stationLetter } from '#shared/ticket.ts'
import {
  documentIn,
  keyOf,
  numberOf,
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
    const said = SAID_AS[document.collection]
    if (said !== undefined) {
      details[said.taken] = printNumber(document)
      details[said.given] = printNumber(settled)
    }
    const station = stationDocument(set)
    if (station !== null) put(station)
    put(originated(set, settled), document.doc)
  }
  return { changed, details }
}

/** How the answer names the number that was taken, and the one given in its place. */
const SAID_AS: Partial<Record<CollectionName, { taken: string; given: string }>> = {
  visits: { taken: 'taken', given: 'ticket' },
  entries: { taken: 'receiptTaken', given: 'receipt' },
  invoices: { taken: 'invoiceTaken', given: 'invoice' },
  appointments: { taken: 'bookingTaken', given: 'booking' },
}

function printNumber(document: ServerDocument): string {
  const given = numberOf(document)
  return given === null ? '' : `${given.letter}-${given.number}`
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

/**
 * I4: a number found taken (a replica that lost its counter, a file put back or copied to a second
 * machine) is given anew under another letter of the station. What carries it is never dropped.
 */
function settleNumber(set: WorkingSet, document: ServerDocument, isOwn: boolean): ServerDocument {
  const { letters } = set
  const number = numberOf(document)
  if (number === null || letters.given === null) return document
  const { id } = document.doc
  const before = set.documents.get(keyOf(document.collection, id))
  const had = before === undefined ? null : numberOf(before)
  // What stands may stand, also of a time when a number could be given twice.
  if (had !== null && numberKey(had) === numberKey(number)) return document
  const given = Array.from({ length: letters.given }, (_, index) => stationLetter(index))
  const isFree = (letter: string): boolean => {
    // A letter that nobody has yet must be free on the day somebody gets it.
    if (!given.includes(letter)) return false
    const holder = set.holderOfNumber.get(numberKey({ ...number, letter }))
    return holder === undefined || holder === id
  }
  if (isFree(number.letter)) return document
  // Given anew before, and its station did not know.
  const isKept = had !== null && numberKey({ ...had, letter: number.letter }) === numberKey(number)
  if (isKept) return withLetter(document, had.letter)
  let letter = letters.own
  if (!isOwn || !isFree(letter)) {
    letter = takeNextLetter(set)
    // An ADMIN may let in what another station made: that one's letter is not this one's.
    if (isOwn) letters.own = letter
  }
  return withLetter(document, letter)
}

function takeNextLetter({ letters }: WorkingSet): string {
  const letter = stationLetter(letters.given ?? 0)
  letters.given = (letters.given ?? 0) + 1
  return letter
}

function withLetter(document: ServerDocument, letter: string): ServerDocument {
  // Cast: the document is its own collection's, and stays so
  const { collection, doc } = document as ServerDocument & { collection: 'visits' }
  return { ...document, doc: COLLECTIONS[collection].withLetter(doc, letter) } as ServerDocument
}

/** The station's own entry in the directory, if its letter is no longer the one there. */
function stationDocument(set: WorkingSet): ServerDocument | null {
  const doc = documentIn(set, 'clinic', `station:${set.stationId}`)
  if (doc?.body.kind !== 'STATION' || doc.body.letter === set.letters.own) return null
  return {
    collection: 'clinic',
    doc: { ...doc, body: { ...doc.body, letter: set.letters.own } },
    origins: {},
  }
}

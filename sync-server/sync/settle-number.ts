import { numberKey } from '#shared/collection-rules.ts'
import { COLLECTIONS } from '#shared/collections.ts'
import type { ErrorDetails } from '#shared/errors.ts'
import { GIVEN_ANEW } from '#shared/given-anew.ts'
import { formatTicket, stationLetter } from '#shared/ticket.ts'
import { documentIn, keyOf, numberOf, type ServerDocument, type WorkingSet } from './working-set.ts'

/**
 * I4: a number found taken (a replica that lost its counter, a file put back or copied to a second
 * machine) is given anew under another letter of the station. What carries it is never dropped.
 */
export function settleNumber(
  set: WorkingSet,
  document: ServerDocument,
  isOwn: boolean,
): ServerDocument {
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

/** One that nobody had; `letters.given` must have been read. */
export function takeNextLetter({ letters }: WorkingSet): string {
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
export function stationDocument(set: WorkingSet): ServerDocument | null {
  const doc = documentIn(set, 'clinic', `station:${set.stationId}`)
  if (doc?.body.kind !== 'STATION' || doc.body.letter === set.letters.own) return null
  return {
    collection: 'clinic',
    doc: { ...doc, body: { ...doc.body, letter: set.letters.own } },
    origins: {},
  }
}

/** For the station's people, who have given the first one to somebody on paper. */
export function sayNumbers(asMade: ServerDocument, settled: ServerDocument): ErrorDetails {
  const said = GIVEN_ANEW[settled.collection]
  if (said === undefined) return {}
  return { [said.taken]: printNumber(asMade), [said.given]: printNumber(settled) }
}

function printNumber(document: ServerDocument): string {
  const given = numberOf(document)
  return given === null ? '' : formatTicket(given, true)
}

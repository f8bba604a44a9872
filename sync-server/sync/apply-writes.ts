import type { CommandChanges } from '#shared/command-shape.ts'
import type { Command, Write } from '#shared/commands.ts'
import type { ErrorDetails } from '#shared/errors.ts'
import type { Patient } from '#shared/patient.ts'
import { resolve } from '#shared/resolve.ts'
import { formatTicket, stationLetter } from '#shared/ticket.ts'
import type { Visit } from '#shared/visit.ts'
import {
  clinicDocIn,
  keyOf,
  patientIn,
  putDocument,
  type ServerDocument,
  type Standing,
  ticketKey,
  visitIn,
  type WorkingSet,
} from './working-set.ts'

/** A document before and after a command, for the audit; `before` null: it is new. */
export interface DocumentChange {
  before: ServerDocument | null
  after: Standing
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
  const merged = command.writes.map((write) => mergeWrite(set, write, changes))
  if (!merged.every(isWithinLimits)) return null
  const changed: DocumentChange[] = []
  const details: ErrorDetails = {}
  const put = (document: ServerDocument): void => {
    const before = set.documents.get(keyOf(document.collection, document.doc.id)) ?? null
    changed.push({ before, after: putDocument(set, document) })
  }
  for (const document of merged) {
    if (document.collection !== 'visits') {
      put(document)
      continue
    }
    const doc = settleTicket(set, document.doc, command.stationId === set.stationId)
    if (doc !== document.doc) {
      details['taken'] = formatTicket(document.doc.ticket, true)
      details['ticket'] = formatTicket(doc.ticket, true)
      const station = stationDocument(set)
      if (station !== null) put(station)
    }
    put({ ...document, doc, origins: originsAfter(set, doc) })
  }
  return { changed, details }
}

/**
 * A base is what the station believes; only what stands here and what the command itself added may
 * go into the merge. Else a refused, held or invented fact would come in on a later command's back.
 */
function mergeWrite(set: WorkingSet, write: Write, changes: CommandChanges): ServerDocument {
  switch (write.collection) {
    case 'patients': {
      const master = patientIn(set, write.id)
      const added = changes.patients.find(({ next }) => next.id === write.id)?.settled ?? []
      const fork: Patient =
        master === null ? write.next : { ...write.next, settled: [...master.settled, ...added] }
      return { collection: 'patients', doc: resolve('patients', write.base, master, fork) }
    }
    case 'visits': {
      const standing = visitIn(set, write.id)
      if (standing === null) return { collection: 'visits', doc: write.next, origins: {} }
      const { doc: master, origins } = standing
      const change = changes.visits.find(({ next }) => next.id === write.id)
      const fork: Visit = {
        ...write.next,
        transitions: [...master.transitions, ...(change?.transitions ?? [])],
        calls: [...master.calls, ...(change?.calls ?? [])],
        settled: [...master.settled, ...(change?.settled ?? [])],
      }
      return { collection: 'visits', doc: resolve('visits', write.base, master, fork), origins }
    }
    case 'entries':
      return { collection: 'entries', doc: write.next }
  }
}

function isWithinLimits(document: ServerDocument): boolean {
  if (document.collection === 'clinic' || document.collection === 'entries') return true
  const { superseded, settled } = document.doc
  if (superseded.length > MAX_FACTS || settled.length > MAX_SETTLED) return false
  if (document.collection === 'patients') return true
  const { transitions, calls } = document.doc
  return transitions.length <= MAX_FACTS && calls.length <= MAX_FACTS
}

/** Steps that are new here are accepted under the number that the document is about to get. */
function originsAfter(set: WorkingSet, visit: Visit): Record<string, readonly [number, string]> {
  const before = visitIn(set, visit.id)?.origins ?? {}
  const seq = set.feed.head + 1
  return Object.fromEntries(
    visit.transitions.map((step) => [step.id, before[step.id] ?? [seq, step.stationId]]),
  )
}

/**
 * I4: a number found taken (a replica that lost its counter, a profile copied to a second machine)
 * is given anew under another letter of the station. The patient's visit is never dropped.
 */
function settleTicket(set: WorkingSet, visit: Visit, isOwn: boolean): Visit {
  const { letters } = set
  if (letters.given === null) return visit
  const given = Array.from({ length: letters.given }, (_, index) => stationLetter(index))
  const isFree = (letter: string): boolean => {
    // A letter that nobody has yet must be free on the day somebody gets it.
    if (!given.includes(letter)) return false
    const holder = set.visitOfTicket.get(
      ticketKey({ queueDay: visit.queueDay, ticket: { ...visit.ticket, letter } }),
    )
    return holder === undefined || holder === visit.id
  }
  if (isFree(visit.ticket.letter)) return visit
  let letter = letters.own
  if (!isOwn || !isFree(letter)) {
    letter = stationLetter(letters.given)
    letters.given += 1
    // An ADMIN may let in a visit of another station: that one's letter is not this one's.
    if (isOwn) letters.own = letter
  }
  return { ...visit, ticket: { ...visit.ticket, letter } }
}

/** The station's own entry in the directory, if its letter is no longer the one there. */
function stationDocument(set: WorkingSet): ServerDocument | null {
  const doc = clinicDocIn(set, `station:${set.stationId}`)
  if (doc?.body.kind !== 'STATION' || doc.body.letter === set.letters.own) return null
  return {
    collection: 'clinic',
    doc: { ...doc, body: { ...doc.body, letter: set.letters.own } },
  }
}

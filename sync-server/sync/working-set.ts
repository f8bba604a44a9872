import type { Settings } from '#shared/clinic.ts'
import { type GivenNumber, numberKey } from '#shared/collection-rules.ts'
import { type CollectionName, COLLECTIONS, type Documents } from '#shared/collections.ts'
import type { Command } from '#shared/commands.ts'
import { AppError, type ErrorCode } from '#shared/errors.ts'
import type { CalendarDate } from '#shared/fields.ts'
import type { ClinicId, CommandId, StationId, UserId } from '#shared/ids.ts'
import type { Verdict } from '#shared/protocol.ts'
import type { Role } from '#shared/roles.ts'
import type { SubscriptionSince } from '../subscriptions/subscription-history.ts'
import type { Feed, NumberedDocument, RulesSince } from './feed.ts'
import type { LostHistory } from './lost-history.ts'

/** Step -> the feed number it was accepted under, and whose station made it. */
export type StepOrigins = Readonly<Record<string, readonly [number, string]>>

/** `origins` is empty where no steps are judged by. */
export type ServerDocument = {
  [C in CollectionName]: { collection: C; doc: Documents[C]; origins: StepOrigins }
}[CollectionName]

/** A document with its feed number. `text`: its JSON, where it was printed already. */
export type Standing = ServerDocument & { seq: number; text: string | null }

export interface MembershipSince {
  seq: number
  roles: Role[]
  active: boolean
  /** Milliseconds since the Unix epoch. */
  at: number
}

/** A command that was judged before. `command` while it is HELD. */
export interface AnsweredCommand {
  stationId: StationId
  verdict: Verdict
  code: ErrorCode | null
  answer: string
  seen: number
  command: Command | null
  admittedBy: UserId | null
}

/**
 * The documents that HELD commands write, kept both ways: an import that is held writes hundreds, and
 * each command behind it asks.
 */
export interface HeldCommands {
  readonly touchesOf: Map<CommandId, readonly string[]>
  /** Document -> the commands, with their numbers at their station. */
  readonly writersOf: Map<string, Map<CommandId, number>>
}

/** All that a push may touch or ask for, as it stood when the clinic's feed was locked. */
export interface WorkingSet {
  readonly clinicId: ClinicId
  readonly stationId: StationId
  readonly feed: Feed
  readonly documents: Map<string, Standing>
  /** Keys that were looked up and had no row, not even a tombstone. */
  readonly absent: ReadonlySet<string>
  /** Keys of what the push has changed, in the order of the last change. */
  readonly changed: Set<string>
  readonly visitsOfPatient: Map<string, Set<string>>
  readonly entriesOfVisit: Map<string, Set<string>>
  readonly invoicesOfVisit: Map<string, Set<string>>
  /** Number (`numberKey`) -> the document that has it. */
  readonly holderOfNumber: Map<string, string>
  /** Ascending by feed number, as are the histories below. */
  readonly rules: readonly RulesSince[]
  readonly memberships: ReadonlyMap<string, readonly MembershipSince[]>
  readonly subscriptions: readonly SubscriptionSince[]
  /** In whose place this station goes on: the same installation, whose earlier work it knows as its own. */
  readonly former: ReadonlySet<string>
  /** Who signed in at this station -> the feed's head when they first did. */
  readonly sessions: ReadonlyMap<string, number>
  /** Of the station, whatever it says of itself. `lastCommand` grows with the push. */
  readonly known: { enrolledSeq: number; lastCommand: number; lastAck: number }
  /** Ascending by `commandSeq`, and so by `feedSeq`. */
  readonly acks: readonly { commandSeq: number; feedSeq: number }[]
  readonly answered: Map<CommandId, AnsweredCommand>
  /** HELD commands of this station, and of those it was before. */
  readonly held: HeldCommands
  /** What a restore lost and stations may still send; null: nothing. */
  readonly lost: LostHistory | null
  /** The station's letter, and how many the clinic gave out; null: no number here can be taken. */
  readonly letters: { own: string; given: number | null }
}

export function keyOf(collection: CollectionName, id: string): string {
  return `${collection}:${id}`
}

export function documentIn<C extends CollectionName>(
  set: WorkingSet,
  collection: C,
  id: string,
): Documents[C] | null {
  const found = set.documents.get(keyOf(collection, id))
  // Cast: it lies under the key of its collection
  return found === undefined ? null : (found.doc as Documents[C])
}

/** @throws AppError NOT_FOUND: a clinic without settings serves nobody */
export function settingsIn(set: WorkingSet): Settings {
  const body = documentIn(set, 'clinic', 'settings')?.body
  if (body?.kind !== 'SETTINGS') throw new AppError('NOT_FOUND')
  return body
}

/** The number that a document carries; null: none. */
export function numberOf(document: Pick<ServerDocument, 'collection' | 'doc'>): GivenNumber | null {
  // Cast: the document is its own collection's
  const { collection, doc } = document as { collection: 'visits'; doc: Documents['visits'] }
  return COLLECTIONS[collection].numbers(doc)[0] ?? null
}

/** Puts a document that was read from the database into the set. */
export function addStanding(set: WorkingSet, standing: Standing): void {
  const { collection, doc } = standing
  set.documents.set(keyOf(collection, doc.id), standing)
  const given = numberOf(standing)
  if (given !== null) set.holderOfNumber.set(numberKey(given), doc.id)
  if (collection === 'visits') {
    addTo(set.visitsOfPatient, doc.patientId, doc.id)
  } else if (collection === 'entries') {
    if (doc.visitId !== null) addTo(set.entriesOfVisit, doc.visitId, doc.id)
  } else if (collection === 'invoices') {
    addTo(set.invoicesOfVisit, doc.visitId, doc.id)
  }
}

export function addHeld(
  { touchesOf, writersOf }: HeldCommands,
  held: { commandId: CommandId; stationSeq: number; touches: readonly string[] },
): void {
  const { commandId, stationSeq, touches } = held
  touchesOf.set(commandId, touches)
  for (const key of touches) {
    const writers = writersOf.get(key)
    if (writers === undefined) writersOf.set(key, new Map([[commandId, stationSeq]]))
    else writers.set(commandId, stationSeq)
  }
}

export function removeHeld({ touchesOf, writersOf }: HeldCommands, commandId: CommandId): void {
  for (const key of touchesOf.get(commandId) ?? []) writersOf.get(key)?.delete(commandId)
  touchesOf.delete(commandId)
}

function addTo(index: Map<string, Set<string>>, key: string, id: string): void {
  const known = index.get(key)
  if (known === undefined) index.set(key, new Set([id]))
  else known.add(id)
}

/** Gives a changed document the clinic's next feed number. */
export function putDocument(set: WorkingSet, document: ServerDocument): Standing {
  set.feed.head += 1
  const standing = { ...document, seq: set.feed.head, text: JSON.stringify(document.doc) }
  addStanding(set, standing)
  set.changed.add(keyOf(document.collection, document.doc.id))
  return standing
}

/** The last state of each document that the push changed. */
export function changedDocuments(set: WorkingSet): NumberedDocument[] {
  return standingChanged(set).map(({ collection, seq, text, doc, origins }) => {
    const meta = stepsIn(collection) === null ? null : JSON.stringify(origins)
    return { collection, id: doc.id, seq, doc: text ?? JSON.stringify(doc), meta }
  })
}

export function standingChanged(set: WorkingSet): Standing[] {
  return [...set.changed].flatMap((key) => set.documents.get(key) ?? [])
}

export function visitsOn(set: WorkingSet, patientId: string, queueDay: CalendarDate): string[] {
  return [...(set.visitsOfPatient.get(patientId) ?? [])].filter(
    (id) => documentIn(set, 'visits', id)?.queueDay === queueDay,
  )
}

/** The set of facts whose order of acceptance is kept, if the collection has one. */
export function stepsIn(collection: CollectionName): string | null {
  const { merge } = COLLECTIONS[collection]
  return merge.kind === 'FIELDS' ? merge.steps : null
}

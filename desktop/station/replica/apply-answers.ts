import { factsIn, type MergedDocument, type Reference } from '#shared/collection-rules.ts'
import {
  type CollectionName,
  CollectionName as AnyCollection,
  COLLECTIONS,
  type Documents,
  WritableCollection,
} from '#shared/collections.ts'
import {
  type Command,
  type CommandName,
  patientIn,
  referencesIn,
  type Write,
} from '#shared/commands.ts'
import { isErased } from '#shared/erased.ts'
import type { ErrorCode, ErrorDetails } from '#shared/errors.ts'
import type { EntryKind } from '#shared/entry.ts'
import type { Entitlement } from '#shared/entitlement.ts'
import { CommandId, makeUuidv7, type StationId } from '#shared/ids.ts'
import { formatStamp, MAX_AHEAD_MS, type Stamp } from '#shared/stamp.ts'
import type { Checkpoint, CommandResult, FeedDocument, StationContact } from '#shared/protocol.ts'
import type { StoreTx } from '../storage/store-tx.ts'
import {
  receiveStamp,
  rememberTime,
  type ReplicaCore,
  takeLetter,
  touching,
} from './replica-core.ts'
import {
  type MasterDocument,
  putDocuments,
  raiseCounters,
  replayPending,
} from './write-documents.ts'

export interface PulledPage {
  readonly documents: readonly FeedDocument[]
  /** Null: it is not whole yet, and what of it is here says nothing of how far this station is. */
  readonly checkpoint: Checkpoint | null
  /** Below which number everything is still to come; null: nothing more than was. */
  readonly historyFrom: number | null
  readonly upToDate: boolean
  /** Null: the same statement as before. */
  readonly entitlement: { readonly jws: string; readonly stated: Entitlement } | null
  readonly contacts: readonly StationContact[]
}

/** Applies a page of the feed and its checkpoint in one transaction: both are there, or neither. */
export function applyPage(core: ReplicaCore, page: PulledPage): void {
  const { file } = core
  // After each page of a first sync, merging the index anew would be half the work.
  if (!page.upToDate) file.store.gatherSearch()
  const changed = file.repeatableTransaction((tx) => {
    const collections = applyDocuments(core, tx, { masters: readFeed(core, page.documents) })
    const reseeding = file.meta.get('reseeding') ?? false
    if (reseeding) noteReseeded(core, page.documents)
    if (reseeding && page.upToDate) for (const name of sweepOld(core, tx)) collections.add(name)
    if (page.checkpoint !== null) file.meta.set('checkpoint', page.checkpoint)
    if (page.historyFrom !== null) {
      file.meta.set('history', { from: page.historyFrom, before: page.historyFrom })
    }
    file.meta.set('lastContact', core.clock.now())
    file.meta.set('contacts', [...page.contacts])
    if (page.entitlement !== null) renewEntitlement(core, page.entitlement)
    lowerStamp(core)
    rememberTime(core)
    return collections
  })
  // A sweep may have listed something for the inbox.
  if (changed.size > 0) core.tell(touching(changed, file.meta.get('damage') !== null))
}

/**
 * Applies a part of what a new desk has not got yet, and how far it is by then. Only what is not here in
 * any form: all that is here came later, and the server had it in no later state when this was read.
 *
 * @param before the feed number below which everything is still to come; 0: that was all
 */
export function applyHistory(
  core: ReplicaCore,
  documents: readonly FeedDocument[],
  before: number,
): void {
  const { file } = core
  file.store.gatherSearch()
  const changed = file.repeatableTransaction((tx) => {
    const missing = documents.filter(({ collection, id }) => !file.rows.knows(collection, id))
    const history = file.meta.get('history')
    if (before === 0) file.meta.remove('history')
    else if (history !== null) file.meta.set('history', { ...history, before })
    return applyDocuments(core, tx, { masters: readFeed(core, missing), areNew: true })
  })
  if (changed.size > 0) core.tell(touching(changed, false))
}

/** Applies the server's answers to a push, command by command, in one transaction. */
export function applyResults(core: ReplicaCore, results: readonly CommandResult[]): void {
  const { file } = core
  const changed = file.repeatableTransaction((tx) => {
    const forgotten = results.flatMap(({ commandId, verdict }) => {
      const command = verdict === 'REJECTED' ? file.outbox.find(commandId) : null
      return command === null ? [] : erasedIn(core, command)
    })
    const documents = new Map<string, FeedDocument>()
    for (const result of results) {
      for (const document of [...settleCommand(core, result), ...result.documents]) {
        const key = `${document.collection}/${document.id}`
        const earlier = documents.get(key)
        // A replayed answer may carry what stood when it was first given; and what stood before the
        // first of several refused writes stands after them all.
        if (earlier === undefined || earlier.seq < document.seq) documents.set(key, document)
      }
    }
    const collections = applyDocuments(core, tx, {
      masters: readFeed(core, [...documents.values()]),
    })
    for (const id of forgotten) forgetPatient(core, id)
    file.meta.set('lastContact', core.clock.now())
    lowerStamp(core)
    rememberTime(core)
    return collections
  })
  core.tell(touching(changed, true))
}

/** The feed number of what the server did not name: anything that it did name goes before it. */
const UNNAMED = -1

/**
 * @returns what stands where the answer to a refused command does not say so: the server refuses a bad
 *   signature, or data it cannot keep, without a look at the documents
 */
function settleCommand(core: ReplicaCore, result: CommandResult): FeedDocument[] {
  const { commandId, verdict, code, details } = result
  const { outbox } = core.file
  const command = outbox.find(commandId)
  if (command === null) return []
  switch (verdict) {
    case 'ACCEPTED':
      core.file.givenAnew.note(command, details, core.clock.now())
      outbox.accept(commandId, core.clock.now())
      return []
    case 'HELD':
      outbox.hold(commandId, { by: 'SERVER', code: code ?? 'INTERNAL', details })
      return []
    case 'REJECTED': {
      // What is written about one who was erased is not kept for anybody to enter again.
      if (erasedIn(core, command).length === 0) {
        outbox.reject({ command, code: code ?? 'INTERNAL', details, answeredAt: core.clock.now() })
      }
      const stands = command.writes.map(({ collection, id }) => ({
        collection,
        id,
        seq: UNNAMED,
        doc: outbox.master(collection, id),
      }))
      outbox.remove(commandId)
      return stands
    }
  }
}

/** Patients that a command is about and that were erased. */
function erasedIn({ file }: ReplicaCore, { writes }: Command): string[] {
  return writes.flatMap((write) => {
    const patientId = patientIn(write)
    const patient = patientId === null ? null : file.rows.byId('patients', patientId)
    return patient !== null && isErased(patient) ? patient.id : []
  })
}

/** Keeps commands back by this station's own decision, so that those behind them can go. */
export function holdCommands(
  core: ReplicaCore,
  held: readonly { commandId: string; code: ErrorCode; details: ErrorDetails }[],
): void {
  core.file.store.transaction(() => {
    for (const { commandId, code, details } of held) {
      core.file.outbox.hold(commandId, { by: 'STATION', code, details })
    }
  })
  core.tell(touching([], true))
}

/**
 * The server no longer serves this station's checkpoint. The pull begins anew, and what it does not
 * name by its end is gone from the clinic; until then the desk keeps what it has, and its outbox always.
 * A server restored from a backup has lost what it accepted since: that is sent once more, before the
 * pull, whose pages then go over whatever an answer of long ago says.
 */
export function beginReseed(core: ReplicaCore): void {
  const { store, outbox } = core.file
  store.transaction(() => {
    outbox.requeueAccepted()
    beginAnew(core)
  })
  core.tell(touching([], true))
}

/** This replica differs from the server's word: the same, but the server has lost nothing. */
export function beginMend(core: ReplicaCore): void {
  core.file.store.transaction(() => beginAnew(core))
}

function beginAnew({ file: { db, meta } }: ReplicaCore): void {
  db.exec('DELETE FROM reseeded')
  meta.set('reseeding', true)
  meta.remove('checkpoint')
  meta.remove('history')
}

/**
 * The door for documents: their collection is known, and they are this clinic's. Their fields are
 * trusted to the protocol's version; the server has checked each against the same schemas.
 */
function readFeed(core: ReplicaCore, documents: readonly FeedDocument[]): MasterDocument[] {
  const { clinicId } = core.identity
  return documents.map(({ collection, id, seq, doc }) => {
    if (doc === null || doc === undefined) {
      core.removedAt = Math.max(core.removedAt, seq)
      return { collection, id, doc: null }
    }
    const isOurs =
      typeof doc === 'object' &&
      Reflect.get(doc, 'clinicId') === clinicId &&
      Reflect.get(doc, 'id') === id
    if (!isOurs) throw new TypeError(`a document of ${collection} is not this clinic's`)
    // Cast: see above
    return { collection, id, doc: doc as Documents[CollectionName] }
  })
}

function applyDocuments(
  core: ReplicaCore,
  tx: StoreTx,
  { masters, areNew = false }: { masters: readonly MasterDocument[]; areNew?: boolean },
): Set<CollectionName> {
  const changed = new Set<CollectionName>()
  const forgotten: string[] = []
  // A first sync asks this once a page, not once a document.
  const { queued, held } = core.file.outbox.count()
  const isPending = queued + held > 0
  for (const collection of AnyCollection.options) {
    const documents = new Map<string, Documents[CollectionName] | null>()
    for (const master of masters) {
      if (master.collection !== collection) continue
      if (isErasedPatient(master)) forgotten.push(master.id)
      for (const stamp of stampsOf(master)) receiveStamp(core, stamp)
      noteLetter(core, master)
      raiseCounters(core.file, core.letter, master)
      documents.set(master.id, isPending ? standOn(core, master) : master.doc)
    }
    if (putDocuments(core.file, tx, { collection, documents, areNew })) changed.add(collection)
  }
  for (const id of forgotten) forgetPatient(core, id)
  return changed
}

/** By the law's word nothing that was said of them may be left here either, beside the documents themselves. */
function forgetPatient({ file }: ReplicaCore, id: string): void {
  file.outbox.forget(id)
  file.rows.dropRemoved(id)
}

function isErasedPatient({ collection, doc }: MasterDocument): boolean {
  return collection === 'patients' && doc !== null && 'marks' in doc && isErased(doc)
}

/** The server gave this station another letter: a number of it was found taken, or it had asked. */
function noteLetter(core: ReplicaCore, { doc }: MasterDocument): void {
  if (doc === null || !('body' in doc) || doc.body.kind !== 'STATION') return
  const { stationId, letter } = doc.body
  if (stationId === core.identity.stationId && letter !== core.letter) takeLetter(core, letter)
}

/** What stands here; while anything is pending on it, the server's word is kept for a refusal. */
function standOn({ file }: ReplicaCore, master: MasterDocument): MasterDocument['doc'] {
  const { collection, id, doc } = master
  if (file.outbox.pending(collection, id) === 'NONE') return doc
  file.outbox.noteMaster(collection, id, doc)
  return replayPending(file.outbox, master)
}

/** The stamps that a later command of this station must come after. */
function stampsOf({ collection, doc }: MasterDocument): Stamp[] {
  const { merge } = COLLECTIONS[collection]
  if (doc === null || merge.kind === 'SERVER') return []
  if (merge.kind === 'ONCE') return 'at' in doc ? [doc.at] : []
  // Cast: documents that merge by fields have what a merge needs
  const { created, marks } = doc as unknown as MergedDocument
  const facts = merge.facts.flatMap((name) => factsIn(doc, name))
  return [
    created.at,
    ...Object.values(marks).flatMap((mark) => (mark === undefined ? [] : [mark.at])),
    ...facts.map(({ at }) => at),
  ]
}

function noteReseeded({ file }: ReplicaCore, documents: readonly FeedDocument[]): void {
  const note = file.db.prepare<[string, string]>(
    'INSERT OR IGNORE INTO reseeded (collection, id) VALUES (?, ?)',
  )
  for (const { collection, id, doc } of documents) if (doc !== null) note.run(collection, id)
}

/**
 * Removes what the new pull has not named, except what only this station knows of yet: what it has still
 * to send, and what that stands on. A restored server may wait for the latter too, and people must see
 * whom they are at work on.
 */
function sweepOld(core: ReplicaCore, tx: StoreTx): CollectionName[] {
  const { file } = core
  const isNamed = file.db
    .prepare<[string, string], number>('SELECT 1 FROM reseeded WHERE collection = ? AND id = ?')
    .pluck()
  const isPartial = file.meta.get('isPartial') !== null
  // Of a damaged file all is listed that is not there: it could not be listed later.
  const needed = isPartial ? new Set<string>() : neededByPending(core)
  let listed = 0
  const changed = AnyCollection.options.filter((collection) => {
    const gone = file.rows
      .ids(collection)
      .filter((id) => isNamed.get(collection, id) === undefined)
      .filter((id) => file.outbox.pending(collection, id) === 'NONE')
      .filter((id) => !needed.has(`${collection}/${id}`))
    // Of a damaged file: what was made here and never sent, and whose command could not be read.
    if (isPartial) listed += listOrphans(core, collection, gone)
    return putDocuments(file, tx, { collection, documents: new Map(gone.map((id) => [id, null])) })
  })
  if (listed > 0) tellListed(core, listed)
  file.meta.remove('isPartial')
  file.meta.remove('reseeding')
  file.db.exec('DELETE FROM reseeded')
  return changed
}

/** What pending commands name without writing it, and what that names: of a payment the visit, and its patient. */
function neededByPending({ file }: ReplicaCore): Set<string> {
  const needed = new Set<string>()
  const need = ({ collection, id }: Reference): void => {
    const key = `${collection}/${id}`
    if (needed.has(key)) return
    needed.add(key)
    const document = file.rows.byId(collection, id)
    if (document !== null) for (const named of refersIn(collection, document)) need(named)
  }
  for (const { command } of file.outbox.rows()) {
    for (const write of command.writes) for (const named of referencesIn(write)) need(named)
  }
  return needed
}

function refersIn<C extends CollectionName>(
  collection: C,
  document: Documents[C],
): readonly Reference[] {
  return COLLECTIONS[collection].refers(document)
}

/** People may have read of the damage, and put it away, before it was known that this is missing. */
function tellListed({ file: { meta }, clock }: ReplicaCore, listed: number): void {
  const told = meta.get('damage')
  meta.set('damage', {
    at: told?.at ?? clock.now(),
    kind: 'REPLACED',
    kept: told?.kept ?? 0,
    listed: (told?.listed ?? 0) + listed,
    whole: false,
  })
}

/** By which command each kind of document is first made; a person is told its name. */
const MADE_BY: Record<Exclude<WritableCollection, 'entries'>, CommandName> = {
  patients: 'registerPatient',
  visits: 'checkIn',
  appointments: 'bookAppointment',
  encounters: 'writeNotes',
  prescriptions: 'draftPrescription',
  invoices: 'issueInvoice',
  labResults: 'orderLab',
  inventory: 'saveStockItem',
}
const MADE_BY_ENTRY: Record<EntryKind, CommandName> = {
  PAYMENT: 'takePayment',
  REFUND: 'refund',
  WAIVER: 'waiveFee',
  INVOICE_VOID: 'voidInvoice',
  ADDENDUM: 'appendAddendum',
  STOCK_MOVEMENT: 'moveStock',
  DRAWER_SHIFT: 'countDrawer',
  CONSENT: 'recordConsent',
  RECORD_OPENED: 'openRecord',
}

function madeBy({ collection, next }: Write): CommandName {
  return collection === 'entries' ? MADE_BY_ENTRY[next.body.kind] : MADE_BY[collection]
}

/**
 * For a person to enter again, as if the server had refused them.
 *
 * @returns how many
 */
function listOrphans(
  core: ReplicaCore,
  collection: CollectionName,
  ids: readonly string[],
): number {
  const written = WritableCollection.safeParse(collection).data
  if (written === undefined) return 0
  const { file, identity, clock } = core
  const own = new Set<StationId>([
    identity.stationId,
    ...(file.meta.get('formerly') ?? []).map(({ stationId }) => stationId),
  ])
  let listed = 0
  for (const id of ids) {
    const next = file.rows.byId(written, id)
    const made = next === null || !('created' in next) ? next : next.created
    if (next === null || made === null || !own.has(made.stationId)) continue
    // Cast: the collection and the document belong together
    const write = { collection: written, id, base: null, next } as Write
    const random = crypto.getRandomValues(new Uint8Array(10))
    file.outbox.reject({
      command: {
        commandId: CommandId.parse(makeUuidv7(clock.now(), random)),
        stationId: identity.stationId,
        seq: 1,
        name: madeBy(write),
        by: made.by,
        at: made.at,
        seen: 0,
        writes: [write],
        decision: null,
      },
      code: 'DAMAGED',
      details: {},
      answeredAt: clock.now(),
    })
    listed += 1
  }
  return listed
}

/**
 * A newer statement of the server is also its word on what time it is: a clock that once ran far
 * ahead must not end a subscription for good.
 */
function renewEntitlement(
  core: ReplicaCore,
  { jws, stated }: { jws: string; stated: Entitlement },
): void {
  core.entitlement = stated
  core.file.meta.set('entitlement', jws)
  core.latestTime = Date.parse(stated.issuedAt)
}

/**
 * Once the server has judged all that was made here, no stamp of this station is out there but clamped:
 * its own may come back too. At once, or whoever is checked in after the clock was put right is still a
 * patient of tomorrow; what the server holds may be held for days, and must not put that off.
 */
function lowerStamp(core: ReplicaCore): void {
  if (core.lastStamp === null || core.file.outbox.count().unheard > 0) return
  const ceiling = formatStamp(core.clock.now() + MAX_AHEAD_MS, 0xffff, core.node)
  if (core.lastStamp > ceiling) core.lastStamp = ceiling
}

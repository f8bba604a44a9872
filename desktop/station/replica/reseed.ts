import type { Reference } from '#shared/collection-rules.ts'
import {
  type CollectionName,
  CollectionName as AnyCollection,
  COLLECTIONS,
  type Documents,
} from '#shared/collections.ts'
import { referencesIn } from '#shared/commands.ts'
import type { FeedDocument } from '#shared/protocol.ts'
import type { StoreTx } from '../storage/store-tx.ts'
import { listOrphans, tellListed } from './orphans.ts'
import { type ReplicaCore, touching } from './replica-core.ts'
import { putDocuments } from './write-documents.ts'

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

export function noteReseeded({ file }: ReplicaCore, documents: readonly FeedDocument[]): void {
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
export function sweepOld(core: ReplicaCore, tx: StoreTx): CollectionName[] {
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

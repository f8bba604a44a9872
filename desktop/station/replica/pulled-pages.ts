import type { Entitlement } from '#shared/entitlement.ts'
import type { Checkpoint, FeedDocument, StationContact } from '#shared/protocol.ts'
import { applyDocuments, readFeed } from './master-documents.ts'
import { lowerStamp, rememberTime, type ReplicaCore, touching } from './replica-core.ts'
import { noteReseeded, sweepOld } from './reseed.ts'

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

import type { Settings } from '#shared/clinic.ts'
import type { Command } from '#shared/commands.ts'
import { factsIn } from '#shared/collection-rules.ts'
import { COLLECTIONS, type Documents } from '#shared/collections.ts'
import type { Author, JudgeContext, SteppedCollection } from '#shared/judge-context.ts'
import { type Stamp, stampTime } from '#shared/stamp.ts'
import { mayBeginWork } from '../subscriptions/subscription-history.ts'
import type { RulesSince } from './feed.ts'
import {
  documentIn,
  keyOf,
  type MembershipSince,
  settingsIn,
  stepsIn,
  visitsOn,
  type WorkingSet,
} from './working-set.ts'

/**
 * The feed number a command is judged by: what it says it had seen, or more, if its station had
 * acknowledged more before it was made. One that is new although its number is not above the last
 * one known comes out of its place: it has seen all that was acknowledged. Of a station that has
 * acknowledged nothing since the server was set back a higher number is of the feed before, and says
 * nothing of this one.
 */
export function seenBy(set: WorkingSet, command: Command, isNew: boolean): number {
  const { known, acks, lost } = set
  const isLate = isNew && command.seq <= known.lastCommand
  const last = acks.findLast(({ commandSeq }) => commandSeq < command.seq)?.feedSeq ?? 0
  const acknowledged = Math.max(known.enrolledSeq, isLate ? known.lastAck : last)
  const isOfBefore = lost !== null && acknowledged <= lost.seq
  return Math.max(isOfBefore ? Math.min(command.seen, lost.seq) : command.seen, acknowledged)
}

/** An author's membership as their station knew it, and what it could not know at that time. */
export function authorAsSeen(
  history: readonly MembershipSince[],
  seen: number,
  at: number,
): Author | null {
  // One who signed in here before the station pulled their membership: the first there was.
  const known = history.findLast(({ seq }) => seq <= seen) ?? history[0]
  if (known === undefined) return null
  const unseen = lastUnseen(history, Math.max(seen, known.seq), at)
  return {
    roles: known.roles,
    knownInactive: !known.active,
    inactiveSince: unseen?.active === false ? unseen.at : null,
  }
}

function clinicClosed(
  history: readonly RulesSince[],
  seen: number,
  at: number,
): JudgeContext['clinicClosed'] {
  const known = history.findLast(({ seq }) => seq <= seen)
  if (known?.active === false) return { known: true, since: known.at }
  const unseen = lastUnseen(history, seen, at)
  return unseen?.active === false ? { known: false, since: unseen.at } : null
}

function lastUnseen<T extends { seq: number; at: number }>(
  history: readonly T[],
  seen: number,
  at: number,
): T | undefined {
  return history.findLast((row) => row.seq > seen && row.at <= at)
}

/** What an author is taken to have seen. */
interface Sight {
  command: Command
  seen: number
  /** Also what was made before the command and came in since the server was set back. */
  withLost: boolean
}

/**
 * A document as its author saw it: the steps up to `seen`, the station's own earlier ones, and those in
 * the base they wrote on (a push is answered with documents that are ahead of the checkpoint).
 */
function documentAsSeen<C extends SteppedCollection>(
  set: WorkingSet,
  { collection, id }: { collection: C; id: string },
  sight: Sight,
): Documents[C] | null {
  const { command } = sight
  const standing = set.documents.get(keyOf(collection, id))
  const steps = stepsIn(collection)
  const { merge } = COLLECTIONS[collection]
  if (standing === undefined || steps === null || merge.kind !== 'FIELDS') return null
  const { origins } = standing
  const write = command.writes.find((write) => write.collection === collection && write.id === id)
  const base = factsIn(write?.base ?? {}, steps)
  const inBase = new Set<string>(base.map((step) => step.id))
  const all = factsIn(standing.doc, steps)
  const known = all.filter((step) => {
    const [seq, stationId] = origins[step.id] ?? [0, '']
    return (
      isSeen(set, { seq, at: step.at }, sight) ||
      inBase.has(step.id) ||
      (isOwn(set, command, stationId) && step.at <= command.at)
    )
  })
  // Without its first step it is not one that the station knew.
  if (known[0]?.id !== all[0]?.id) return null
  // Cast: it lies under the key of its collection
  const doc = { ...(standing.doc as Documents[C]), [steps]: known }
  return { ...doc, ...merge.derive(doc) }
}

function isSeen(
  { lost }: WorkingSet,
  { seq, at }: { seq: number; at: Stamp },
  { command, seen, withLost }: Sight,
): boolean {
  return seq <= seen || (withLost && lost !== null && seq > lost.seq && at <= command.at)
}

/** Made by the station that made the command, under whatever name it had then. */
function isOwn({ stationId, former }: WorkingSet, command: Command, madeBy: string): boolean {
  if (madeBy === command.stationId) return true
  return command.stationId === stationId && former.has(madeBy)
}

function settingsAsSeen(set: WorkingSet, seen: number): Settings {
  const rules = set.rules.findLast(({ seq }) => seq <= seen) ?? set.rules[0]
  const settings = settingsIn(set)
  if (rules === undefined) return settings
  return { ...settings, narrowing: rules.narrowing, refundLimit: rules.refundLimit }
}

/**
 * What the judge may ask about a command.
 *
 * @param isAdmitted an ADMIN let it in: no matter who or what was deactivated meanwhile
 * @param withLost as if its author had seen all that was made before it and lost by a restore: which of
 *   that they had, nobody can say any more
 */
export function judgeContext(
  set: WorkingSet,
  command: Command,
  {
    seen,
    now,
    isAdmitted,
    withLost = false,
  }: { seen: number; now: number; isAdmitted: boolean; withLost?: boolean },
): JudgeContext {
  const sight: Sight = { command, seen, withLost }
  const at = stampTime(command.at)
  const settings = settingsAsSeen(set, seen)
  // What a person was when they first signed in here they were told, before the station pulled it.
  const told = Math.max(seen, set.sessions.get(command.by) ?? 0)
  const author = authorAsSeen(set.memberships.get(command.by) ?? [], told, at)
  const findSeen: JudgeContext['findSeen'] = (collection, id) =>
    documentAsSeen(set, { collection, id }, sight)
  return {
    settings,
    author: author !== null && isAdmitted ? { ...author, inactiveSince: null } : author,
    clinicClosed: isAdmitted ? null : clinicClosed(set.rules, seen, at),
    mayBeginWork: (time) => mayBeginWork(set.subscriptions, { at: time, now }, settings),
    find: (collection, id) => documentIn(set, collection, id),
    findSeen,
    entriesOf: (visitId) =>
      [...(set.entriesOfVisit.get(visitId) ?? [])].flatMap(
        (id) => documentIn(set, 'entries', id) ?? [],
      ),
    invoicesOf: (visitId) =>
      [...(set.invoicesOfVisit.get(visitId) ?? [])].flatMap((id) => {
        const standing = set.documents.get(keyOf('invoices', id))
        const invoice = documentIn(set, 'invoices', id)
        if (standing === undefined || invoice === null) return []
        const { stationId, at: madeAt } = invoice.created
        const isKnown =
          isOwn(set, command, stationId) || isSeen(set, { seq: standing.seq, at: madeAt }, sight)
        return isKnown ? [invoice] : []
      }),
    statusesOfPatient: (patientId, queueDay) =>
      visitsOn(set, patientId, queueDay).flatMap((id) => findSeen('visits', id)?.status ?? []),
  }
}

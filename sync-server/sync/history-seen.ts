import type { Settings } from '#shared/clinic.ts'
import type { Command } from '#shared/commands.ts'
import type { Entry } from '#shared/entry.ts'
import type { Author, JudgeContext } from '#shared/judge.ts'
import { stampTime } from '#shared/stamp.ts'
import type { Visit } from '#shared/visit.ts'
import { foldVisit } from '#shared/visit-fold.ts'
import { mayBeginWork } from '../subscriptions/subscription-history.ts'
import type { RulesSince } from './feed.ts'
import {
  entryIn,
  type MembershipSince,
  patientIn,
  settingsIn,
  visitIn,
  visitsOn,
  type WorkingSet,
} from './working-set.ts'

/**
 * The feed number a command is judged by: what it says it had seen, or more, if its station had
 * acknowledged more before it was made. One that is new although its number is not above the last
 * one known comes out of its place: it has seen all that was acknowledged.
 */
export function seenBy({ known, acks }: WorkingSet, command: Command, isNew: boolean): number {
  const isLate = isNew && command.seq <= known.lastCommand
  const last = acks.findLast(({ commandSeq }) => commandSeq < command.seq)?.feedSeq ?? 0
  return Math.max(command.seen, known.enrolledSeq, isLate ? known.lastAck : last)
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

/**
 * A visit as its author saw it: the steps up to `seen`, the station's own earlier ones, and those in
 * the base they wrote on (a push is answered with documents that are ahead of the checkpoint).
 */
function visitAsSeen(
  set: WorkingSet,
  id: string,
  { command, seen }: { command: Command; seen: number },
): Visit | null {
  const standing = visitIn(set, id)
  if (standing === null) return null
  const { doc, origins } = standing
  const write = command.writes.find((write) => write.collection === 'visits' && write.id === id)
  const base = write?.collection === 'visits' ? (write.base?.transitions ?? []) : []
  const inBase = new Set<string>(base.map((step) => step.id))
  const transitions = doc.transitions.filter((step) => {
    const [seq, stationId] = origins[step.id] ?? [0, '']
    return (
      seq <= seen ||
      inBase.has(step.id) ||
      (stationId === command.stationId && step.at <= command.at)
    )
  })
  // Without its check-in a visit is not one that the station knew.
  if (transitions[0]?.id !== doc.transitions[0]?.id) return null
  return { ...doc, transitions, status: foldVisit(transitions).status }
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
 */
export function judgeContext(
  set: WorkingSet,
  command: Command,
  { seen, now, isAdmitted }: { seen: number; now: number; isAdmitted: boolean },
): JudgeContext {
  const at = stampTime(command.at)
  const settings = settingsAsSeen(set, seen)
  // What a person was when they first signed in here they were told, before the station pulled it.
  const told = Math.max(seen, set.sessions.get(command.by) ?? 0)
  const author = authorAsSeen(set.memberships.get(command.by) ?? [], told, at)
  const asSeen = (id: string): Visit | null => visitAsSeen(set, id, { command, seen })
  return {
    settings,
    author: author !== null && isAdmitted ? { ...author, inactiveSince: null } : author,
    clinicClosed: isAdmitted ? null : clinicClosed(set.rules, seen, at),
    mayBeginWork: (time) => mayBeginWork(set.subscriptions, { at: time, now }, settings),
    patient: (id) => patientIn(set, id),
    visit: (id) => visitIn(set, id)?.doc ?? null,
    visitAsSeen: asSeen,
    entry: (id) => entryIn(set, id),
    refundsOf: (paymentId) =>
      [...(set.refundsOfPayment.get(paymentId) ?? [])].flatMap((id): Entry[] => {
        const entry = entryIn(set, id)
        return entry === null ? [] : [entry]
      }),
    statusesOfPatient: (patientId, queueDay) =>
      visitsOn(set, patientId, queueDay).flatMap((id) => asSeen(id)?.status ?? []),
  }
}

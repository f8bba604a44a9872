import type { Change, CommandChanges } from './change.ts'
import { COLLECTIONS, type Documents, WritableCollection } from './collections.ts'
import { readChanges } from './command-changes.ts'
import {
  type Command,
  isRecordCommand,
  isVisitCommand,
  NEW_WORK,
  RECORD_COMMANDS,
  type RecordCommandName,
  type RecordRule,
  RESTORED_BY,
} from './commands.ts'
import { isErased, WRITTEN_ABOUT } from './erased.ts'
import type { ErrorCode, ErrorDetails } from './errors.ts'
import type { PatientId, VisitId } from './ids.ts'
import {
  firstOf,
  invalid,
  isAboutToday,
  type JudgeContext,
  refuse,
  refuseAction,
  type Refused,
} from './judge-context.ts'
import { refuseRecord } from './judge-record.ts'
import { refuseCheckIn, refuseUndo, refuseVisitChange } from './judge-visit.ts'
import { queueDayOf } from './queue-day.ts'
import { governingStatus, type StatusKey } from './roles.ts'
import { stampTime } from './stamp.ts'
import type { Visit } from './visit.ts'

export type Judgement =
  | { verdict: 'ACCEPTED'; changes: CommandChanges }
  | { verdict: 'HELD' | 'REJECTED'; code: ErrorCode; details: ErrorDetails }

/**
 * Judges a command by roles x status in the history its station had seen, and by membership and
 * subscription at its time (ARCHITECTURE 11-12). The same function refuses at the station and on
 * the server. REJECTED can never become right; HELD waits for a person or a payment.
 */
export function judgeCommand(command: Command, context: JudgeContext): Judgement {
  const changes = readChanges(command)
  if (changes === null) return { verdict: 'REJECTED', ...refuse('NOT_THE_COMMAND') }
  const refused = refuseAuthor(context) ?? refuseChanges(command, changes, context)
  if (refused !== null) return { verdict: 'REJECTED', ...refused }
  const held = holdCommand(command, context)
  if (held !== null) return { verdict: 'HELD', ...held }
  return { verdict: 'ACCEPTED', changes }
}

function refuseAuthor({ author }: JudgeContext): Refused | null {
  if (author === null) return refuse('FORBIDDEN')
  return author.knownInactive ? refuse('MEMBER_INACTIVE') : null
}

function holdCommand(command: Command, context: JudgeContext): Refused | null {
  const at = stampTime(command.at)
  const since = context.author?.inactiveSince ?? null
  if (since !== null && at >= since) return refuse('QUARANTINED', { reason: 'MEMBER_INACTIVE' })
  const closed = context.clinicClosed
  if (closed !== null && command.name === 'checkIn' && at >= closed.since) {
    return refuse('QUARANTINED', { reason: 'CLINIC_INACTIVE' })
  }
  if (NEW_WORK.includes(command.name) && !context.mayBeginWork(at)) return refuse('SUBSCRIPTION')
  return null
}

function refuseChanges(
  command: Command,
  changes: CommandChanges,
  context: JudgeContext,
): Refused | null {
  const { name } = command
  const refused = refuseFrozen(changes, context)
  if (refused !== null) return refused
  if (isVisitCommand(name)) {
    return firstOf(changes.visits, (change) => refuseVisitChange(command, change, context))
  }
  if (isRecordCommand(name)) return refuseByRule(name, { command, changes }, context)
  switch (name) {
    case 'checkIn':
      return refuseCheckIn(command, changes, context) ?? refuseKnown(changes, context)
    case 'undoLast':
      return firstOf(changes.visits, (change) => refuseUndo(change, context))
    case 'settleConflict':
      return refuseSettle(command, changes, context)
  }
}

/** Each change under its collection. */
function eachChange(
  changes: CommandChanges,
  check: <C extends WritableCollection>(collection: C, change: Change<C>) => Refused | null,
): Refused | null {
  const ofCollection = <C extends WritableCollection>(collection: C): Refused | null =>
    firstOf(changes[collection], (change) => check(collection, change))
  return firstOf(WritableCollection.options, ofCollection)
}

/** I5: to change what is final is an action like any other, and granted to nobody. */
function refuseFrozen(changes: CommandChanges, context: JudgeContext): Refused | null {
  return eachChange(changes, (collection, { base, next }) => {
    const isFrozen = [base, context.find(collection, next.id)].some(
      (document) => document !== null && isFrozenIn(collection, document),
    )
    return isFrozen ? refuseAction('EDIT_FINAL_PRESCRIPTION', 'NONE', context) : null
  })
}

function isFrozenIn<C extends WritableCollection>(collection: C, document: Documents[C]): boolean {
  const { merge } = COLLECTIONS[collection]
  return merge.kind === 'FIELDS' && merge.isFrozen(document)
}

/** By the table command -> action -> status, and by what the documents stand on. */
function refuseByRule(
  name: RecordCommandName,
  { command, changes }: { command: Command; changes: CommandChanges },
  context: JudgeContext,
): Refused | null {
  const { action, judgedBy }: RecordRule = RECORD_COMMANDS[name]
  const visit = judgedBy === 'VISIT' ? visitAbout(changes, context) : null
  if (judgedBy === 'VISIT' && visit === null) return refuse('NOT_FOUND')
  const status = visit?.status ?? statusOfPatient(command, changes, { judgedBy, context })
  if (status === null) return refuse('NOT_FOUND')
  return (
    // Who may not know of a record is not told whether it is there.
    (judgedBy === 'NONE' ? refuseAction(action, status, context) : null) ??
    refuseUnbound(command, changes, context) ??
    refuseAction(action, status, context) ??
    refuseKnown(changes, context) ??
    refuseRecord(name, { command, changes, visit }, context)
  )
}

/** As seen; of a record that stands, the visit that it stands on, whatever its writer says. */
function visitAbout(changes: CommandChanges, context: JudgeContext): Visit | null {
  const ofCollection = <C extends WritableCollection>(collection: C): (VisitId | null)[] =>
    changes[collection].map(({ next }) =>
      COLLECTIONS[collection].visitOf(standingOr(collection, next, context)),
    )
  const [visitId] = WritableCollection.options.flatMap(ofCollection)
  return visitId === null || visitId === undefined ? null : context.findSeen('visits', visitId)
}

function standingOr<C extends WritableCollection>(
  collection: C,
  document: Documents[C],
  context: JudgeContext,
): Documents[C] {
  return context.find(collection, document.id) ?? document
}

/** With several visits today the strictest status governs. Null: there is no such patient, or no more. */
function statusOfPatient(
  command: Command,
  changes: CommandChanges,
  { judgedBy, context }: { judgedBy: RecordRule['judgedBy']; context: JudgeContext },
): StatusKey | null {
  if (judgedBy === 'NONE') return 'NONE'
  const [patientId] = [
    ...changes.patients.map(({ next }): PatientId => next.id),
    ...changes.labResults.map(({ next }) => standingOr('labResults', next, context).patientId),
  ]
  const patient = patientId === undefined ? null : context.find('patients', patientId)
  if (patientId === undefined || patient === null) return null
  // What a desk still sends about one who was erased must not bring them back.
  if (changes.patients.length > 0 && isErased(patient)) return null
  const day = queueDayOf(stampTime(command.at), context.settings)
  return governingStatus(context.statusesOfPatient(patientId, day))
}

/** What it names must be there, of the patient and day of its visit; without a visit, of today. */
function refuseUnbound(
  command: Command,
  changes: CommandChanges,
  context: JudgeContext,
): Refused | null {
  const own = new Set(command.writes.map(({ collection, id }) => `${collection}:${id}`))
  return eachChange(changes, (collection, { base, next }) => {
    const { refers, visitOf } = COLLECTIONS[collection]
    const isThere = refers(next).every(
      ({ collection: named, id }) => own.has(`${named}:${id}`) || context.find(named, id) !== null,
    )
    if (!isThere || isMoved(collection, next, context)) return refuse('NOT_FOUND')
    if (isAboutErased(collection, next, context)) return refuse('NOT_FOUND')
    const visitId = visitOf(next)
    if (visitId !== null) return refuseOtherVisit(next, context.findSeen('visits', visitId))
    const isToday =
      base !== null || !('queueDay' in next) || isAboutToday(next.queueDay, command.at, context)
    return isToday ? null : invalid('queueDay')
  })
}

/** What a desk still writes about one who was erased must not bring them back; money is money all the same. */
function isAboutErased<C extends WritableCollection>(
  collection: C,
  document: Documents[C],
  context: JudgeContext,
): boolean {
  const isAddendum = 'body' in document && document.body.kind === 'ADDENDUM'
  if (!isAddendum && !WRITTEN_ABOUT.includes(collection)) return false
  return COLLECTIONS[collection].refers(document).some(({ collection: named, id }) => {
    const found = context.find(named, id)
    return found !== null && 'marks' in found && isErased(found)
  })
}

/** I6: a record stays its patient's and its visit's, or its writer would choose what it is judged by. */
function isMoved<C extends WritableCollection>(
  collection: C,
  document: Documents[C],
  context: JudgeContext,
): boolean {
  const standing = standingOr(collection, document, context)
  const { visitOf } = COLLECTIONS[collection]
  return (
    visitOf(standing) !== visitOf(document) ||
    Reflect.get(standing, 'patientId') !== Reflect.get(document, 'patientId')
  )
}

function refuseOtherVisit(document: object, visit: Visit | null): Refused | null {
  if (visit === null || Reflect.get(document, 'patientId') !== visit.patientId) {
    return refuse('NOT_FOUND')
  }
  return Reflect.get(document, 'queueDay') === visit.queueDay ? null : invalid('queueDay')
}

/** What is new must be; what two stations may begin (the rules give it a blank) may stand already. */
function refuseKnown(changes: CommandChanges, context: JudgeContext): Refused | null {
  return eachChange(changes, (collection, { base, next }) => {
    const { merge } = COLLECTIONS[collection]
    const isShared = merge.kind === 'FIELDS' && merge.blank !== null
    const isKnown = base === null && !isShared && context.find(collection, next.id) !== null
    return isKnown ? refuse('IMMUTABLE') : null
  })
}

/** Settling needs a right of whose matter it is; putting a lost value back is an edit and is judged as one. */
function refuseSettle(
  command: Command,
  changes: CommandChanges,
  context: JudgeContext,
): Refused | null {
  const ofVisit = (
    visitId: VisitId,
    action: 'SETTLE_CONFLICT' | 'APPEND_ADDENDUM',
  ): Refused | null => {
    const seen = context.findSeen('visits', visitId)
    return seen === null ? refuse('NOT_FOUND') : refuseAction(action, seen.status, context)
  }
  const restored = eachChange(changes, (collection, { fields }) =>
    fields.length === 0
      ? null
      : isRestorable(collection)
        ? refuseByRule(RESTORED_BY[collection], { command, changes }, context)
        : refuse('NOT_THE_COMMAND'),
  )
  return (
    restored ??
    firstOf(changes.visits, ({ next }) => ofVisit(next.id, 'SETTLE_CONFLICT')) ??
    firstOf(changes.encounters, ({ next }) => ofVisit(next.id, 'APPEND_ADDENDUM')) ??
    firstOf(changes.prescriptions, ({ next }) =>
      ofVisit(standingOr('prescriptions', next, context).visitId, 'APPEND_ADDENDUM'),
    ) ??
    firstOf(changes.appointments, () => refuseAction('SETTLE_CONFLICT', 'NONE', context)) ??
    firstOf(changes.inventory, () => refuseAction('MANAGE_STOCK', 'NONE', context)) ??
    firstOf(changes.patients, ({ fields }) =>
      fields.length > 0 ? null : refuseAction('SETTLE_CONFLICT', 'NONE', context),
    )
  )
}

function isRestorable(collection: WritableCollection): collection is keyof typeof RESTORED_BY {
  return Object.hasOwn(RESTORED_BY, collection)
}

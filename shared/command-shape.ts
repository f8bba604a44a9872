import type { Command, CommandName, Write } from './commands.ts'
import { isVisitCommand, VISIT_COMMANDS } from './commands.ts'
import type { Entry } from './entry.ts'
import type { FieldValue, Mark } from './fields.ts'
import { type Patient, PatientField } from './patient.ts'
import { markOf } from './resolve.ts'
import { type Call, MERGED_REASON, type Transition, type Visit, VisitField } from './visit.ts'
import { foldVisit } from './visit-fold.ts'

/** What a command does to one visit, told apart from what it merely carries along. */
export interface VisitChange {
  base: Visit | null
  next: Visit
  transitions: readonly Transition[]
  calls: readonly Call[]
  fields: readonly VisitField[]
  settled: readonly string[]
}

export interface PatientChange {
  base: Patient | null
  next: Patient
  fields: readonly PatientField[]
  settled: readonly string[]
}

export interface CommandChanges {
  patients: readonly PatientChange[]
  visits: readonly VisitChange[]
  entries: readonly Entry[]
}

const VISIT_FIELDS_OF: Partial<Record<CommandName, readonly VisitField[]>> = {
  returnToLine: ['orderKey', 'boosted', 'orderReason'],
  recall: ['orderKey', 'boosted', 'orderReason'],
  skip: ['orderKey', 'boosted', 'orderReason'],
  reorder: ['orderKey', 'boosted', 'orderReason'],
  changeLine: ['doctorId', 'orderKey', 'orderReason'],
  setPriority: ['priority', 'boosted', 'orderReason'],
  mergeVisits: ['mergedInto'],
}

function isEqual(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

interface Marked<F extends string> {
  created: Mark
  marks: Partial<Record<F, Mark>>
}

/** The fields that the command set: value or mark differ. Null if a mark is not the command's own. */
function changedFields<F extends string>(
  fields: readonly F[],
  command: Command,
  base: Marked<F> & Record<F, FieldValue>,
  next: Marked<F> & Record<F, FieldValue>,
): F[] | null {
  const changed: F[] = []
  for (const field of fields) {
    const mark = markOf(next, field)
    const sameMark = isEqual(markOf(base, field), mark)
    if (sameMark && isEqual(base[field], next[field])) continue
    if (sameMark || mark.at !== command.at || mark.by !== command.by) return null
    changed.push(field)
  }
  return changed
}

/** Facts of a grow-only set that the command added. Null if it dropped, altered or forged one. */
function addedFacts<T extends { id: string; at: string; by: string; stationId: string }>(
  command: Command,
  base: readonly T[],
  next: readonly T[],
): T[] | null {
  const known = new Map(base.map((fact) => [fact.id, fact]))
  const kept = next.filter((fact) => known.has(fact.id))
  if (kept.length !== known.size || kept.some((fact) => !isEqual(known.get(fact.id), fact))) {
    return null
  }
  const added = next.filter((fact) => !known.has(fact.id))
  return added.every((fact) => isOwn(command, fact)) ? added : null
}

function isOwn(command: Command, fact: { at: string; by: string; stationId: string }): boolean {
  return fact.at === command.at && fact.by === command.by && fact.stationId === command.stationId
}

function addedSettled(base: readonly string[], next: readonly string[]): string[] | null {
  if (!base.every((id) => next.includes(id))) return null
  return next.filter((id) => !base.includes(id))
}

/** Whether the parts of a document that no command may change are as they were. */
function keepsRest(base: object, next: object, free: readonly string[]): boolean {
  const strip = (document: object): object =>
    Object.fromEntries(
      Object.entries(document)
        .filter(([key]) => !free.includes(key))
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    )
  return isEqual(strip(base), strip(next))
}

function readVisit(command: Command, base: Visit | null, next: Visit): VisitChange | null {
  if (next.status !== foldVisit(next.transitions).status) return null
  if (base === null) {
    const [first] = next.transitions
    const isFresh =
      isOwn(command, next.created) &&
      next.transitions.length === 1 &&
      first !== undefined &&
      isOwn(command, first) &&
      first.status === 'WAITING' &&
      first.undoes === null &&
      next.calls.length + next.superseded.length + next.settled.length === 0 &&
      Object.keys(next.marks).length === 0 &&
      next.mergedInto === null
    return isFresh
      ? { base, next, transitions: next.transitions, calls: [], fields: [], settled: [] }
      : null
  }
  const transitions = addedFacts(command, base.transitions, next.transitions)
  const calls = addedFacts(command, base.calls, next.calls)
  const fields = changedFields(VisitField.options, command, base, next)
  const settled = addedSettled(base.settled, next.settled)
  if (transitions === null || calls === null || fields === null || settled === null) return null
  const free = [...VisitField.options, 'marks', 'transitions', 'calls', 'status', 'settled']
  return keepsRest(base, next, free) ? { base, next, transitions, calls, fields, settled } : null
}

function readPatient(command: Command, base: Patient | null, next: Patient): PatientChange | null {
  if (base === null) {
    const isFresh =
      isOwn(command, next.created) &&
      Object.keys(next.marks).length === 0 &&
      next.superseded.length + next.settled.length === 0
    return isFresh ? { base, next, fields: [], settled: [] } : null
  }
  const fields = changedFields(PatientField.options, command, base, next)
  const settled = addedSettled(base.settled, next.settled)
  if (fields === null || settled === null) return null
  const free = [...PatientField.options, 'marks', 'settled']
  return keepsRest(base, next, free) ? { base, next, fields, settled } : null
}

/**
 * Reads what a command's writes do and checks that they are what its name allows, that every new
 * fact and mark is the author's own, and that nothing else was touched. Needs no other knowledge:
 * a forged command is refused here whatever the database holds.
 *
 * @returns null if the writes are not the command
 */
export function readChanges(command: Command): CommandChanges | null {
  const patients: PatientChange[] = []
  const visits: VisitChange[] = []
  const entries: Entry[] = []
  for (const write of command.writes) {
    if (write.next.id !== write.id || (write.base !== null && write.base.id !== write.id))
      return null
    if (!readWrite(command, write, { patients, visits, entries })) return null
  }
  const ids = new Set(command.writes.map((write) => `${write.collection}:${write.id}`))
  const changes = { patients, visits, entries }
  return ids.size === command.writes.length && isTheCommand(command, changes) ? changes : null
}

function readWrite(
  command: Command,
  write: Write,
  into: { patients: PatientChange[]; visits: VisitChange[]; entries: Entry[] },
): boolean {
  switch (write.collection) {
    case 'patients': {
      const change = readPatient(command, write.base, write.next)
      return change !== null && into.patients.push(change) > 0
    }
    case 'visits': {
      const change = readVisit(command, write.base, write.next)
      return change !== null && into.visits.push(change) > 0
    }
    case 'entries':
      return isOwn(command, write.next) && into.entries.push(write.next) > 0
  }
}

function isTheCommand(command: Command, changes: CommandChanges): boolean {
  const { patients, visits, entries } = changes
  const count = `${patients.length}/${visits.length}/${entries.length}`
  const [patient] = patients
  const [visit] = visits
  const [entry] = entries
  const { name } = command
  if ((name === 'decideQuarantined') !== (command.decision !== null)) return false
  if (isVisitCommand(name)) {
    return count === '0/1/0' && visit !== undefined && isVisitChange(name, visit)
  }
  switch (name) {
    case 'registerPatient':
      return count === '1/0/0' && patient?.base === null
    case 'importPatients':
      return (
        patients.length > 0 &&
        visits.length + entries.length === 0 &&
        patients.every((change) => change.base === null)
      )
    case 'editPatient':
      return (
        count === '1/0/0' &&
        patient !== undefined &&
        patient.base !== null &&
        patient.fields.length > 0 &&
        patient.settled.length === 0
      )
    case 'checkIn':
      return (
        visits.length === 1 &&
        visit?.base === null &&
        patients.length <= 1 &&
        patients.every(
          (change) => change.base === null && change.next.id === visit.next.patientId,
        ) &&
        entries.length <= 1 &&
        entries.every((made) => made.body.kind === 'PAYMENT' && belongs(made, visit.next))
      )
    case 'takePayment':
      return count === '0/0/1' && entry?.body.kind === 'PAYMENT'
    case 'refund':
      return count === '0/0/1' && entry?.body.kind === 'REFUND'
    case 'undoLast':
      return (
        count === '0/1/0' &&
        visit !== undefined &&
        visit.base !== null &&
        visit.transitions.length === 1 &&
        visit.transitions[0]?.undoes !== null &&
        visit.calls.length + visit.settled.length === 0 &&
        // With the cancellation of a merge the merge itself; which step it is, the judge looks at.
        visit.fields.every((field) => field === 'mergedInto' && visit.next.mergedInto === null)
      )
    case 'settleConflict':
      return (
        entries.length === 0 &&
        patients.length + visits.length === 1 &&
        patients.every((change) => change.base !== null && change.settled.length > 0) &&
        visits.every(
          (change) =>
            change.base !== null &&
            change.settled.length > 0 &&
            change.transitions.length + change.calls.length + change.fields.length === 0,
        )
      )
    case 'decideQuarantined':
      return command.writes.length === 0
  }
}

function belongs(entry: Entry, visit: Visit): boolean {
  return (
    entry.visitId === visit.id &&
    entry.patientId === visit.patientId &&
    entry.queueDay === visit.queueDay
  )
}

function isVisitChange(name: keyof typeof VISIT_COMMANDS, change: VisitChange): boolean {
  if (change.base === null || change.settled.length > 0) return false
  const rule = VISIT_COMMANDS[name]
  const targets: readonly string[] = rule.to ?? []
  const fields = VISIT_FIELDS_OF[name] ?? []
  const [step] = change.transitions
  const stepsFit =
    rule.to === null
      ? change.transitions.length === 0
      : change.transitions.length === 1 && step?.undoes === null && targets.includes(step.status)
  const callsFit = change.calls.length === (name === 'call' ? 1 : 0)
  const changesSomething =
    change.transitions.length + change.calls.length + change.fields.length > 0
  return (
    stepsFit &&
    callsFit &&
    changesSomething &&
    change.fields.every((field) => fields.includes(field)) &&
    // By hand nobody gets back the boost that they have lost: that is `setPriority`.
    (name !== 'reorder' || change.base.boosted || !change.next.boosted) &&
    (name !== 'mergeVisits' ||
      (step?.reason === MERGED_REASON &&
        change.next.mergedInto !== null &&
        change.next.mergedInto !== change.next.id))
  )
}

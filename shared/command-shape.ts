import { factsIn, fieldIn, type MergedDocument, type MergeFields } from './collection-rules.ts'
import { COLLECTIONS, type Documents, WritableCollection } from './collections.ts'
import { type Command, type CommandName, MAX_WRITES, type Write } from './commands.ts'
import { VISIT_COMMANDS, type VisitCommandName } from './commands.ts'
import { AppointmentField, type AppointmentStatus, type AppointmentStep } from './appointment.ts'
import { EncounterField } from './encounter.ts'
import type { Entry, EntryKind } from './entry.ts'
import type { Authored, Fact } from './fields.ts'
import { PatientField } from './patient.ts'
import { PrescriptionField } from './prescription.ts'
import { markOf, NEVER } from './resolve.ts'
import { StockItemField } from './stock.ts'
import { MERGED_REASON, type Transition, type Visit, type VisitField } from './visit.ts'

/** What a command does to one document, told apart from what it merely carries along. */
export interface Change<C extends WritableCollection = WritableCollection> {
  base: Documents[C] | null
  next: Documents[C]
  /** Fields of a document that stood. */
  fields: readonly string[]
  /** What it added to each set of facts; of a new document all there is. */
  facts: Readonly<Partial<Record<string, readonly Fact[]>>>
  settled: readonly string[]
}

export type CommandChanges = { readonly [C in WritableCollection]: readonly Change<C>[] }

/** The steps that a change appends to a visit. */
export function stepsOf({ next, facts }: Change<'visits'>): Transition[] {
  return pickById(next.transitions, facts['transitions'])
}

/** The steps that a change appends to a booking. */
export function bookingSteps({ next, facts }: Change<'appointments'>): AppointmentStep[] {
  return pickById(next.steps, facts['steps'])
}

function pickById<T extends Fact>(all: readonly T[], picked: readonly Fact[] = []): T[] {
  const ids = new Set(picked.map(({ id }) => id))
  return all.filter(({ id }) => ids.has(id))
}

type Bounds = readonly [min: number, max: number]
const ONE: Bounds = [1, 1]
const AT_MOST_ONE: Bounds = [0, 1]
const SOME: Bounds = [0, 20]

/** What a command may do to documents of one collection. */
interface WriteShape<C extends WritableCollection> {
  count: Bounds
  makes: 'NEW' | 'CHANGE' | 'EITHER'
  /** Fields that it may set, on a document that stands or in a blank. */
  fields?: readonly string[]
  /** Facts that it appends, to a new document as well. */
  facts?: Readonly<Record<string, Bounds>>
  settles?: boolean
  fits?: (change: Change<C>, command: Command, changes: CommandChanges) => boolean
}

type CommandShape = { readonly [C in WritableCollection]?: WriteShape<C> }

const VISIT_FIELDS_OF: Partial<Record<CommandName, readonly VisitField[]>> = {
  returnToLine: ['orderKey', 'boosted', 'orderReason'],
  recall: ['orderKey', 'boosted', 'orderReason'],
  skip: ['orderKey', 'boosted', 'orderReason'],
  reorder: ['orderKey', 'boosted', 'orderReason'],
  changeLine: ['doctorId', 'orderKey', 'orderReason'],
  setPriority: ['priority', 'boosted', 'orderReason'],
  mergeVisits: ['mergedInto'],
}

function visitShape(name: VisitCommandName): CommandShape {
  const targets: readonly string[] | null = VISIT_COMMANDS[name].to
  return {
    visits: {
      count: ONE,
      makes: 'CHANGE',
      fields: VISIT_FIELDS_OF[name] ?? [],
      facts: {
        ...(targets === null ? {} : { transitions: ONE }),
        ...(name === 'call' ? { calls: ONE } : {}),
      },
      fits: (change) =>
        stepsOf(change).every(
          ({ status, undoes }) => undoes === null && targets?.includes(status) === true,
        ) &&
        // By hand nobody gets back the boost that they have lost: that is `setPriority`.
        (name !== 'reorder' || change.base?.boosted === true || !change.next.boosted) &&
        (name !== 'mergeVisits' || isMerge(change)),
    },
  }
}

function isMerge(change: Change<'visits'>): boolean {
  const { id, mergedInto } = change.next
  const reason = stepsOf(change)[0]?.reason
  return reason === MERGED_REASON && mergedInto !== null && mergedInto !== id
}

function entryShape(kind: EntryKind): CommandShape {
  return { entries: { count: ONE, makes: 'NEW', fits: ({ next }) => next.body.kind === kind } }
}

function bookingShape(status: AppointmentStatus): CommandShape {
  return {
    appointments: {
      count: ONE,
      makes: 'CHANGE',
      facts: { steps: ONE },
      fits: (change) => bookingSteps(change).every((step) => step.status === status),
    },
  }
}

/** A number is of one doctor's day: who moves a booking sets them all. */
const PLACE: readonly AppointmentField[] = ['doctorId', 'day', 'time', 'number']

/** What the writes of each command are. Nothing else may be among them. */
const SHAPES: Record<CommandName, CommandShape> = {
  registerPatient: { patients: { count: ONE, makes: 'NEW' } },
  importPatients: { patients: { count: [1, MAX_WRITES], makes: 'NEW' } },
  editPatient: { patients: { count: ONE, makes: 'CHANGE', fields: PatientField.options } },
  checkIn: {
    patients: {
      count: AT_MOST_ONE,
      makes: 'NEW',
      fits: ({ next }, _command, { visits }) => next.id === visits[0]?.next.patientId,
    },
    visits: {
      count: ONE,
      makes: 'NEW',
      facts: { transitions: ONE },
      fits: (change) =>
        change.next.mergedInto === null &&
        stepsOf(change).every(({ status, undoes }) => status === 'WAITING' && undoes === null),
    },
    entries: {
      count: AT_MOST_ONE,
      makes: 'NEW',
      fits: ({ next }, _command, { visits }) =>
        next.body.kind === 'PAYMENT' && visits.every((visit) => belongs(next, visit.next)),
    },
    // The booking that brought the patient.
    appointments: {
      count: AT_MOST_ONE,
      makes: 'CHANGE',
      facts: { steps: ONE },
      fits: (change, _command, { visits }) =>
        bookingSteps(change).every(
          ({ status, visitId }) =>
            status === 'ARRIVED' &&
            visits.every(
              ({ next }) => next.id === visitId && next.patientId === change.next.patientId,
            ),
        ),
    },
  },
  call: visitShape('call'),
  startVisit: visitShape('startVisit'),
  sendToDoctor: visitShape('sendToDoctor'),
  sendToAssistant: visitShape('sendToAssistant'),
  returnToLine: visitShape('returnToLine'),
  finishVisit: visitShape('finishVisit'),
  skip: visitShape('skip'),
  reorder: visitShape('reorder'),
  changeLine: visitShape('changeLine'),
  setPriority: visitShape('setPriority'),
  recall: visitShape('recall'),
  markNoShow: visitShape('markNoShow'),
  cancel: visitShape('cancel'),
  mergeVisits: visitShape('mergeVisits'),
  undoLast: {
    visits: {
      count: ONE,
      makes: 'CHANGE',
      // With the cancellation of a merge the merge itself; which step it is, the judge looks at.
      fields: ['mergedInto'],
      facts: { transitions: ONE },
      fits: (change) =>
        stepsOf(change)[0]?.undoes !== null &&
        (change.fields.length === 0 || change.next.mergedInto === null),
    },
  },
  takePayment: entryShape('PAYMENT'),
  refund: entryShape('REFUND'),
  waiveFee: entryShape('WAIVER'),
  voidInvoice: entryShape('INVOICE_VOID'),
  appendAddendum: entryShape('ADDENDUM'),
  countDrawer: entryShape('DRAWER_SHIFT'),
  moveStock: entryShape('STOCK_MOVEMENT'),
  recordConsent: entryShape('CONSENT'),
  openRecord: entryShape('RECORD_OPENED'),
  issueInvoice: { invoices: { count: ONE, makes: 'NEW' } },
  bookAppointment: {
    appointments: {
      count: ONE,
      makes: 'NEW',
      facts: { steps: ONE },
      fits: (change) => bookingSteps(change).every(({ status }) => status === 'BOOKED'),
    },
  },
  moveAppointment: {
    appointments: {
      count: ONE,
      makes: 'CHANGE',
      fields: AppointmentField.options,
      fits: ({ fields }) => {
        const moved = PLACE.filter((field) => fields.includes(field))
        return moved.length === 0 || moved.length === PLACE.length
      },
    },
  },
  cancelAppointment: bookingShape('CANCELED'),
  markAppointmentMissed: bookingShape('NO_SHOW'),
  recordVitals: { encounters: { count: ONE, makes: 'EITHER', facts: { vitals: ONE } } },
  writeNotes: { encounters: { count: ONE, makes: 'EITHER', fields: EncounterField.options } },
  editAllergies: {
    patients: { count: ONE, makes: 'CHANGE', facts: { allergies: SOME, conditions: SOME } },
  },
  draftPrescription: {
    prescriptions: {
      count: ONE,
      makes: 'EITHER',
      fields: PrescriptionField.options,
      fits: ({ base, next }) => base !== null || (next.status === 'DRAFT' && next.draftId === null),
    },
  },
  finalizePrescription: {
    prescriptions: {
      count: [1, 2],
      makes: 'EITHER',
      facts: { finals: AT_MOST_ONE },
      fits: (change, _command, { prescriptions }) => isFinalization(change, prescriptions),
    },
  },
  orderLab: { labResults: { count: ONE, makes: 'NEW' } },
  fileResult: { labResults: { count: ONE, makes: 'EITHER', facts: { results: ONE } } },
  reviewResult: { labResults: { count: ONE, makes: 'CHANGE', facts: { reviews: ONE } } },
  saveStockItem: {
    inventory: { count: ONE, makes: 'EITHER', fields: StockItemField.options },
  },
  settleConflict: {
    patients: { count: AT_MOST_ONE, makes: 'CHANGE', fields: PatientField.options, settles: true },
    visits: { count: AT_MOST_ONE, makes: 'CHANGE', settles: true },
    // Where and when is a place: whoever wants the other one moves the booking, and it gets a number there.
    appointments: { count: AT_MOST_ONE, makes: 'CHANGE', fields: ['type', 'note'], settles: true },
    encounters: {
      count: AT_MOST_ONE,
      makes: 'CHANGE',
      fields: EncounterField.options,
      settles: true,
    },
    prescriptions: {
      count: AT_MOST_ONE,
      makes: 'CHANGE',
      fields: PrescriptionField.options,
      settles: true,
    },
    inventory: {
      count: AT_MOST_ONE,
      makes: 'CHANGE',
      fields: StockItemField.options,
      settles: true,
    },
  },
  decideQuarantined: {},
}

/** One new FINAL one, and that its draft became it. */
function isFinalization(
  { base, next, facts }: Change<'prescriptions'>,
  all: readonly Change<'prescriptions'>[],
): boolean {
  const final = all.find((made) => made.next.status === 'FINAL')?.next
  if (final === undefined) return false
  if (base === null) {
    const hasDraft = all.some((made) => made.next.id === final.draftId)
    return (
      next.id === final.id &&
      next.finals.length === 0 &&
      next.lines.length > 0 &&
      hasDraft === all.length > 1
    )
  }
  const [made] = pickById(next.finals, facts['finals'])
  const isOfDraft = next.id === final.draftId && next.visitId === final.visitId
  return isOfDraft && made?.prescriptionId === final.id
}

function belongs(entry: Entry, visit: Visit): boolean {
  return (
    entry.visitId === visit.id &&
    entry.patientId === visit.patientId &&
    entry.queueDay === visit.queueDay
  )
}

function isEqual(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

/** The fields that the command set: value or mark differ. Null if a mark is not the command's own. */
function changedFields(
  fields: readonly string[],
  command: Command,
  base: MergedDocument,
  next: MergedDocument,
): string[] | null {
  const changed: string[] = []
  for (const field of fields) {
    const mark = markOf(next, field)
    const sameMark = isEqual(markOf(base, field), mark)
    if (sameMark && isEqual(fieldIn(base, field), fieldIn(next, field))) continue
    if (sameMark || mark.at !== command.at || mark.by !== command.by) return null
    changed.push(field)
  }
  return changed
}

/** Facts of a grow-only set that the command added. Null if it dropped, altered or forged one. */
function addedFacts(
  command: Command,
  base: readonly Fact[],
  next: readonly Fact[],
): readonly Fact[] | null {
  const known = new Map(base.map((fact) => [fact.id, fact]))
  const kept = next.filter((fact) => known.has(fact.id))
  if (kept.length !== known.size || kept.some((fact) => !isEqual(known.get(fact.id), fact))) {
    return null
  }
  const added = next.filter((fact) => !known.has(fact.id))
  return added.every((fact) => isOwn(command, fact)) ? added : null
}

function isOwn(command: Command, made: Authored): boolean {
  return made.at === command.at && made.by === command.by && made.stationId === command.stationId
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

/** Null: the author's own facts and marks are not all that is new. */
function readMerged(
  command: Command,
  rules: MergeFields<unknown>,
  { base, next }: { base: MergedDocument | null; next: MergedDocument },
): Omit<Change, 'base' | 'next'> | null {
  const derived = rules.derive(next) ?? {}
  if (!isEqual(derived, pick(next, Object.keys(derived)))) return null
  const facts: Record<string, readonly Fact[]> = {}
  for (const name of rules.facts) {
    const added = addedFacts(command, base === null ? [] : factsIn(base, name), factsIn(next, name))
    if (added === null) return null
    facts[name] = added
  }
  if (base === null) {
    const isFresh =
      isOwn(command, next.created) && next.superseded.length + next.settled.length === 0
    const fields = isFresh ? firstFields(command, rules, next) : null
    return fields === null ? null : { fields, facts, settled: [] }
  }
  const fields = changedFields(rules.fields, command, base, next)
  const settled = addedSettled(base.settled, next.settled)
  if (fields === null || settled === null) return null
  const free = [...rules.fields, ...rules.facts, ...Object.keys(derived), 'marks', 'settled']
  return keepsRest(base, next, free) ? { fields, facts, settled } : null
}

/** A document that others may begin as well says what it set; one's own alone is all of one hand. */
function firstFields(
  command: Command,
  { blank, fields }: Pick<MergeFields<unknown>, 'blank' | 'fields'>,
  next: MergedDocument,
): string[] | null {
  if (blank === null) return Object.keys(next.marks).length === 0 ? [] : null
  const created = { ...next.created, at: NEVER }
  const begun = { ...next, ...blank, marks: {}, created }
  return changedFields(fields, command, begun, { ...next, created })
}

function pick(document: object, keys: readonly string[]): object {
  return Object.fromEntries(keys.map((key) => [key, Reflect.get(document, key)]))
}

/** @returns null if the write forges, drops or alters what is not its author's to change */
function readWrite(command: Command, { collection, base, next }: Write): Change | null {
  const { merge } = COLLECTIONS[collection]
  switch (merge.kind) {
    case 'FIELDS': {
      // Casts: documents that merge by fields have what a merge needs
      const sides = { base: base as MergedDocument | null, next: next as MergedDocument }
      const read = readMerged(command, merge, sides)
      return read === null ? null : { base, next, ...read }
    }
    case 'ONCE': {
      const isFresh = base === null && isOwn(command, authorOf(next))
      return isFresh ? { base, next, fields: [], facts: {}, settled: [] } : null
    }
    case 'SERVER':
      return null
  }
}

/** Entries are facts themselves. */
function authorOf(document: Write['next']): Authored {
  return 'created' in document ? document.created : document
}

/**
 * Reads what a command's writes do and checks that they are what its name allows, that every new
 * fact and mark is the author's own, and that nothing else was touched. Needs no other knowledge:
 * a forged command is refused here whatever the database holds.
 *
 * @returns null if the writes are not the command
 */
export function readChanges(command: Command): CommandChanges | null {
  const ids = new Set(command.writes.map(({ collection, id }) => `${collection}:${id}`))
  if (ids.size !== command.writes.length) return null
  const read = new Map<WritableCollection, Change[]>()
  for (const write of command.writes) {
    const { collection, id, base, next } = write
    if (next.id !== id || (base !== null && base.id !== id)) return null
    const change = readWrite(command, write)
    if (change === null) return null
    const others = read.get(collection)
    if (others === undefined) read.set(collection, [change])
    else others.push(change)
  }
  // Cast: each write's change lies under its collection
  const changes = Object.fromEntries(
    WritableCollection.options.map((collection) => [collection, read.get(collection) ?? []]),
  ) as unknown as CommandChanges
  return isTheCommand(command, changes) ? changes : null
}

function isTheCommand(command: Command, changes: CommandChanges): boolean {
  if ((command.name === 'decideQuarantined') !== (command.decision !== null)) return false
  const shape = SHAPES[command.name]
  const touched = WritableCollection.options.filter((name) => changes[name].length > 0)
  // A command of several optional parts writes at least one of them, and a decision none.
  if (touched.length > 0 !== (command.decision === null)) return false
  if (command.name === 'settleConflict' && command.writes.length !== 1) return false
  return WritableCollection.options.every((collection) =>
    isOfShape(collection, { command, shape, changes }),
  )
}

function isOfShape<C extends WritableCollection>(
  collection: C,
  { command, shape, changes }: { command: Command; shape: CommandShape; changes: CommandChanges },
): boolean {
  const made = changes[collection]
  const allowed: WriteShape<C> | undefined = shape[collection]
  if (allowed === undefined) return made.length === 0
  return (
    isWithin(made.length, allowed.count) &&
    made.every(
      (change) => isAllowed(change, allowed) && (allowed.fits?.(change, command, changes) ?? true),
    )
  )
}

function isAllowed<C extends WritableCollection>(
  { base, fields, facts, settled }: Change<C>,
  allowed: Omit<WriteShape<C>, 'fits'>,
): boolean {
  const counts = Object.entries(facts).map(([name, added]) => [name, added?.length ?? 0] as const)
  const factCount = counts.reduce((sum, [, count]) => sum + count, 0)
  return (
    (allowed.makes === 'EITHER' || (base === null) === (allowed.makes === 'NEW')) &&
    (base === null || fields.length + factCount + settled.length > 0) &&
    fields.every((field) => allowed.fields?.includes(field) === true) &&
    counts.every(([name, count]) => isWithin(count, allowed.facts?.[name] ?? [0, 0])) &&
    settled.length > 0 === (allowed.settles === true)
  )
}

function isWithin(count: number, [min, max]: Bounds): boolean {
  return count >= min && count <= max
}

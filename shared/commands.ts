import { z } from 'zod'
import type { Reference } from './collection-rules.ts'
import { COLLECTIONS, type Documents, WritableCollection } from './collections.ts'
import { CommandId, type PatientId, StationId, UserId } from './ids.ts'
import type { Action, VisitStatus } from './roles.ts'
import { Stamp } from './stamp.ts'

export const CommandName = z.enum([
  'registerPatient',
  'editPatient',
  'importPatients',
  'checkIn',
  'call',
  'startVisit',
  'sendToDoctor',
  'sendToAssistant',
  'returnToLine',
  'finishVisit',
  'skip',
  'reorder',
  'changeLine',
  'setPriority',
  'recall',
  'markNoShow',
  'cancel',
  'takePayment',
  'refund',
  'mergeVisits',
  'settleConflict',
  'undoLast',
  'decideQuarantined',
  'bookAppointment',
  'moveAppointment',
  'cancelAppointment',
  'markAppointmentMissed',
  'recordVitals',
  'writeNotes',
  'editAllergies',
  'draftPrescription',
  'finalizePrescription',
  'appendAddendum',
  'orderLab',
  'fileResult',
  'reviewResult',
  'waiveFee',
  'issueInvoice',
  'voidInvoice',
  'countDrawer',
  'saveStockItem',
  'moveStock',
  'recordConsent',
  'openRecord',
])
export type CommandName = z.infer<typeof CommandName>

/** One document of a command: what its author had seen (`base`), and what they made of it (`next`). */
export type Write = { [C in WritableCollection]: WriteOf<C> }[WritableCollection]
export interface WriteOf<C extends WritableCollection> {
  collection: C
  id: string
  base: Documents[C] | null
  next: Documents[C]
}

function writeSchema(collection: WritableCollection): AnyWrite {
  const { schema, merge } = COLLECTIONS[collection]
  return z.strictObject({
    collection: z.literal(collection),
    id: z.string().max(64),
    base: merge.kind === 'ONCE' ? z.null() : schema.nullable(),
    next: schema,
  })
}

type AnyWrite = z.core.$ZodTypeDiscriminable
// Casts: there are such collections, and one object for each, of its own documents
export const Write = z.discriminatedUnion(
  'collection',
  WritableCollection.options.map(writeSchema) as [AnyWrite, ...AnyWrite[]],
) as unknown as z.ZodType<Write>

/** The documents that a write needs without writing them. */
export function referencesIn<C extends WritableCollection>({
  collection,
  next,
}: WriteOf<C>): readonly Reference[] {
  return COLLECTIONS[collection].refers(next)
}

/** The patient that a write is about; null: about none. */
export function patientIn({ collection, next }: Write): PatientId | null {
  if (collection === 'patients') return next.id
  return 'patientId' in next ? next.patientId : null
}

export const MAX_WRITES = 500

/** The unit of work, of transport, of judgement and of audit (ARCHITECTURE 4). */
export const Command = z.strictObject({
  commandId: CommandId,
  stationId: StationId,
  /** The station's outbox number, from 1, never reused. */
  seq: z.int().min(1),
  name: CommandName,
  by: UserId,
  at: Stamp,
  /** The last feed number the station had when the command was made. */
  seen: z.int().min(0),
  writes: z.array(Write).max(MAX_WRITES),
  /** Only for `decideQuarantined`: which command, and how. */
  decision: z.strictObject({ commandId: CommandId, accept: z.boolean() }).nullable(),
})
export type Command = z.infer<typeof Command>

/** The one patient a command is about; null for a list of several, or a decision about none. */
export function patientOf({ writes }: Command): PatientId | null {
  const ids = new Set(writes.map(patientIn))
  const [id] = ids
  return id === undefined || ids.size > 1 ? null : id
}

export interface StatusRule {
  action: Action
  from: readonly VisitStatus[]
  /** The status the command's transition sets, or null if it appends none. */
  to: readonly VisitStatus[] | null
}

/**
 * command -> action -> from/to status, for the commands that change an existing visit. The role
 * table says who may do the action in the `from` status; this table says what the action may do.
 */
export const VISIT_COMMANDS = {
  call: { action: 'CALL', from: ['WAITING'], to: null },
  startVisit: {
    action: 'START_VISIT',
    from: ['WAITING', 'WITH_ASSISTANT'],
    to: ['WITH_ASSISTANT', 'WITH_DOCTOR'],
  },
  sendToDoctor: { action: 'SEND_TO_DOCTOR', from: ['WITH_ASSISTANT'], to: ['WITH_DOCTOR'] },
  sendToAssistant: { action: 'SEND_TO_ASSISTANT', from: ['WITH_DOCTOR'], to: ['WITH_ASSISTANT'] },
  returnToLine: { action: 'RETURN_TO_LINE', from: ['WITH_DOCTOR'], to: ['WAITING'] },
  finishVisit: { action: 'FINISH_VISIT', from: ['WITH_DOCTOR'], to: ['DONE'] },
  skip: { action: 'SKIP', from: ['WAITING'], to: null },
  reorder: { action: 'SKIP', from: ['WAITING'], to: null },
  changeLine: { action: 'MOVE_LINE', from: ['WAITING'], to: null },
  setPriority: { action: 'SET_PRIORITY', from: ['WAITING'], to: null },
  recall: { action: 'RECALL', from: ['NO_SHOW'], to: ['WAITING'] },
  markNoShow: { action: 'MARK_NO_SHOW', from: ['WAITING', 'WITH_ASSISTANT'], to: ['NO_SHOW'] },
  cancel: { action: 'CANCEL', from: ['WAITING', 'WITH_ASSISTANT'], to: ['CANCELED'] },
  mergeVisits: { action: 'MERGE_VISITS', from: ['WAITING', 'WITH_ASSISTANT'], to: ['CANCELED'] },
} as const satisfies Partial<Record<CommandName, StatusRule>>

export type VisitCommandName = keyof typeof VISIT_COMMANDS

export function isVisitCommand(name: CommandName): name is VisitCommandName {
  return Object.hasOwn(VISIT_COMMANDS, name)
}

export interface RecordRule {
  action: Action
  /** VISIT: the status of the visit that it is about. PATIENT: the strictest of the patient's today. */
  judgedBy: 'VISIT' | 'PATIENT' | 'NONE'
}

/** The same for the commands that change no visit: the role table alone says in which status. */
export const RECORD_COMMANDS = {
  registerPatient: { action: 'REGISTER_PATIENT', judgedBy: 'NONE' },
  importPatients: { action: 'IMPORT_PATIENTS', judgedBy: 'NONE' },
  editPatient: { action: 'EDIT_PATIENT', judgedBy: 'PATIENT' },
  takePayment: { action: 'TAKE_PAYMENT', judgedBy: 'VISIT' },
  refund: { action: 'REFUND', judgedBy: 'VISIT' },
  decideQuarantined: { action: 'DECIDE_QUARANTINE', judgedBy: 'NONE' },
  bookAppointment: { action: 'BOOK', judgedBy: 'NONE' },
  moveAppointment: { action: 'BOOK', judgedBy: 'NONE' },
  cancelAppointment: { action: 'BOOK', judgedBy: 'NONE' },
  markAppointmentMissed: { action: 'BOOK', judgedBy: 'NONE' },
  recordVitals: { action: 'RECORD_VITALS', judgedBy: 'VISIT' },
  writeNotes: { action: 'WRITE_NOTES', judgedBy: 'VISIT' },
  editAllergies: { action: 'EDIT_ALLERGIES', judgedBy: 'PATIENT' },
  draftPrescription: { action: 'CREATE_DRAFT_PRESCRIPTION', judgedBy: 'VISIT' },
  finalizePrescription: { action: 'FINALIZE_PRESCRIPTION', judgedBy: 'VISIT' },
  appendAddendum: { action: 'APPEND_ADDENDUM', judgedBy: 'VISIT' },
  orderLab: { action: 'ORDER_LAB', judgedBy: 'VISIT' },
  fileResult: { action: 'FILE_RESULT', judgedBy: 'PATIENT' },
  reviewResult: { action: 'REVIEW_RESULT', judgedBy: 'PATIENT' },
  waiveFee: { action: 'WAIVE_FEE', judgedBy: 'VISIT' },
  issueInvoice: { action: 'ISSUE_INVOICE', judgedBy: 'VISIT' },
  voidInvoice: { action: 'VOID_INVOICE', judgedBy: 'VISIT' },
  countDrawer: { action: 'COUNT_DRAWER', judgedBy: 'NONE' },
  saveStockItem: { action: 'MANAGE_STOCK', judgedBy: 'NONE' },
  moveStock: { action: 'MANAGE_STOCK', judgedBy: 'NONE' },
  recordConsent: { action: 'RECORD_CONSENT', judgedBy: 'NONE' },
  openRecord: { action: 'OPEN_RECORD', judgedBy: 'VISIT' },
} as const satisfies Partial<Record<CommandName, RecordRule>>

export type RecordCommandName = keyof typeof RECORD_COMMANDS

export function isRecordCommand(name: CommandName): name is RecordCommandName {
  return Object.hasOwn(RECORD_COMMANDS, name)
}

/** Putting back a value that lost is an edit of its document, and judged as the command that makes such. */
export const RESTORED_BY = {
  patients: 'editPatient',
  encounters: 'writeNotes',
  prescriptions: 'draftPrescription',
  appointments: 'moveAppointment',
  inventory: 'saveStockItem',
} as const satisfies Partial<Record<WritableCollection, RecordCommandName>>

/** Commands that begin new work: they need the right to write. All others finish what is open. */
export const NEW_WORK: readonly CommandName[] = [
  'registerPatient',
  'editPatient',
  'importPatients',
  'checkIn',
  'bookAppointment',
  'moveAppointment',
  'saveStockItem',
  'moveStock',
  'recordConsent',
]

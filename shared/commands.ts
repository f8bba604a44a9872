import { z } from 'zod'
import { Entry } from './entry.ts'
import { CommandId, StationId, UserId } from './ids.ts'
import { Patient } from './patient.ts'
import type { Action, VisitStatus } from './roles.ts'
import { Stamp } from './stamp.ts'
import { Visit } from './visit.ts'

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
])
export type CommandName = z.infer<typeof CommandName>

/** One document of a command: what its author had seen (`base`), and what they made of it (`next`). */
export const Write = z.discriminatedUnion('collection', [
  z.strictObject({
    collection: z.literal('patients'),
    id: z.string().max(64),
    base: Patient.nullable(),
    next: Patient,
  }),
  z.strictObject({
    collection: z.literal('visits'),
    id: z.string().max(64),
    base: Visit.nullable(),
    next: Visit,
  }),
  z.strictObject({
    collection: z.literal('entries'),
    id: z.string().max(64),
    base: z.null(),
    next: Entry,
  }),
])
export type Write = z.infer<typeof Write>

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

/** Commands that begin new work: they need the right to write. All others finish what is open. */
export const NEW_WORK: readonly CommandName[] = [
  'registerPatient',
  'editPatient',
  'importPatients',
  'checkIn',
]

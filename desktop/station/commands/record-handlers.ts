import type { ActionInput, ActionName, ActionOutput } from '../contract/actions.ts'
import type { CommandDraft, CommandTx } from '../replica/replica.ts'
import {
  bookAppointment,
  cancelAppointment,
  markAppointmentMissed,
  moveAppointment,
} from './bookings.ts'
import {
  appendAddendum,
  draftPrescription,
  editAllergies,
  fileResult,
  finalizePrescription,
  openRecord,
  orderLab,
  recordVitals,
  reviewResult,
  writeNotes,
} from './care.ts'
import {
  countDrawer,
  issueInvoice,
  moveStock,
  recordConsent,
  saveStockItem,
  voidInvoice,
  waiveFee,
} from './office.ts'

/** Makes the draft of each command that changes no visit, from what a window asks. */
const BUILDERS = {
  bookAppointment,
  moveAppointment,
  cancelAppointment,
  markAppointmentMissed,
  recordVitals,
  writeNotes,
  editAllergies,
  draftPrescription,
  finalizePrescription,
  appendAddendum,
  orderLab,
  fileResult,
  reviewResult,
  openRecord,
  recordConsent,
  waiveFee,
  issueInvoice,
  voidInvoice,
  countDrawer,
  saveStockItem,
  moveStock,
} as const satisfies {
  readonly [A in ActionName]?: (
    tx: CommandTx,
    input: ActionInput<A>,
  ) => CommandDraft<ActionOutput<A>>
}
export type RecordHandlers = {
  [A in keyof typeof BUILDERS]: (input: ActionInput<A>) => ActionOutput<A>
}

/** @param commit as the person now signed in */
export function recordHandlers(
  commit: <T>(make: (tx: CommandTx) => CommandDraft<T>) => T,
): RecordHandlers {
  const handlers = Object.entries(BUILDERS).map(([name, build]) => [
    name,
    // Cast: the input of that builder; windows' inputs are parsed by the contract
    (input: never) => commit<unknown>((tx) => build(tx, input)),
  ])
  // Cast: each under its own name
  return Object.fromEntries(handlers) as RecordHandlers
}

import { AppError } from '#shared/errors.ts'
import type { UserId, VisitId } from '#shared/ids.ts'
import { can, mayView } from '#shared/roles.ts'
import type { ActionInput, ActionOutput } from '../contract/actions.ts'
import type { Slip } from '../contract/slip.ts'
import type { CommandDraft, CommandTx, Replica } from '../replica/replica.ts'
import { importCsv } from '../import/import-csv.ts'
import type { ClinicDeps, CommandAction, CommandHandlers } from '../views/view.ts'
import { checkIn } from './check-in.ts'
import { decideQuarantined, mergeVisits, settleConflict } from './conflicts.ts'
import { parseInboxItemId } from './inbox-item-id.ts'
import { refund, takePayment } from './money.ts'
import { editedPatient, editPatient, registerPatient } from './patients.ts'
import { changeLine, recall, reorder, returnToLine, setPriority, skip } from './reorder.ts'
import { recordHandlers } from './record-handlers.ts'
import { slipOf } from './slip.ts'
import { undoLast } from './undo.ts'
import { call, callNext, takeStep } from './visit-steps.ts'

/** What the desk does, one command each; a list is imported by many. */
export type DeskHandlers = {
  [A in Exclude<CommandAction, 'importCsv'>]: (input: ActionInput<A>) => ActionOutput<A>
}

export interface CommandDeps extends Pick<ClinicDeps, 'session'> {
  replica: Pick<
    Replica,
    'commit' | 'read' | 'rejected' | 'dismissRejected' | 'givenAnew' | 'seeGivenAnew' | 'now'
  >
}

export function commandHandlers(deps: ClinicDeps): CommandHandlers {
  return { ...deskHandlers(deps), importCsv: (input) => importCsv(deps, input) }
}

/**
 * What answers each command action. Inputs are parsed. Each commits as the person now signed in;
 * an answer means that the command is durable.
 *
 * @throws AppError from every handler: SESSION_LOCKED, the judge's codes, and those of the builders
 */
export function deskHandlers(deps: CommandDeps): DeskHandlers {
  const { replica, session } = deps
  /** For undo: the visit may be of an earlier queue day, among which nobody wants to search. */
  const touched = new Map<UserId, VisitId>()

  const commit = <T>(make: (tx: CommandTx) => CommandDraft<T>): T =>
    replica.commit(session.require().userId, make)

  const commitVisit = <T>(visitId: VisitId, make: (tx: CommandTx) => CommandDraft<T>): T => {
    const output = commit(make)
    touched.set(session.require().userId, visitId)
    return output
  }

  return {
    registerPatient: ({ draft }) => commit((tx) => registerPatient(tx, draft)),
    editPatient(input) {
      const changesNothing = isUnchanged(deps, input)
      return changesNothing ? {} : commit((tx) => editPatient(tx, input))
    },
    checkIn(input) {
      const made = commit((tx) => checkIn(tx, input))
      return { ...made, slip: slipOf(replica, made.visitId, true) }
    },
    call: ({ visitId }) => commit((tx) => call(tx, visitId)),
    callNext: ({ doctorId }) => commit((tx) => callNext(tx, doctorId)),
    startVisit: ({ visitId, to }) =>
      commitVisit(visitId, (tx) => takeStep(tx, { name: 'startVisit', visitId, to })),
    sendToDoctor: ({ visitId }) =>
      commitVisit(visitId, (tx) =>
        takeStep(tx, { name: 'sendToDoctor', visitId, to: 'WITH_DOCTOR' }),
      ),
    sendToAssistant: ({ visitId }) =>
      commitVisit(visitId, (tx) =>
        takeStep(tx, { name: 'sendToAssistant', visitId, to: 'WITH_ASSISTANT' }),
      ),
    returnToLine: ({ visitId }) => commitVisit(visitId, (tx) => returnToLine(tx, visitId)),
    finishVisit: ({ visitId }) =>
      commitVisit(visitId, (tx) => takeStep(tx, { name: 'finishVisit', visitId, to: 'DONE' })),
    skip: ({ visitId }) => commit((tx) => skip(tx, visitId)),
    reorder: (input) => commit((tx) => reorder(tx, input)),
    changeLine: (input) => commit((tx) => changeLine(tx, input)),
    setPriority: (input) => commit((tx) => setPriority(tx, input)),
    recall: ({ visitId }) => commitVisit(visitId, (tx) => recall(tx, visitId)),
    markNoShow: ({ visitId }) =>
      commitVisit(visitId, (tx) => takeStep(tx, { name: 'markNoShow', visitId, to: 'NO_SHOW' })),
    cancel: ({ visitId, reason }) =>
      commitVisit(visitId, (tx) =>
        takeStep(tx, { name: 'cancel', visitId, to: 'CANCELED', reason }),
      ),
    takePayment: (input) => commit((tx) => takePayment(tx, input)),
    refund: (input) => commit((tx) => refund(tx, input)),
    undoLast() {
      const { userId } = session.require()
      return commit((tx) => undoLast(tx, touched.get(userId) ?? null))
    },
    slipOf: ({ visitId }) => printSlip(deps, visitId),
    ...recordHandlers(commit),
    settle: (input) => settle(deps, input),
    mergeVisits: (input) => commitVisit(input.merge, (tx) => mergeVisits(tx, input)),
    decideQuarantined: (decision) => commit((tx) => decideQuarantined(tx, decision)),
  }
}

/** A form saved as it was is not a command: nothing happened that anybody need be told. */
function isUnchanged(
  { replica, session }: CommandDeps,
  { patientId, changes }: ActionInput<'editPatient'>,
): boolean {
  const { roles, userId } = session.require()
  const patient = mayView(roles, 'IDENTITY') ? replica.read.patient(patientId) : null
  if (patient === null) return false
  const mark = { at: patient.created.at, by: userId }
  const { currency } = replica.read.settings()
  return editedPatient(patient, changes, { mark, currency }) === null
}

function printSlip({ replica, session }: CommandDeps, visitId: VisitId): Slip {
  const { roles } = session.require()
  if (!mayView(roles, 'QUEUE')) throw new AppError('FORBIDDEN')
  const { narrowing } = replica.read.settings()
  return slipOf(replica, visitId, can(roles, 'WAITING', 'TAKE_PAYMENT', narrowing))
}

/** What this station alone has to look at is put away here alone; a conflict is settled for everybody. */
function settle(
  { replica, session }: CommandDeps,
  { itemId, choice }: ActionInput<'settle'>,
): Record<string, never> {
  const { userId, roles } = session.require()
  const subject = parseInboxItemId(itemId)
  const requireTheirs = (by: UserId | undefined): void => {
    if (choice === 'RESTORE' || choice === 'JOIN')
      throw new AppError('INVALID', { issues: ['choice'] })
    const isDesk = can(roles, 'NONE', 'SETTLE_CONFLICT', replica.read.settings().narrowing)
    if (by === undefined || (by !== userId && !isDesk)) throw new AppError('NOT_FOUND')
  }
  switch (subject.kind) {
    case 'REJECTED': {
      const row = replica.rejected().find(({ command }) => command.commandId === subject.commandId)
      requireTheirs(row?.command.by)
      replica.dismissRejected(subject.commandId)
      return {}
    }
    case 'GIVEN_ANEW': {
      const row = replica.givenAnew().find(({ commandId }) => commandId === subject.commandId)
      requireTheirs(row?.by)
      replica.seeGivenAnew(subject.commandId)
      return {}
    }
    case 'HELD':
    case 'QUARANTINED':
      // The server holds it: it is tried again, or an ADMIN decides.
      throw new AppError('INVALID', { issues: ['itemId'] })
    case 'SUPERSEDED':
    case 'OVERRULED':
    case 'DUPLICATE_VISIT':
      return replica.commit(userId, (tx) =>
        settleConflict(tx, subject, choice === 'DISMISS' ? 'KEEP' : choice),
      )
  }
}

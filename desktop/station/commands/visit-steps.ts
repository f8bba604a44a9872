import type { VisitCommandName } from '#shared/commands.ts'
import { AppError } from '#shared/errors.ts'
import type { CalendarDate } from '#shared/fields.ts'
import { CallId, type UserId, type VisitId } from '#shared/ids.ts'
import { queueDayOf } from '#shared/queue-day.ts'
import type { VisitStatus } from '#shared/roles.ts'
import type { Visit } from '#shared/visit.ts'
import type { CommandDraft, CommandTx } from '../replica/replica.ts'
import { lineOf, standingCall } from './line.ts'
import { requireRight } from './rights.ts'
import { appendStep, ownFact, requireVisit, visitWrite } from './visit-change.ts'

export type Nothing = Record<string, never>

export function today(tx: CommandTx): CalendarDate {
  return queueDayOf(tx.now, tx.settings())
}

interface StepCommand {
  name: VisitCommandName
  visitId: VisitId
  to: VisitStatus
  reason?: string | null
}

/** A command that only takes a visit one step on: startVisit, sendToDoctor, finishVisit, cancel... */
export function takeStep(tx: CommandTx, command: StepCommand): CommandDraft<Nothing> {
  const visit = requireVisit(tx, command.visitId)
  const next = appendStep(tx, visit, { status: command.to, reason: command.reason ?? null })
  return { name: command.name, writes: [visitWrite(visit, next)], output: {} }
}

export function call(tx: CommandTx, visitId: VisitId): CommandDraft<Nothing> {
  return { ...callVisit(tx, requireVisit(tx, visitId)), output: {} }
}

/** @throws AppError LINE_EMPTY */
export function callNext(tx: CommandTx, doctorId: UserId): CommandDraft<{ visitId: VisitId }> {
  requireRight(tx, 'WAITING', 'CALL')
  const line = lineOf(tx, doctorId, today(tx))
  const next = line.find((visit) => standingCall(visit) === null) ?? line[0]
  if (next === undefined) throw new AppError('LINE_EMPTY')
  return { ...callVisit(tx, next), output: { visitId: next.id } }
}

function callVisit(tx: CommandTx, visit: Visit): Omit<CommandDraft<never>, 'output'> {
  const doctor = tx.doctors().find(({ doctorId }) => doctorId === visit.doctorId)
  const made = { id: CallId.parse(tx.newId()), ...ownFact(tx), room: doctor?.room ?? '' }
  const next = { ...visit, calls: [...visit.calls, made] }
  return { name: 'call', writes: [visitWrite(visit, next)] }
}

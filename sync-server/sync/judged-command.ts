import type { Command } from '#shared/commands.ts'
import type { ErrorCode, ErrorDetails } from '#shared/errors.ts'
import type { UserId } from '#shared/ids.ts'
import type { CommandResult, Verdict } from '#shared/protocol.ts'
import { type Stamp, stampTime } from '#shared/stamp.ts'
import type { DocumentChange } from './apply-writes.ts'
import { keyOf, type Standing, type WorkingSet } from './working-set.ts'

/** What became of one command: a row of `commands`, and of the audit if it was accepted. */
export interface JudgedCommand {
  command: Command
  verdict: Verdict
  code: ErrorCode | null
  details: ErrorDetails
  seen: number
  admittedBy: UserId | null
  /** In the order written. */
  changed: readonly DocumentChange[]
  /** JSON text of the CommandResult. */
  answer: string
}

export interface JudgeOptions {
  /** The server's time, milliseconds. */
  now: number
  /** The feed number to judge by. */
  seen: number
  /** The ADMIN who let the command in although its author or clinic had been deactivated. */
  admittedBy: UserId | null
  /** The command's stamp before it was clamped; null: it was not. */
  clampedFrom: Stamp | null
}

export function touchesOf(command: Command): string[] {
  return command.writes.map(({ collection, id }) => keyOf(collection, id))
}

/** Documents that a command needs without writing them. */
export function referencesOf(command: Command): string[] {
  return command.writes.flatMap((write) => {
    switch (write.collection) {
      case 'patients':
        return []
      case 'visits': {
        const { patientId, mergedInto } = write.next
        return [
          keyOf('patients', patientId),
          ...(mergedInto === null ? [] : [keyOf('visits', mergedInto)]),
        ]
      }
      case 'entries': {
        const { visitId, body } = write.next
        return [
          keyOf('visits', visitId),
          ...(body.kind === 'REFUND' ? [keyOf('entries', body.paymentId)] : []),
        ]
      }
    }
  })
}

interface Reason {
  code: ErrorCode | null
  details: ErrorDetails
}

/** @param along documents that the answer carries although another command wrote them */
export function accept(
  command: Command,
  options: JudgeOptions,
  applied: { changed: readonly DocumentChange[]; details: ErrorDetails },
  along: readonly DocumentChange[] = [],
): JudgedCommand {
  const { changed, details } = applied
  const documents = [...along, ...changed].map(({ after }) => standingText(after))
  return judgedAs('ACCEPTED', command, options, { code: null, details, documents, changed })
}

export function hold(command: Command, options: JudgeOptions, reason: Reason): JudgedCommand {
  return judgedAs('HELD', command, options, { ...reason, documents: [], changed: [] })
}

/** Refuses with what stands instead, for the station to take back. */
export function refuse(
  set: WorkingSet,
  command: Command,
  options: JudgeOptions,
  reason: Reason,
): JudgedCommand {
  const documents = command.writes.map(({ collection, id }) => {
    const standing = set.documents.get(keyOf(collection, id))
    return standing === undefined
      ? `{"collection":"${collection}","id":${JSON.stringify(id)},"seq":0,"doc":null}`
      : standingText(standing)
  })
  return judgedAs('REJECTED', command, options, { ...reason, documents, changed: [] })
}

function judgedAs(
  verdict: Verdict,
  command: Command,
  { now, seen, admittedBy, clampedFrom }: JudgeOptions,
  outcome: Reason & { documents: readonly string[]; changed: readonly DocumentChange[] },
): JudgedCommand {
  const { code, documents, changed } = outcome
  const details: ErrorDetails =
    clampedFrom === null
      ? outcome.details
      : { ...outcome.details, clockAheadMs: stampTime(clampedFrom) - now }
  const answer = answerText(command, { verdict, code, details }, documents)
  return { command, verdict, code, details, seen, admittedBy, changed, answer }
}

export function standingText({ collection, seq, text, doc }: Standing): string {
  return `{"collection":"${collection}","id":${JSON.stringify(doc.id)},"seq":${seq},"doc":${text ?? JSON.stringify(doc)}}`
}

/** Joined as text: documents were printed once. */
export function answerText(
  { commandId }: Pick<Command, 'commandId'>,
  { verdict, code, details }: Pick<CommandResult, 'verdict' | 'code' | 'details'>,
  documents: readonly string[],
): string {
  const head = JSON.stringify({ commandId, verdict, code, details })
  return `${head.slice(0, -1)},"documents":[${documents.join(',')}]}`
}

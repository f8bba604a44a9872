import { type Command, referencesIn } from '#shared/commands.ts'
import type { ErrorCode, ErrorDetails } from '#shared/errors.ts'
import type { CommandId, UserId } from '#shared/ids.ts'
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
  /** The same as it is stored: what stands is named and not copied. */
  stored: string
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
  return command.writes.flatMap((write) =>
    referencesIn(write).map(({ collection, id }) => keyOf(collection, id)),
  )
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
  const documents = [...along, ...changed].map(({ after }) => printStanding(after))
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
  const documents = touchesOf(command).map((key) => printedAt(set, key) ?? absentAt(key))
  return judgedAs('REJECTED', command, options, { ...reason, documents, changed: [] })
}

function judgedAs(
  verdict: Verdict,
  command: Command,
  { now, seen, admittedBy, clampedFrom }: JudgeOptions,
  outcome: Reason & {
    documents: readonly PrintedDocument[]
    changed: readonly DocumentChange[]
  },
): JudgedCommand {
  const { code, documents, changed } = outcome
  const details: ErrorDetails =
    clampedFrom === null
      ? outcome.details
      : { ...outcome.details, clockAheadMs: stampTime(clampedFrom) - now }
  const print = (texts: readonly string[]): string =>
    answerText(command, { verdict, code, details }, texts)
  const answer = print(documents.map(({ text }) => text))
  const stored = print(documents.map(({ reference }) => reference))
  return { command, verdict, code, details, seen, admittedBy, changed, answer, stored }
}

/** A document as it stands, printed as an answer carries it. */
export interface PrintedDocument {
  seq: number
  text: string
  /** Without what is in it: as a stored answer names it. */
  reference: string
}

function printStanding({ collection, seq, text, doc }: Standing): PrintedDocument {
  const named = `{"collection":"${collection}","id":${JSON.stringify(doc.id)},"seq":${seq}`
  return {
    seq,
    text: `${named},"doc":${text ?? JSON.stringify(doc)}}`,
    reference: `${named}}`,
  }
}

export function printedAt(set: WorkingSet, key: string): PrintedDocument | null {
  const standing = set.documents.get(key)
  return standing === undefined ? null : printStanding(standing)
}

/** Of a key that nothing stands under: the station takes its own back. */
export function absentText(key: string): string {
  const at = key.indexOf(':')
  const id = JSON.stringify(key.slice(at + 1))
  return `{"collection":"${key.slice(0, at)}","id":${id},"seq":0,"doc":null}`
}

function absentAt(key: string): PrintedDocument {
  const text = absentText(key)
  return { seq: 0, text, reference: text }
}

/** Refused for itself, and so not remembered: with what stands instead, for the station to take back. */
export function refusalText(
  refused: { commandId: CommandId; code: ErrorCode; details: ErrorDetails },
  touches: readonly string[],
  standing: (key: string) => Pick<PrintedDocument, 'text'> | null,
): string {
  const documents = touches.map((key) => standing(key)?.text ?? absentText(key))
  return answerText(refused, { verdict: 'REJECTED', ...refused }, documents)
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

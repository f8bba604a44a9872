import { ClinicDoc } from '#shared/clinic.ts'
import type { Command } from '#shared/commands.ts'
import type { CommandId, StationId } from '#shared/ids.ts'
import type { Verdict } from '#shared/protocol.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import type { Arrival } from './arrival.ts'
import { lockFeed, writeClinicDocuments } from './feed.ts'
import { hold, refusalText, touchesOf } from './judged-command.ts'
import { printDocuments } from './load-documents.ts'
import { decidedDocument } from './quarantine.ts'
import { recordCommands } from './record-commands.ts'
import { answerAgain, documentsOfAnswer } from './stored-answer.ts'

type Answered = { stationId: StationId; verdict: Verdict; answer: string }

/**
 * Answers what could not be judged because judging or writing it failed. Nothing that stands is
 * read here, only printed: it may be what failed.
 *
 * @param isFinal data that the database refuses can never become right. A fault of ours can: then
 *   the command is HELD, and those that build on it with it, until we are mended
 * @returns the JSON text of a CommandResult
 */
export async function setAside(
  tx: ClinicTx,
  arrival: Arrival,
  { isFinal, now }: { isFinal: boolean; now: number },
): Promise<string> {
  if (arrival.kind === 'REFUSED') {
    return refusalText(arrival, arrival.touches, await printDocuments(tx, arrival.touches))
  }
  const { command } = arrival
  const { commandId, stationId } = command
  // An ADMIN may be deciding on it at this moment.
  await lockFeed(tx)
  const before = await findAnswered(tx, commandId)
  const isOwn = before === null || before.stationId === stationId
  if (isOwn && before !== null && before.verdict !== 'HELD') {
    return answerAgain(before.answer, await printDocuments(tx, documentsOfAnswer(before.answer)))
  }
  if (!isFinal && isOwn) return holdAside(tx, command, { now, isKnown: before !== null })
  const touches = touchesOf(command)
  const refused = { commandId, code: 'INVALID', details: {} } as const
  const answer = refusalText(refused, touches, await printDocuments(tx, touches))
  if (isOwn && before !== null) await endHeld(tx, commandId, { answer, now })
  return answer
}

/** One that is known keeps what was seen, who let it in, and its text as it was clamped then. */
async function holdAside(
  tx: ClinicTx,
  command: Command,
  { now, isKnown }: { now: number; isKnown: boolean },
): Promise<string> {
  const options = { now, seen: command.seen, admittedBy: null, clampedFrom: null }
  const held = hold(command, options, { code: 'INTERNAL', details: {} })
  if (!isKnown) await recordCommands(tx, [held], new Set())
  return held.answer
}

async function findAnswered(tx: ClinicTx, commandId: CommandId): Promise<Answered | null> {
  const { rows } = await tx.query<Answered>(
    `SELECT station_id AS "stationId", verdict, response::text AS answer
     FROM commands WHERE clinic_id = $1 AND command_id = $2`,
    [tx.clinicId, commandId],
  )
  return rows[0] ?? null
}

/** What waits behind it must not wait for ever, nor an ADMIN be asked about it. */
async function endHeld(
  tx: ClinicTx,
  commandId: CommandId,
  { answer, now }: { answer: string; now: number },
): Promise<void> {
  await tx.query(
    `UPDATE commands SET verdict = 'REJECTED', code = 'INVALID', response = $3, payload = NULL
     WHERE clinic_id = $1 AND command_id = $2 AND verdict = 'HELD'`,
    [tx.clinicId, commandId, answer],
  )
  const { rows } = await tx.query<{ doc: unknown }>(
    `SELECT doc FROM documents
     WHERE clinic_id = $1 AND collection = 'clinic' AND id = 'quarantined:' || $2`,
    [tx.clinicId, commandId],
  )
  const pending = rows.flatMap(({ doc }) => {
    const read = ClinicDoc.safeParse(doc).data
    return read === undefined ? [] : (decidedDocument(read, 'REJECTED') ?? [])
  })
  if (pending.length > 0) await writeClinicDocuments(tx, pending, now)
}

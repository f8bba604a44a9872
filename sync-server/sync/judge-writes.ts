import type { Command, Write } from '#shared/commands.ts'
import type { ErrorCode, ErrorDetails } from '#shared/errors.ts'
import type { CommandId } from '#shared/ids.ts'
import { judgeCommand, type Judgement } from '#shared/judge.ts'
import { applyWrites } from './apply-writes.ts'
import { judgeContext } from './history-seen.ts'
import {
  accept,
  hold,
  type JudgedCommand,
  type JudgeOptions,
  referencesOf,
  refuse,
  touchesOf,
} from './judged-command.ts'
import { isStranger, waitsForLost } from './lost-history.ts'
import { putQuarantined } from './quarantine.ts'
import { keyOf, type WorkingSet } from './working-set.ts'

/** Judges a command that writes documents, and applies it if it is lawful. */
export function judgeWrites(
  set: WorkingSet,
  command: Command,
  options: JudgeOptions,
): JudgedCommand {
  // Its base holds what the server has not accepted: judged now, it would be torn from its parent.
  const parent = heldBefore(set, command, touchesOf(command))
  if (parent !== null) return holdBehind(parent, command, options)
  const judgement = quarantineStranger(set, command, options)
  if (judgement.verdict === 'ACCEPTED') {
    if (command.writes.some((write) => isOrphan(set, write))) {
      return refuseOrWait(set, command, options, { code: 'NOT_FOUND', details: {} })
    }
    const applied = applyWrites(set, command, judgement.changes)
    return applied === null
      ? refuse(set, command, options, { code: 'INVALID', details: { issues: ['writes'] } })
      : accept(command, options, applied)
  }
  if (judgement.verdict === 'HELD') {
    if (judgement.code === 'QUARANTINED') putQuarantined(set, command, judgement.details)
    return hold(command, options, judgement)
  }
  const needed = heldBefore(set, command, referencesOf(command))
  return needed === null
    ? refuseOrWait(set, command, options, judgement)
    : holdBehind(needed, command, options)
}

/** What is lawful but for a session that nobody knows of, an ADMIN lets in, or not. */
function quarantineStranger(set: WorkingSet, command: Command, options: JudgeOptions): Judgement {
  const judgement = judgeAsSeen(set, command, options)
  return judgement.verdict === 'ACCEPTED' && isStranger(set, command, options)
    ? { verdict: 'HELD', code: 'QUARANTINED', details: { reason: 'MEMBER_INACTIVE' } }
    : judgement
}

/** Of what a restore lost and is here again its author may have seen all or nothing: lawful is lawful. */
function judgeAsSeen(set: WorkingSet, command: Command, options: JudgeOptions): Judgement {
  const isAdmitted = options.admittedBy !== null
  const judge = (withLost: boolean): Judgement =>
    judgeCommand(command, judgeContext(set, command, { ...options, isAdmitted, withLost }))
  const judgement = judge(false)
  const isOfBefore = set.lost !== null && options.seen <= set.lost.seq
  return judgement.verdict === 'REJECTED' && isOfBefore ? judge(true) : judgement
}

/** HELD, if what it stands on was lost by a restore and may still come. */
function refuseOrWait(
  set: WorkingSet,
  command: Command,
  options: JudgeOptions,
  reason: { code: ErrorCode; details: ErrorDetails },
): JudgedCommand {
  return waitsForLost(set, command, { seen: options.seen, code: reason.code })
    ? hold(command, options, { code: 'PARENT_HELD', details: { lost: true } })
    : refuse(set, command, options, reason)
}

function holdBehind(parent: CommandId, command: Command, options: JudgeOptions): JudgedCommand {
  return hold(command, options, { code: 'PARENT_HELD', details: { parent } })
}

/** A change of something that does not stand here. */
function isOrphan(set: WorkingSet, { collection, id, base }: Write): boolean {
  return base !== null && !set.documents.has(keyOf(collection, id))
}

/** The first of the station's earlier commands that is still held and writes one of these documents. */
function heldBefore(
  set: WorkingSet,
  { commandId, stationId, seq }: Command,
  keys: readonly string[],
): CommandId | null {
  if (stationId !== set.stationId) return null
  for (const key of keys) {
    for (const [heldId, heldSeq] of set.held.writersOf.get(key) ?? []) {
      if (heldSeq < seq && heldId !== commandId) return heldId
    }
  }
  return null
}

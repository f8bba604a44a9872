import type { Command, Write } from '#shared/commands.ts'
import type { CommandId } from '#shared/ids.ts'
import { judgeCommand } from '#shared/judge.ts'
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
  const isAdmitted = options.admittedBy !== null
  const judgement = judgeCommand(command, judgeContext(set, command, { ...options, isAdmitted }))
  if (judgement.verdict === 'ACCEPTED') {
    if (command.writes.some((write) => isOrphan(set, write))) {
      return refuse(set, command, options, { code: 'NOT_FOUND', details: {} })
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
    ? refuse(set, command, options, judgement)
    : holdBehind(needed, command, options)
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

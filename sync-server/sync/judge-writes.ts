import type { Command, Write } from '#shared/commands.ts'
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

const NO_KEYS: ReadonlySet<string> = new Set()

/** Judges a command that writes documents, and applies it if it is lawful. */
export function judgeWrites(
  set: WorkingSet,
  command: Command,
  options: JudgeOptions,
): JudgedCommand {
  const held = heldBefore(set, command)
  // Its base holds what the server has not accepted: judged now, it would be torn from its parent.
  if (touchesOf(command).some((key) => held.has(key))) {
    return hold(command, options, { code: 'PARENT_HELD', details: {} })
  }
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
  return referencesOf(command).some((key) => held.has(key))
    ? hold(command, options, { code: 'PARENT_HELD', details: {} })
    : refuse(set, command, options, judgement)
}

/** A change of something that does not stand here. */
function isOrphan(set: WorkingSet, { collection, id, base }: Write): boolean {
  return base !== null && !set.documents.has(keyOf(collection, id))
}

/** What the station's earlier commands, still held, write. */
function heldBefore(set: WorkingSet, command: Command): ReadonlySet<string> {
  if (set.held.size === 0 || command.stationId !== set.stationId) return NO_KEYS
  const keys = new Set<string>()
  for (const [commandId, { stationSeq, touches }] of set.held) {
    if (commandId === command.commandId || stationSeq >= command.seq) continue
    for (const key of touches) keys.add(key)
  }
  return keys
}

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

const NOTHING: ReadonlyMap<string, CommandId> = new Map()

/** Judges a command that writes documents, and applies it if it is lawful. */
export function judgeWrites(
  set: WorkingSet,
  command: Command,
  options: JudgeOptions,
): JudgedCommand {
  const held = heldBefore(set, command)
  // Its base holds what the server has not accepted: judged now, it would be torn from its parent.
  const parent = firstIn(held, touchesOf(command))
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
  const needed = firstIn(held, referencesOf(command))
  return needed === null
    ? refuse(set, command, options, judgement)
    : holdBehind(needed, command, options)
}

function holdBehind(parent: CommandId, command: Command, options: JudgeOptions): JudgedCommand {
  return hold(command, options, { code: 'PARENT_HELD', details: { parent } })
}

function firstIn(held: ReadonlyMap<string, CommandId>, keys: readonly string[]): CommandId | null {
  for (const key of keys) {
    const commandId = held.get(key)
    if (commandId !== undefined) return commandId
  }
  return null
}

/** A change of something that does not stand here. */
function isOrphan(set: WorkingSet, { collection, id, base }: Write): boolean {
  return base !== null && !set.documents.has(keyOf(collection, id))
}

/** What the station's earlier commands, still held, write: document -> the first of them. */
function heldBefore(set: WorkingSet, command: Command): ReadonlyMap<string, CommandId> {
  if (set.held.size === 0 || command.stationId !== set.stationId) return NOTHING
  const keys = new Map<string, CommandId>()
  for (const [commandId, { stationSeq, touches }] of set.held) {
    if (commandId === command.commandId || stationSeq >= command.seq) continue
    for (const key of touches) if (!keys.has(key)) keys.set(key, commandId)
  }
  return keys
}

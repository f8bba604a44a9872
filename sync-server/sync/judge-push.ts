import type { Command } from '#shared/commands.ts'
import type { CommandId } from '#shared/ids.ts'
import { judgeCommand } from '#shared/judge.ts'
import type { Arrival } from './arrival.ts'
import { judgeContext, seenBy } from './history-seen.ts'
import { judgeWrites } from './judge-writes.ts'
import {
  accept,
  hold,
  type JudgedCommand,
  type JudgeOptions,
  refuse,
  type PrintedDocument,
  printedAt,
  referencesOf,
  refusalText,
  touchesOf,
} from './judged-command.ts'
import { isStranger, mayBeForgotten } from './lost-history.ts'
import { putDecision, quarantinedIn } from './quarantine.ts'
import { answerAgain } from './stored-answer.ts'
import { addHeld, removeHeld, type WorkingSet } from './working-set.ts'

export interface JudgedPush {
  /** JSON text of a CommandResult for each arrival, in order. */
  answers: string[]
  /** In the order judged; a command that an ADMIN decided on comes before the decision. */
  judged: JudgedCommand[]
}

/**
 * Judges a push in order, in memory, each command whole or not at all. Pure but for the working set,
 * which afterwards holds the documents as they are to be written.
 *
 * @param now the server's time, milliseconds
 */
export function judgePush(set: WorkingSet, arrivals: readonly Arrival[], now: number): JudgedPush {
  const judged: JudgedCommand[] = []
  const arriving = new Set(
    arrivals.map((each) => (each.kind === 'REFUSED' ? each.commandId : each.command.commandId)),
  )
  const take = (result: readonly JudgedCommand[]): void => {
    for (const each of result) remember(set, each)
    endQuarantine(set, result.at(-1))
    judged.push(...result)
  }
  const standing = (key: string): PrintedDocument | null => printedAt(set, key)
  const answers = arrivals.map((arrival) => {
    if (arrival.kind === 'REFUSED') return refusalText(arrival, arrival.touches, standing)
    const { command, clampedFrom } = arrival
    const before = set.answered.get(command.commandId)
    if (before !== undefined && before.stationId !== command.stationId) {
      // The id of another station's command: its answer is not this one's to read.
      const { commandId } = command
      return refusalText({ commandId, code: 'INVALID', details: {} }, touchesOf(command), standing)
    }
    if (before !== undefined && before.verdict !== 'HELD') {
      return answerAgain(before.answer, standing)
    }
    for (const parent of keptAhead(set, command, arriving)) {
      arriving.add(parent.command.commandId)
      take(judgeArrived(set, parent.command, { ...parent, now, clampedFrom: null }))
    }
    const seen = Math.max(seenBy(set, command, before === undefined), before?.seen ?? 0)
    const admittedBy = before?.admittedBy ?? null
    // A held one as it was kept: its stamps may have been clamped then. One set aside never were.
    const kept = before?.code === 'INTERNAL' ? null : before?.command
    const result = judgeArrived(set, kept ?? command, {
      now,
      seen,
      admittedBy,
      clampedFrom,
    })
    take(result)
    // The last one is the command itself.
    return result.at(-1)?.answer ?? ''
  })
  return { answers, judged }
}

/**
 * What is HELD ahead of a command and is not on its way itself. Its station sends it again one day; but if
 * that was another copy of the file, which is gone, nobody does, and all behind it would be held for ever.
 * Not what an ADMIN decides on, nor what a fault of ours holds: that is not to spread to this one.
 */
function keptAhead(
  set: WorkingSet,
  command: Command,
  arriving: ReadonlySet<CommandId>,
): (Pick<JudgeOptions, 'seen' | 'admittedBy'> & { command: Command })[] {
  if (command.stationId !== set.stationId) return []
  const { touchesOf: heldTouches, writersOf } = set.held
  const ahead = new Map<CommandId, number>()
  const keys = new Set([...touchesOf(command), ...referencesOf(command)])
  // Grows while it is gone through: what is held ahead may itself be held by something before it.
  for (const key of keys) {
    for (const [id, seq] of writersOf.get(key) ?? []) {
      if (seq >= command.seq || arriving.has(id)) continue
      ahead.set(id, seq)
      for (const touched of heldTouches.get(id) ?? []) keys.add(touched)
    }
  }
  const inOrder = [...ahead].toSorted(([, a], [, b]) => a - b)
  return inOrder.flatMap(([id]) => {
    const kept = set.answered.get(id)
    if (kept?.code === 'QUARANTINED' || kept?.code === 'INTERNAL') return []
    return kept?.command ? { ...kept, command: kept.command } : []
  })
}

function judgeArrived(set: WorkingSet, command: Command, options: JudgeOptions): JudgedCommand[] {
  if (isStranger(set, command, options)) {
    // They may still sign in, or the server may have lost that they did: then an ADMIN decides for one
    // who may not any more. Nobody decides for an ADMIN.
    const isUndecided = command.name === 'decideQuarantined' || !mayBeForgotten(set, command)
    if (isUndecided) return [hold(command, options, { code: 'NOT_SIGNED_IN_HERE', details: {} })]
  }
  return command.name === 'decideQuarantined'
    ? judgeDecision(set, command, options)
    : [judgeWrites(set, command, options)]
}

/** An ADMIN lets a quarantined command in, or not. Its author stays its author. */
function judgeDecision(set: WorkingSet, command: Command, options: JudgeOptions): JudgedCommand[] {
  const context = judgeContext(set, command, { ...options, isAdmitted: false })
  const judgement = judgeCommand(command, context)
  if (judgement.verdict === 'REJECTED') return [refuse(set, command, options, judgement)]
  if (judgement.verdict === 'HELD') return [hold(command, options, judgement)]
  const { decision } = command
  const quarantined = decision === null ? null : quarantinedIn(set, decision.commandId)
  const target = decision === null ? undefined : set.answered.get(decision.commandId)
  if (decision === null || quarantined === null || target === undefined) {
    return [refuse(set, command, options, { code: 'NOT_FOUND', details: {} })]
  }
  if (quarantined.decision !== 'PENDING' || target.command === null) {
    return [refuse(set, command, options, { code: 'IMMUTABLE', details: {} })]
  }
  const outcome = decision.accept
    ? judgeWrites(set, target.command, {
        now: options.now,
        seen: target.seen,
        admittedBy: command.by,
        clampedFrom: null,
      })
    : refuse(
        set,
        target.command,
        { now: options.now, seen: target.seen, admittedBy: null, clampedFrom: null },
        { code: quarantined.reason, details: { decision: 'REJECTED' } },
      )
  const decided = putDecision(set, quarantined, decision.accept ? 'ACCEPTED' : 'REJECTED')
  const details = {
    verdict: outcome.verdict,
    ...(outcome.code === null ? {} : { code: outcome.code }),
  }
  return [outcome, accept(command, options, { changed: [decided], details }, outcome.changed)]
}

/** What was put before the ADMINs and then settled by itself is not theirs to decide any more. */
function endQuarantine(set: WorkingSet, settled: JudgedCommand | undefined): void {
  if (settled === undefined || settled.verdict === 'HELD') return
  const asked = quarantinedIn(set, settled.command.commandId)
  if (asked?.decision === 'PENDING') putDecision(set, asked, settled.verdict)
}

/** So that what comes later in the same push sees it. */
function remember(set: WorkingSet, judged: JudgedCommand): void {
  const { command, verdict, code, answer, seen, admittedBy } = judged
  const isHeld = verdict === 'HELD'
  set.answered.set(command.commandId, {
    stationId: command.stationId,
    verdict,
    code,
    answer,
    seen,
    command: isHeld ? command : null,
    admittedBy,
  })
  if (command.stationId === set.stationId) {
    set.known.lastCommand = Math.max(set.known.lastCommand, command.seq)
  }
  if (!isHeld) removeHeld(set.held, command.commandId)
  else if (command.stationId === set.stationId) {
    addHeld(set.held, {
      commandId: command.commandId,
      stationSeq: command.seq,
      touches: touchesOf(command),
    })
  }
}

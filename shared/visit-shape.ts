import { type Change, stepsOf } from './change.ts'
import { type CommandName, VISIT_COMMANDS, type VisitCommandName } from './commands.ts'
import { MERGED_REASON, type VisitField } from './visit.ts'
import { type CommandShape, ONE } from './write-shape.ts'

const VISIT_FIELDS_OF: Partial<Record<CommandName, readonly VisitField[]>> = {
  returnToLine: ['orderKey', 'boosted', 'orderReason'],
  recall: ['orderKey', 'boosted', 'orderReason'],
  skip: ['orderKey', 'boosted', 'orderReason'],
  reorder: ['orderKey', 'boosted', 'orderReason'],
  changeLine: ['doctorId', 'orderKey', 'orderReason'],
  setPriority: ['priority', 'boosted', 'orderReason'],
  mergeVisits: ['mergedInto'],
}

export function visitShape(name: VisitCommandName): CommandShape {
  const targets: readonly string[] | null = VISIT_COMMANDS[name].to
  return {
    visits: {
      count: ONE,
      makes: 'CHANGE',
      fields: VISIT_FIELDS_OF[name] ?? [],
      facts: {
        ...(targets === null ? {} : { transitions: ONE }),
        ...(name === 'call' ? { calls: ONE } : {}),
      },
      fits: (change) =>
        stepsOf(change).every(
          ({ status, undoes }) => undoes === null && targets?.includes(status) === true,
        ) &&
        // By hand nobody gets back the boost that they have lost: that is `setPriority`.
        (name !== 'reorder' || change.base?.boosted === true || !change.next.boosted) &&
        (name !== 'mergeVisits' || isMerge(change)),
    },
  }
}

function isMerge(change: Change<'visits'>): boolean {
  const { id, mergedInto } = change.next
  const reason = stepsOf(change)[0]?.reason
  return reason === MERGED_REASON && mergedInto !== null && mergedInto !== id
}

import type { Settings } from '#shared/clinic.ts'
import { type StatusRule, VISIT_COMMANDS } from '#shared/commands.ts'
import { AppError } from '#shared/errors.ts'
import { Action, can, mayView, type Role, type Sight, type VisitStatus } from '#shared/roles.ts'

/** @throws AppError FORBIDDEN */
export function requireSight(roles: readonly Role[], sight: Sight): void {
  if (!mayView(roles, sight)) throw new AppError('FORBIDDEN')
}

/** Who takes payments sees what of a visit is paid and owed, whoever took it. */
export function seesAccounts(roles: readonly Role[], { narrowing }: Settings): boolean {
  return can(roles, 'WAITING', 'TAKE_PAYMENT', narrowing)
}

const RULES: readonly StatusRule[] = Object.values(VISIT_COMMANDS)

/**
 * What a person may do to a visit in each status: what the roles table grants, less what no command
 * could do from there.
 */
export function visitActions(
  roles: readonly Role[],
  { narrowing }: Settings,
): (status: VisitStatus) => Action[] {
  const known = new Map<VisitStatus, Action[]>()
  return (status) => {
    const before = known.get(status)
    if (before !== undefined) return before
    const actions = Action.options.filter((action) => {
      const rules = RULES.filter((rule) => rule.action === action)
      const isPossible = rules.length === 0 || rules.some(({ from }) => from.includes(status))
      return isPossible && can(roles, status, action, narrowing)
    })
    known.set(status, actions)
    return actions
  }
}

import { AppError } from '#shared/errors.ts'
import type { UserId } from '#shared/ids.ts'
import { type Action, can, type Role, type StatusKey } from '#shared/roles.ts'
import type { ClinicDirectory, CommandTx } from '../replica/replica.ts'

export function rolesOf(directory: ClinicDirectory, userId: UserId): readonly Role[] {
  const member = directory.staff().find((staff) => staff.userId === userId)
  return member?.active === true ? member.roles : []
}

/**
 * The judge refuses every command that its author may not give. Builders ask first only where they
 * would otherwise answer with something else (LINE_EMPTY) to a person who may not know it.
 *
 * @throws AppError FORBIDDEN
 */
export function requireRight(tx: CommandTx, status: StatusKey, action: Action): void {
  if (!can(rolesOf(tx, tx.by), status, action, tx.settings().narrowing)) {
    throw new AppError('FORBIDDEN', { action, status })
  }
}

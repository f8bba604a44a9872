import type { UserId } from '#shared/ids.ts'
import type { Role } from '#shared/roles.ts'

export interface Person {
  readonly userId: UserId
  readonly name: string
  /** As the clinic's directory has them now. */
  readonly roles: readonly Role[]
}

/** The one person at this station. */
export interface CurrentSession {
  /** Null when locked, or when the person is no longer an active member. */
  person(): Person | null
  /** @throws AppError SESSION_LOCKED */
  require(): Person
}

import type { Replica, Touched } from '../replica/replica.ts'
import type { CurrentSession } from '../session/current-session.ts'

/** What may have changed since a view was last computed. */
export interface Change extends Touched {
  /** Who is signed in, or what is known of the people who may. */
  readonly session: boolean
  /** State, progress, contacts of the line to the server. */
  readonly sync: boolean
  /** Progress of a running import. */
  readonly import: boolean
  /** Seconds have passed: undo windows end, the queue day turns. */
  readonly clock: boolean
}

/**
 * One watched query. It is computed at once and again after each change it depends on, never twice
 * at a time; an answer equal to the last is not sent again. `compute` may throw AppError: the watch
 * is then refused and over.
 */
export interface View<V = unknown> {
  compute(): Promise<V> | V
  dependsOn(change: Change): boolean
}

/** What views and commands of a clinic work with; there only while the station is enrolled. */
export interface ClinicDeps {
  readonly replica: Replica
  readonly session: CurrentSession
  /** Tells watches of `import` to compute anew. */
  tellImport(): void
}

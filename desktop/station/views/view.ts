import type { StationContact } from '#shared/protocol.ts'
import type { ActionInput, ActionName, ActionOutput } from '../contract/actions.ts'
import type { QueryName, QueryParams, QueryView } from '../contract/queries.ts'
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
 * at a time; an answer equal to the last is not sent again, and none is changed once it was given: what
 * is the same as before may be the same object. `compute` may throw AppError: the watch
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
  /** All other stations of the clinic, and when the server last heard from each. */
  contacts(): readonly StationContact[]
  /** Tells watches of `import` to compute anew. */
  tellImport(): void
}

/** The actions that the session answers; all others are commands. */
export type SessionAction =
  | 'newRecoveryCode'
  | 'keepRecoveryCode'
  | 'dismissDamage'
  | 'lookUpClinics'
  | 'enrol'
  | 'rejoin'
  | 'signIn'
  | 'unlock'
  | 'setPin'
  | 'lock'
  | 'syncNow'
  | 'findLinks'
  | 'linkPatient'
  | 'unlinkPatient'
/** What works also while the clinic's file cannot be used (`station.ts`). */
export type FileAction = 'tryAgain' | 'openWithRecoveryCode'
export type CommandAction = Exclude<ActionName, SessionAction | FileAction>

/** What answers each action of the contract. Inputs are parsed. */
export type ActionHandlers = {
  [A in ActionName]: (input: ActionInput<A>) => Promise<ActionOutput<A>> | ActionOutput<A>
}
export type CommandHandlers = Pick<ActionHandlers, CommandAction>

/** What makes the view of each query of the contract. Parameters are parsed. */
export type QueryViews = {
  [Q in QueryName]: (params: QueryParams<Q>) => View<QueryView<Q>>
}
/** The queries that the station answers itself; all others are the clinic's (`views/views.ts`). */
export type SessionQuery = 'session' | 'people' | 'sync'
export type ClinicQuery = Exclude<QueryName, SessionQuery>
export type ClinicViews = Pick<QueryViews, ClinicQuery>

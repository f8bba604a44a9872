import { AppError } from '#shared/errors.ts'
import { type ClinicRuntime, type RuntimeParts, startClinic } from './clinic-runtime.ts'
import { commandHandlers } from './commands/handlers.ts'
import type { ActionInput, ActionName, ActionOutput } from './contract/actions.ts'
import type { QueryName, QueryParams } from './contract/queries.ts'
import { startFileCheck } from './replica/check-file.ts'
import { openDatabase } from './replica/open-database.ts'
import { openReplicaFile } from './replica/replica-file.ts'
import type { StationClock } from './replica/station-clock.ts'
import { type Identity, openMeta } from './replica/station-meta.ts'
import { enrolStation } from './session/enrolment.ts'
import { openPeople } from './session/people.ts'
import type { StationLog } from './station-log.ts'
import { type OwnDeps, ownActions, ownViews, type Recovery } from './station-own.ts'
import type { Store } from './storage/store.ts'
import type {
  ActionHandlers,
  Change,
  ClinicViews,
  CommandHandlers,
  QueryViews,
  View,
} from './views/view.ts'
import { clinicViews } from './views/views.ts'
import { refusedView } from './watch.ts'

export interface OpenFileParts {
  /** The profile's. */
  readonly folder: string
  readonly demo: boolean
  readonly recovery: Recovery
  readonly clock: StationClock
  readonly log: StationLog
  readonly tell: (change: Partial<Change>) => void
  readonly fileFailed: (error: unknown) => void
}

/** The clinic's file, open, and all that runs on it. */
export interface OpenFile {
  act<A extends ActionName>(name: A, input: ActionInput<A>): Promise<ActionOutput<A>>
  view<Q extends QueryName>(query: Q, params: QueryParams<Q>): View
  close(): Promise<void>
}

interface Running {
  readonly clinic: ClinicRuntime
  readonly actions: CommandHandlers
  readonly views: ClinicViews
}

export async function runOnFile(store: Store, parts: OpenFileParts): Promise<OpenFile> {
  try {
    return await run(store, parts)
  } catch (error) {
    await store.close()
    throw error
  }
}

async function run(
  store: Store,
  { folder, log, demo, recovery, clock, tell, fileFailed }: OpenFileParts,
): Promise<OpenFile> {
  const database = await openDatabase(store)
  const meta = openMeta(store.db)
  let running: Running | null = null
  let enrolling: Promise<Running> | null = null
  let isClosing = false
  const parts: RuntimeParts = {
    file: openReplicaFile(store, meta),
    database,
    people: openPeople(store.db),
    clock,
    log,
    fileFailed,
    // What a file that was closed meanwhile still says is nobody's business.
    tell: (change) => (store.db.open ? tell(change) : undefined),
  }
  const ownDeps: OwnDeps = {
    ...parts,
    demo,
    recovery,
    clinic: () => running?.clinic ?? null,
    enrol,
  }
  const own = ownActions(ownDeps)
  const views = ownViews(ownDeps)

  async function start(identity: Identity): Promise<Running> {
    const clinic = await startClinic(parts, identity)
    return { clinic, actions: commandHandlers(clinic.deps), views: clinicViews(clinic.deps) }
  }

  async function enrol(request: ActionInput<'enrol'>): Promise<void> {
    if (running !== null) throw new AppError('INVALID', { issues: ['clinicId'] })
    // Two windows that ask at once would make two stations, with two syncs on one file.
    if (enrolling !== null) throw new AppError('UNAVAILABLE')
    enrolling = becomeStation(request)
    try {
      running = await enrolling
    } finally {
      enrolling = null
    }
    // Whoever enrols is often not who will sit here: everybody signs in for themselves.
    tell({ session: true, sync: true })
  }

  async function becomeStation(request: ActionInput<'enrol'>): Promise<Running> {
    const { identity, refreshToken } = await enrolStation(request)
    // Closed meanwhile, nobody would stop what starts here.
    if (isClosing) throw new AppError('UNAVAILABLE')
    // Together or not at all: an identity without its token could never speak.
    store.transaction(() => {
      meta.set('identity', identity)
      meta.set('refreshToken', refreshToken)
    })
    log({ event: 'enrolled', clinicId: identity.clinicId, stationId: identity.stationId })
    return start(identity)
  }

  async function act<A extends ActionName>(name: A, input: ActionInput<A>) {
    const handlers: Partial<ActionHandlers> = Object.hasOwn(own, name) ? own : actionsOfClinic()
    const handle = handlers[name]
    if (handle === undefined) throw new AppError('INVALID')
    return handle(input)
  }

  function actionsOfClinic(): CommandHandlers {
    if (running === null) throw new AppError('NOT_ENROLLED')
    return running.actions
  }

  function view<Q extends QueryName>(query: Q, params: QueryParams<Q>): View {
    const made: Partial<QueryViews> = { ...views, ...running?.views }
    return made[query]?.(params) ?? refusedView('NOT_ENROLLED')
  }

  const identity = meta.get('identity')
  if (identity !== null) running = await start(identity)

  const checking = startFileCheck({ file: parts.file, folder, clock, log, fileFailed })

  return {
    act,
    view,
    async close() {
      isClosing = true
      try {
        await checking.stop()
        await running?.clinic.stop()
        await database.close()
      } finally {
        await store.close()
      }
    },
  }
}

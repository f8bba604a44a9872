import { AppError } from '#shared/errors.ts'
import { type ClinicRuntime, type RuntimeParts, startClinic } from './clinic-runtime.ts'
import { commandHandlers } from './commands/handlers.ts'
import type { ActionInput, ActionName, ActionOutput } from './contract/actions.ts'
import type { QueryName, QueryParams } from './contract/queries.ts'
import { startFileCheck } from './replica/check-file.ts'
import { openDatabase } from './replica/open-database.ts'
import { openReplicaFile } from './replica/replica-file.ts'
import type { StationClock } from './replica/station-clock.ts'
import { makeKey, publicPart } from './replica/station-key.ts'
import {
  type Identity,
  openMeta,
  type PrivateKey,
  requireIdentity,
} from './replica/station-meta.ts'
import { type Enrolled, enrolStation, rejoinStation } from './session/enrolment.ts'
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
  let joining: Promise<Running> | null = null
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
    rejoin,
  }
  const own = ownActions(ownDeps)
  const views = ownViews(ownDeps)

  async function start(identity: Identity): Promise<Running> {
    const clinic = await startClinic(parts, identity)
    return { clinic, actions: commandHandlers(clinic.deps), views: clinicViews(clinic.deps) }
  }

  /** Two windows that ask at once would make two stations, with two syncs on one file. */
  async function join(become: () => Promise<Running>): Promise<void> {
    if (joining !== null) throw new AppError('UNAVAILABLE')
    joining = become()
    try {
      running = await joining
    } finally {
      joining = null
    }
    // Whoever enrols is often not who will sit here: everybody signs in for themselves.
    tell({ session: true, sync: true })
  }

  async function enrol(request: ActionInput<'enrol'>): Promise<void> {
    if (running !== null) throw new AppError('INVALID', { issues: ['clinicId'] })
    await join(async () => {
      keep(await enrolStation(request))
      return start(requireIdentity(meta))
    })
  }

  /** The same file goes on as another station: its outbox is sent by that one, signed as it is. */
  async function rejoin(person: ActionInput<'rejoin'>): Promise<void> {
    const former = requireIdentity(meta)
    await join(async () => {
      const rejoining = { former, formerTokens: tokensSoFar(), key: nextKey() }
      const enrolled = await rejoinStation(rejoining, person)
      await running?.clinic.stop()
      if (isClosing) throw new AppError('UNAVAILABLE')
      try {
        keep(enrolled, former)
      } finally {
        // If it could not be kept, what stopped goes on as it was, and may be asked again.
        running = await start(requireIdentity(meta))
      }
      return running
    })
  }

  function nextKey(): PrivateKey {
    const key = meta.get('nextKey') ?? makeKey()
    store.transaction(() => meta.set('nextKey', key))
    return key
  }

  function tokensSoFar(): string[] {
    return [meta.get('refreshToken') ?? [], meta.get('formerTokens') ?? []].flat()
  }

  function keep({ identity, refreshToken }: Enrolled, former: Identity | null = null): void {
    // Closed meanwhile, nobody would stop what starts here.
    if (isClosing) throw new AppError('UNAVAILABLE')
    // Together or not at all: an identity without its token could never speak.
    store.transaction(() => {
      if (former !== null) meta.set('formerTokens', tokensSoFar())
      meta.set('identity', identity)
      meta.set('refreshToken', refreshToken)
      meta.remove('nextKey')
      // A letter that nobody had gives no number twice.
      meta.remove('needsLetter')
      if (former === null) return
      const { stationId, key } = former
      const formerly = meta.get('formerly') ?? []
      meta.set('formerly', [...formerly, { stationId, publicKey: publicPart(key) }])
    })
    log({ event: 'enrolled', clinicId: identity.clinicId, stationId: identity.stationId })
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

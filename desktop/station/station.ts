import { join } from 'node:path'
import { AppError } from '#shared/errors.ts'
import { type ClinicRuntime, type RuntimeParts, startClinic } from './clinic-runtime.ts'
import { commandHandlers } from './commands/handlers.ts'
import type { ActionInput, ActionName } from './contract/actions.ts'
import type { ContractPort } from './contract/port.ts'
import type { QueryName, QueryParams } from './contract/queries.ts'
import { openDatabase } from './replica/open-database.ts'
import { openReplicaFile, PATIENT_SEARCH } from './replica/replica-file.ts'
import { type ClockSource, startClock, SYSTEM_CLOCK } from './replica/station-clock.ts'
import { type Identity, openMeta } from './replica/station-meta.ts'
import { prepareTables } from './replica/station-tables.ts'
import { enrolStation } from './session/enrolment.ts'
import { openPeople } from './session/people.ts'
import type { StationLog } from './station-log.ts'
import { type OwnDeps, ownActions, ownViews } from './station-own.ts'
import { openStore, type Store } from './storage/store.ts'
import type {
  ActionHandlers,
  Change,
  ClinicViews,
  CommandHandlers,
  QueryViews,
  View,
} from './views/view.ts'
import { mergeChanges, NOTHING } from './views/change.ts'
import { clinicViews } from './views/views.ts'
import { refusedView } from './watch.ts'
import { openWindows } from './windows.ts'

/** How often views that follow the clock are looked at, milliseconds. */
const TICK_MS = 5_000

export interface StationOptions {
  /** The profile's folder: the encrypted file lives in it. */
  readonly folder: string
  /** 32 bytes. */
  readonly key: Uint8Array
  readonly demo: boolean
  readonly appVersion: string
  readonly log: StationLog
  /** For tests that must not wait. */
  readonly clock?: ClockSource
}

/** One clinic's replica with its commands, views and sync, behind the contract. */
export interface Station {
  /** A window has come. */
  connect(port: ContractPort): void
  /** Ends what runs and closes the file. What was confirmed is on disk already. */
  close(): Promise<void>
}

/** @throws StorageError LOCKED, WRONG_KEY, DAMAGED, NEWER, CANNOT_OPEN */
export async function openStation(options: StationOptions): Promise<Station> {
  options.log({ event: 'open', version: options.appVersion, demo: options.demo })
  const store = openStore({
    path: join(options.folder, 'clinic.db'),
    key: options.key,
    search: { patients: PATIENT_SEARCH },
    onScan: (sql) => options.log({ event: 'scan', sql }),
  })
  try {
    return await runStation(store, options)
  } catch (error) {
    await store.close()
    throw error
  }
}

interface Running {
  readonly clinic: ClinicRuntime
  readonly actions: CommandHandlers
  readonly views: ClinicViews
}

async function runStation(store: Store, { log, demo, clock }: StationOptions): Promise<Station> {
  prepareTables(store.db)
  const database = await openDatabase(store)
  const meta = openMeta(store.db)
  let running: Running | null = null
  let enrolling: Promise<Running> | null = null
  let isClosing = false
  let untold = NOTHING
  const parts: RuntimeParts = {
    file: openReplicaFile(store, meta),
    database,
    people: openPeople(store.db),
    clock: startClock(clock ?? SYSTEM_CLOCK),
    log,
    tell: (change) => tell(change),
  }
  const ownDeps: OwnDeps = { ...parts, demo, clinic: () => running?.clinic ?? null, enrol }
  const own = ownActions(ownDeps)
  const views = ownViews(ownDeps)
  const windows = openWindows({ act, view }, log)

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

  /**
   * In a turn of its own: a command's answer and its way to the server go before the views, and the
   * changes of one turn are one change to them.
   */
  function tell(change: Partial<Change>): void {
    if (untold === NOTHING) setImmediate(tellNow)
    untold = mergeChanges(untold, { ...NOTHING, ...change })
  }

  function tellNow(): void {
    const change = untold
    untold = NOTHING
    if (store.db.open) windows.tell(change)
  }

  const identity = meta.get('identity')
  if (identity !== null) running = await start(identity)
  const ticking = setInterval(() => tell({ clock: true }), TICK_MS)

  return {
    connect: windows.connect,
    async close() {
      clearInterval(ticking)
      isClosing = true
      await running?.clinic.stop()
      await database.close()
      await store.close()
      log({ event: 'closed' })
    },
  }
}

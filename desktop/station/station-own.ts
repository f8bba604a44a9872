import { AppError } from '#shared/errors.ts'
import type { ActionInput } from './contract/actions.ts'
import type { ClinicRuntime, RuntimeParts } from './clinic-runtime.ts'
import { formatRecoveryCode, makeRecoverySeed } from './recovery/recovery-code.ts'
import { findMemberships } from './session/enrolment.ts'
import { openPatientLinks } from './session/patient-links.ts'
import { viewPeople, viewSession } from './session/session-view.ts'
import { requireIdentity } from './replica/station-meta.ts'
import { mayRejoin } from './sync/sync-state.ts'
import { viewSync } from './sync/sync-view.ts'
import type { ActionHandlers, QueryViews, SessionAction, SessionQuery } from './views/view.ts'

/** The owner's way into this computer's data when its keystore is gone. */
export interface Recovery {
  has(): boolean
  /** @returns false: not a code; @throws AppError UNAVAILABLE while another is being kept */
  keep(code: string): Promise<boolean>
}

/** What the station answers itself, enrolled or not. */
export interface OwnDeps extends Pick<RuntimeParts, 'file' | 'people' | 'clock' | 'tell'> {
  readonly demo: boolean
  readonly recovery: Recovery
  /** Null: the station belongs to no clinic. */
  readonly clinic: () => ClinicRuntime | null
  readonly enrol: (request: ActionInput<'enrol'>) => Promise<void>
  readonly rejoin: (person: ActionInput<'rejoin'>) => Promise<void>
}

export function ownActions(deps: OwnDeps): Pick<ActionHandlers, SessionAction> {
  const { file, people, enrol, tell, recovery } = deps
  const clinic = (): ClinicRuntime => requireClinic(deps)
  const links = openPatientLinks({
    people,
    clinic: () => ({ ...requireIdentity(file.meta), session: clinic().session }),
  })
  return {
    ...links.actions,
    newRecoveryCode() {
      requireAdmin(clinic())
      return { code: formatRecoveryCode(makeRecoverySeed()) }
    },
    async keepRecoveryCode({ code }) {
      requireAdmin(clinic())
      if (!(await recovery.keep(code))) throw new AppError('INVALID', { issues: ['code'] })
      tell({ session: true })
      return {}
    },
    dismissDamage() {
      clinic().session.require()
      file.store.transaction(() => file.meta.remove('damage'))
      tell({ sync: true })
      return {}
    },
    async lookUpClinics(input) {
      file.store.transaction(() => file.meta.set('serverUrl', input.serverUrl))
      return { memberships: await findMemberships(input) }
    },
    async enrol(input) {
      file.store.transaction(() => file.meta.set('serverUrl', input.serverUrl))
      await enrol(input)
      return {}
    },
    async rejoin(person) {
      if (!mayRejoin(clinic().sync.state())) throw new AppError('INVALID')
      await deps.rejoin(person)
      return {}
    },
    async signIn({ email, password }) {
      const { session, sync, replica } = clinic()
      links.forget()
      try {
        await session.signIn(email, password)
      } finally {
        // What is held because they had not signed in here may go now, if anything may; or is about to be held:
        // the answer may be on its way. The server may know of them although this failed.
        const isCutOff = ['OFFLINE', 'NEEDS_ATTENTION'].includes(sync.state().name)
        const { queued, held } = replica.countOutbox()
        if (!isCutOff && queued + held > 0) sync.syncNow()
      }
      return {}
    },
    async unlock({ userId, pin }) {
      links.forget()
      await clinic().session.unlock(userId, pin)
      return {}
    },
    async setPin({ password, pin }) {
      await clinic().session.setPin(password, pin)
      return {}
    },
    lock() {
      clinic().session.lock()
      return {}
    },
    syncNow() {
      clinic().sync.syncNow()
      return {}
    },
  }
}

export function ownViews(deps: OwnDeps): Pick<QueryViews, SessionQuery> {
  const { file, people, clock, demo, clinic, recovery } = deps
  return {
    session: () => ({
      dependsOn: ({ session, sync, clock: tick, collections }) =>
        session || sync || tick || collections.has('clinic'),
      compute() {
        const running = clinic()
        return running === null
          ? { status: 'NOT_ENROLLED', serverUrl: file.meta.get('serverUrl') }
          : viewSession({ ...running, people, demo, hasRecovery: recovery.has })
      },
    }),
    people: () => ({
      dependsOn: ({ session, collections }) => session || collections.has('clinic'),
      compute() {
        const running = clinic()
        return running === null ? [] : viewPeople({ ...running, people, demo })
      },
    }),
    sync: () => ({
      dependsOn: ({ session, sync, outbox, clock: tick }) => session || sync || outbox || tick,
      compute: () =>
        viewSync({
          ...requireClinic(deps),
          clock,
          lastContact: () => file.meta.get('lastContact'),
          damage: () => file.meta.get('damage'),
        }),
    }),
  }
}

/** @throws AppError SESSION_LOCKED, FORBIDDEN */
function requireAdmin({ session }: ClinicRuntime): void {
  if (!session.require().roles.includes('ADMIN')) throw new AppError('FORBIDDEN')
}

function requireClinic({ clinic }: Pick<OwnDeps, 'clinic'>): ClinicRuntime {
  const running = clinic()
  if (running === null) throw new AppError('NOT_ENROLLED')
  return running
}

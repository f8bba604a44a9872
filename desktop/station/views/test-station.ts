import { onTestFinished } from 'vitest'
import type { ClinicDoc, Settings } from '#shared/clinic.ts'
import type { StationId, UserId } from '#shared/ids.ts'
import type { PatientDraft } from '#shared/patient.ts'
import type { FeedDocument, StationContact } from '#shared/protocol.ts'
import type { Role } from '#shared/roles.ts'
import { idOf } from '#shared/test-values.ts'
import { commandHandlers } from '../commands/handlers.ts'
import type { ActionInput, ActionOutput } from '../contract/actions.ts'
import { applyPage } from '../replica/pulled-pages.ts'
import type { ReplicaCore } from '../replica/replica-core.ts'
import type { Replica } from '../replica/replica.ts'
import {
  CLINIC,
  CLINIC_DOCUMENTS,
  DOCTOR,
  feed,
  openTestReplica,
  page,
  SETTINGS,
  staffDoc,
  temporaryFolder,
  type TestClock,
} from '../replica/test-replica.ts'
import type { ClinicDeps, ClinicViews, CommandHandlers } from './view.ts'
import { clinicViews } from './views.ts'

/** For tests: a station on a file of its own, in a clinic of two lines, with its views and commands. */

export const SECOND_DOCTOR: UserId = idOf(23)
export const NURSE: UserId = idOf(24)
export const STOREKEEPER: UserId = idOf(25)
export const OTHER_DESK: UserId = idOf(26)
export const ACCOUNTANT: UserId = idOf(27)

export interface TestStation {
  replica: Replica
  core: ReplicaCore
  clock: TestClock
  views: ClinicViews
  act: CommandHandlers
  contacts: StationContact[]
  /** How often the import was told of. */
  told: { imports: number }
  /** Who sits at it from now on. */
  sit(userId: UserId): void
  /** As if the server had sent these. */
  receive(...documents: FeedDocument[]): void
  setSettings(changes: Partial<Settings>): void
}

function clinicDocuments(settings: Partial<Settings>): ClinicDoc[] {
  const price = (id: string, body: object): ClinicDoc => ({
    id: `price:${id}`,
    clinicId: CLINIC,
    // Cast: the callers below write prices
    body: { kind: 'PRICE', ...body } as ClinicDoc['body'],
  })
  return [
    ...CLINIC_DOCUMENTS.filter(({ id }) => id !== 'settings'),
    { id: 'settings', clinicId: CLINIC, body: { ...SETTINGS, ...settings } },
    staffDoc(SECOND_DOCTOR, ['DOCTOR']),
    staffDoc(NURSE, ['ASSISTANT']),
    staffDoc(STOREKEEPER, ['INVENTORY']),
    staffDoc(OTHER_DESK, ['RECEPTION']),
    staffDoc(ACCOUNTANT, ['ACCOUNTANT']),
    {
      id: `doctor:${SECOND_DOCTOR}`,
      clinicId: CLINIC,
      body: {
        kind: 'DOCTOR',
        doctorId: SECOND_DOCTOR,
        name: 'د. هالة',
        room: '3',
        specialty: '',
        order: 2,
        active: true,
      },
    },
    price('all:EXAMINATION', {
      doctorId: null,
      visitType: 'EXAMINATION',
      amount: { minor: 30_000, currency: 'EGP' },
    }),
    price('second:EXAMINATION', {
      doctorId: SECOND_DOCTOR,
      visitType: 'EXAMINATION',
      amount: { minor: 50_000, currency: 'EGP' },
    }),
  ]
}

export async function openTestStation(settings: Partial<Settings> = {}): Promise<TestStation> {
  const { folder, remove } = temporaryFolder()
  const opened = await openTestReplica({ folder })
  onTestFinished(async () => {
    await opened.close()
    remove()
  })
  const { replica, core, clock } = opened
  let seq = 0
  const receive = (...documents: FeedDocument[]): void => {
    seq += 1
    applyPage(core, page(documents.map((document) => ({ ...document, seq }))))
  }
  receive(...clinicDocuments(settings).map((doc) => feed('clinic', doc)))
  let person: UserId = idOf(20)
  const rolesOf = (): Role[] =>
    replica.read.staff().find(({ userId }) => userId === person)?.roles ?? []
  const now = (): { userId: UserId; name: string; roles: Role[] } => ({
    userId: person,
    name: '',
    roles: rolesOf(),
  })
  const contacts: StationContact[] = []
  const told = { imports: 0 }
  const deps: ClinicDeps = {
    replica,
    session: { person: now, require: now },
    contacts: () => contacts,
    tellImport() {
      told.imports += 1
    },
  }
  return {
    replica,
    core,
    clock,
    views: clinicViews(deps),
    act: commandHandlers(deps),
    contacts,
    told,
    sit(userId) {
      person = userId
    },
    receive,
    setSettings(changes) {
      const body = { ...replica.read.settings(), ...changes }
      receive(feed('clinic', { id: 'settings', clinicId: CLINIC, body } as ClinicDoc))
    },
  }
}

export function draftOf(name: string, changes: Partial<PatientDraft> = {}): PatientDraft {
  return {
    name,
    phones: [],
    nationalId: null,
    birthDate: null,
    sex: null,
    fileNumber: null,
    address: null,
    note: null,
    ...changes,
  }
}

/** As the clinic's directory names its stations. */
export function stationDoc(stationId: StationId, letter: string, active = true): FeedDocument {
  const body = { kind: 'STATION' as const, stationId, name: letter, letter, active }
  return feed('clinic', { id: `station:${stationId}`, clinicId: CLINIC, body } as ClinicDoc)
}

/** Checks somebody new in, a minute later. */
export async function checkIn(
  station: TestStation,
  changes: Partial<ActionInput<'checkIn'>> & { name?: string } = {},
): Promise<ActionOutput<'checkIn'>> {
  const { name = 'مريم حسن', ...input } = changes
  passMinutes(station, 1)
  return station.act.checkIn({
    patient: { kind: 'NEW', draft: draftOf(name) },
    doctorId: DOCTOR,
    visitType: 'EXAMINATION',
    priority: 'NORMAL',
    payment: null,
    ...input,
  })
}

export function passMinutes({ clock }: TestStation, minutes: number): void {
  clock.set(clock.wall() + minutes * 60_000)
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClinicDoc, Settings } from '#shared/clinic.ts'
import type { CommandDraft, CommandTx } from './replica.ts'
import type { Entitlement } from '#shared/entitlement.ts'
import type { ClinicId, StationId, UserId, VisitId } from '#shared/ids.ts'
import { EntryId, PatientId, TransitionId, VisitId as AnyVisitId } from '#shared/ids.ts'
import { Patient } from '#shared/patient.ts'
import type { FeedDocument } from '#shared/protocol.ts'
import { queueDayOf } from '#shared/queue-day.ts'
import type { Role } from '#shared/roles.ts'
import { idOf, START } from '#shared/test-values.ts'
import { Visit } from '#shared/visit.ts'
import { openStore, type Store } from '../storage/store.ts'
import { openDatabase } from './open-database.ts'
import { openReplica } from './open-replica.ts'
import { applyPage, type PulledPage } from './pulled-pages.ts'
import { openReplicaFile, PATIENT_SEARCH } from './replica-file.ts'
import type { ReplicaCore } from './replica-core.ts'
import type { Replica } from './replica.ts'
import { type ClockSource, startClock } from './station-clock.ts'
import { makeKey } from './station-key.ts'
import { prepareTables } from './station-tables.ts'
import { type Identity, openMeta } from './station-meta.ts'

/** A replica on a file of its own, in a clinic of three people and one line. For tests. */

export const CLINIC: ClinicId = idOf(1)
export const STATION: StationId = idOf(10)
export const OTHER_STATION: StationId = idOf(11)
export const DESK: UserId = idOf(20)
export const DOCTOR: UserId = idOf(21)
export const ADMIN: UserId = idOf(22)
export const FILE_KEY = new Uint8Array(32).fill(9)

export const SETTINGS: Settings = {
  kind: 'SETTINGS',
  name: 'عيادة النور',
  slug: 'nour',
  timeZone: 'Africa/Cairo',
  currency: 'EGP',
  cutOvers: [{ from: '2020-01-01', hour: 5 }],
  digits: 'LATIN',
  waitAmberMinutes: 30,
  waitRedMinutes: 60,
  skipPlaces: 3,
  courtesyEnabled: true,
  refundLimit: { minor: 10_000, currency: 'EGP' },
  followUpDays: 14,
  returnToLine: 'FRONT',
  narrowing: {},
  active: true,
  demo: false,
}

export function staffDoc(userId: UserId, roles: Role[], active = true): ClinicDoc {
  return {
    id: `staff:${userId}`,
    clinicId: CLINIC,
    body: { kind: 'STAFF', userId, name: 'منى', email: `${userId}@nour.example`, roles, active },
  }
}

export const CLINIC_DOCUMENTS: ClinicDoc[] = [
  { id: 'settings', clinicId: CLINIC, body: SETTINGS },
  staffDoc(DESK, ['RECEPTION']),
  staffDoc(DOCTOR, ['DOCTOR']),
  staffDoc(ADMIN, ['ADMIN']),
  {
    id: `doctor:${DOCTOR}`,
    clinicId: CLINIC,
    body: {
      kind: 'DOCTOR',
      doctorId: DOCTOR,
      name: 'د. سامي',
      room: '2',
      specialty: '',
      order: 1,
      active: true,
    },
  },
]

export const ENTITLEMENT: Entitlement = {
  clinicId: CLINIC,
  subscription: { plan: 'STARTER', kind: 'PAID', endsAt: '2026-12-20T00:00:00.000Z' },
  issuedAt: new Date(START).toISOString(),
}

export interface TestClock extends ClockSource {
  /** Time passes until then; by a HAND that sets the clock no time passes, nor backwards. */
  set(time: number, by?: 'HAND'): void
}

export function testClock(start = START): TestClock {
  let now = start
  let ran = start
  return {
    wall: () => now,
    monotonic: () => ran,
    set(time, by) {
      if (by !== 'HAND') ran += Math.max(0, time - now)
      now = time
    },
  }
}

export interface TestReplica {
  replica: Replica
  core: ReplicaCore
  store: Store
  clock: TestClock
  close(): Promise<void>
}

export interface TestOptions {
  folder: string
  clock?: TestClock
  identity?: Partial<Identity>
  /** Plain files are a little faster; only what is crypto's own needs the key. */
  key?: Uint8Array
}

export const TEST_KEY = makeKey()

export async function openTestReplica(options: TestOptions): Promise<TestReplica> {
  const clock = options.clock ?? testClock()
  const store = openStore({
    path: join(options.folder, 'clinic.db'),
    key: options.key ?? FILE_KEY,
    search: { patients: PATIENT_SEARCH },
    onScan(sql) {
      throw new Error(`no index bounds ${sql}`)
    },
  })
  prepareTables(store.db)
  const database = await openDatabase(store)
  const meta = openMeta(store.db)
  const identity: Identity = {
    serverUrl: 'http://127.0.0.1:1',
    clinicId: CLINIC,
    stationId: STATION,
    stationName: 'الاستقبال',
    letter: 'A',
    key: TEST_KEY,
    entitlementKeys: [],
    ...options.identity,
  }
  const { replica, core } = openReplica({
    file: openReplicaFile(store, meta),
    database,
    identity,
    clock: startClock(clock),
    entitlement: ENTITLEMENT,
  })
  return {
    replica,
    core,
    store,
    clock,
    async close() {
      await database.close()
      await store.close()
    },
  }
}

export function feed(
  collection: FeedDocument['collection'],
  doc: { id: string },
  seq = 1,
): FeedDocument {
  return { collection, id: doc.id, seq, doc }
}

export function page(documents: FeedDocument[], changes: Partial<PulledPage> = {}): PulledPage {
  const seq = Math.max(1, ...documents.map((document) => document.seq))
  return {
    documents,
    checkpoint: { epoch: 'e1', clinicId: CLINIC, seq },
    historyFrom: null,
    upToDate: true,
    entitlement: null,
    contacts: [],
    ...changes,
  }
}

export function fillClinic(core: ReplicaCore): void {
  applyPage(core, page(CLINIC_DOCUMENTS.map((doc) => feed('clinic', doc))))
}

export function temporaryFolder(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'dawr-replica-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Registers a patient: the smallest command. */
export function draftPatient(tx: CommandTx, name: string): CommandDraft<PatientId> {
  const { at, by, stationId, clinicId } = tx
  const next = Patient.parse({
    id: tx.newId(),
    clinicId,
    name,
    phones: ['+201001234567'],
    nationalId: null,
    birthDate: null,
    sex: null,
    fileNumber: null,
    address: null,
    note: null,
    possibleDuplicateOf: null,
    allergies: [],
    conditions: [],
    created: { at, by, stationId },
    marks: {},
    superseded: [],
    settled: [],
  })
  return {
    name: 'registerPatient',
    writes: [{ collection: 'patients', id: next.id, base: null, next }],
    output: next.id,
  }
}

/** A new patient, their visit and its payment: the command with the most documents. */
export function draftCheckIn(
  tx: CommandTx,
  name: string,
): CommandDraft<{ visitId: VisitId; patientId: PatientId; entryId: EntryId; number: number }> {
  const { at, by, stationId, clinicId } = tx
  const registered = draftPatient(tx, name)
  const queueDay = queueDayOf(tx.now, tx.settings())
  const patientId = PatientId.parse(registered.output)
  const ticket = tx.nextTicket(queueDay)
  const fact = { at, by, stationId }
  const visit = Visit.parse({
    id: tx.newId(),
    clinicId,
    patientId,
    doctorId: DOCTOR,
    queueDay,
    ticket,
    type: 'EXAMINATION',
    priority: 'NORMAL',
    boosted: true,
    orderKey: at,
    orderReason: null,
    mergedInto: null,
    fee: { minor: 30_000, currency: 'EGP' },
    status: 'WAITING',
    transitions: [
      {
        id: TransitionId.parse(tx.newId()),
        status: 'WAITING',
        ...fact,
        undoes: null,
        reason: null,
      },
    ],
    calls: [],
    created: fact,
    marks: {},
    superseded: [],
    settled: [],
  })
  const entryId = EntryId.parse(tx.newId())
  return {
    name: 'checkIn',
    writes: [
      ...registered.writes,
      { collection: 'visits', id: visit.id, base: null, next: visit },
      {
        collection: 'entries',
        id: entryId,
        base: null,
        next: {
          id: entryId,
          clinicId,
          visitId: visit.id,
          patientId,
          queueDay,
          ...fact,
          body: {
            kind: 'PAYMENT',
            amount: { minor: 30_000, currency: 'EGP' },
            method: 'CASH',
            receipt: tx.nextReceipt(),
          },
        },
      },
    ],
    output: { visitId: AnyVisitId.parse(visit.id), patientId, entryId, number: ticket.number },
  }
}

export function draftCall(tx: CommandTx, visitId: string): CommandDraft<null> {
  const base = tx.visit(visitId)
  if (base === null) throw new Error('no such visit')
  const { at, by, stationId } = tx
  const next = Visit.parse({
    ...base,
    calls: [...base.calls, { id: tx.newId(), at, by, stationId, room: '2' }],
  })
  return { name: 'call', writes: [{ collection: 'visits', id: base.id, base, next }], output: null }
}

export function draftName(tx: CommandTx, patientId: string, name: string): CommandDraft<null> {
  const base = tx.patient(patientId)
  if (base === null) throw new Error('no such patient')
  const next = Patient.parse({
    ...base,
    name,
    marks: { ...base.marks, name: { at: tx.at, by: tx.by } },
  })
  return {
    name: 'editPatient',
    writes: [{ collection: 'patients', id: base.id, base, next }],
    output: null,
  }
}

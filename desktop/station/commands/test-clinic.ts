import type { Doctor, Price, Quarantined, Settings } from '#shared/clinic.ts'
import { CollectionName, type Documents, type WritableCollection } from '#shared/collections.ts'
import { Command, type WriteOf } from '#shared/commands.ts'
import type { Entry } from '#shared/entry.ts'
import { AppError } from '#shared/errors.ts'
import { ClinicId, CommandId, makeUuidv7, StationId, UserId } from '#shared/ids.ts'
import { judgeCommand } from '#shared/judge.ts'
import type { JudgeContext } from '#shared/judge-context.ts'
import { duplicateKey, duplicateKeysOf } from '#shared/patient-csv.ts'
import type { Patient } from '#shared/patient.ts'
import type { Role } from '#shared/roles.ts'
import { nextStamp, nodeOfStation, type Stamp, stampTime } from '#shared/stamp.ts'
import type { Visit } from '#shared/visit.ts'
import type { CommandDraft, CommandTx, ReplicaReader } from '../replica/replica.ts'
import type { CommandDeps } from './handlers.ts'

/** For tests: a clinic in memory that judges its commands as the replica does. */

let ids = 0

/** Ids in the order made; the same in every run of a test file. */
export function makeId(): string {
  ids += 1
  const random = new Uint8Array(10)
  // Of ten bytes the last six bits are left out; a station's last digits, all zeros, would be the server's.
  new DataView(random.buffer).setUint32(5, ids)
  return makeUuidv7(1_763_000_000_000 + ids, random)
}

export const START = Date.parse('2026-11-22T15:00:00Z')

export const SETTINGS: Settings = {
  kind: 'SETTINGS',
  name: 'عيادة النيل',
  slug: 'nile',
  timeZone: 'Africa/Cairo',
  currency: 'EGP',
  cutOvers: [{ from: '2026-01-01', hour: 5 }],
  digits: 'ARABIC_INDIC',
  waitAmberMinutes: 30,
  waitRedMinutes: 60,
  skipPlaces: 3,
  courtesyEnabled: true,
  refundLimit: { minor: 20_000, currency: 'EGP' },
  followUpDays: 10,
  returnToLine: 'FRONT',
  narrowing: {},
  active: true,
  demo: false,
}

type Kept = { readonly [C in CollectionName]: Map<string, Documents[C]> }

export interface TestClinic {
  readonly replica: CommandDeps['replica']
  readonly doctors: Doctor[]
  readonly prices: Price[]
  readonly quarantined: Quarantined[]
  readonly documents: Kept
  readonly patients: Map<string, Patient>
  readonly visits: Map<string, Visit>
  readonly entries: Map<string, Entry>
  /** Every command that was accepted, in order. */
  readonly accepted: Command[]
  settings: Settings
  /** Milliseconds since the Unix epoch; each command takes a second. */
  clock: number
  /** A person with these roles, the same each time. */
  personWith(...roles: Role[]): UserId
  /** As another station of the clinic from now on, with its own letter. */
  moveTo(station: { stationId: StationId; letter: string }): void
}

const CLINIC = ClinicId.parse(makeId())
export const STATION_A = { stationId: StationId.parse(makeId()), letter: 'A' }
export const STATION_B = { stationId: StationId.parse(makeId()), letter: 'B' }

export function makeDoctor(order: number): Doctor {
  return {
    kind: 'DOCTOR',
    doctorId: UserId.parse(makeId()),
    name: `د. ${order}`,
    room: `${order}`,
    specialty: '',
    order,
    active: true,
  }
}

export function openTestClinic(): TestClinic {
  const people = new Map<UserId, readonly Role[]>()
  const counters = new Map<string, number>()
  let station = STATION_A
  let lastStamp: Stamp | null = null
  const doctors = [makeDoctor(1), makeDoctor(2)]
  const prices: Price[] = [
    price(null, 'EXAMINATION', 30_000),
    price(null, 'FOLLOW_UP', 0),
    price(doctors[1]?.doctorId ?? null, 'EXAMINATION', 50_000),
  ]

  const documents = Object.fromEntries(
    CollectionName.options.map((collection) => [collection, new Map()]),
    // Cast: an empty map of its documents under each name
  ) as unknown as Kept
  const count = (name: string): number => {
    const next = (counters.get(name) ?? 0) + 1
    counters.set(name, next)
    return next
  }
  const visitsWhere = (fits: (visit: Visit) => boolean): Visit[] =>
    [...clinic.visits.values()].filter(fits)
  const entriesWhere = (fits: (entry: Entry) => boolean): Entry[] =>
    [...clinic.entries.values()].filter(fits)

  const read: ReplicaReader = {
    settings: () => clinic.settings,
    staff: () =>
      [...people].map(([userId, roles]) => ({
        kind: 'STAFF',
        userId,
        name: '',
        email: '',
        roles: [...roles],
        active: true,
      })),
    doctors: () => clinic.doctors,
    prices: () => clinic.prices,
    stations: () => [],
    hasTicketsGivenAnew: () => false,
    quarantined: () => clinic.quarantined,
    favourites: () => [],
    find: (collection, id) => documents[collection].get(id) ?? null,
    patient: (id) => clinic.patients.get(id) ?? null,
    visit: (id) => clinic.visits.get(id) ?? null,
    entry: (id) => clinic.entries.get(id) ?? null,
    sharedOfPatient: () => [],
    visitsOfDay: (day) => visitsWhere((visit) => visit.queueDay === day),
    visitsOfPatient: (id, limit) =>
      visitsWhere((visit) => visit.patientId === id)
        .toSorted((a, b) => (a.queueDay < b.queueDay ? 1 : -1))
        .slice(0, limit),
    entriesOfVisit: (id) => entriesWhere((entry) => entry.visitId === id),
    entriesOfVisits: (ids) =>
      entriesWhere(({ visitId }) => visitId !== null && ids.includes(visitId)),
    entriesOfPatient: (id) => entriesWhere((entry) => entry.patientId === id),
    invoicesOfVisit: (id) =>
      [...documents.invoices.values()].filter((invoice) => invoice.visitId === id),
    prescriptionsOfVisit: (id) =>
      [...documents.prescriptions.values()].filter(({ visitId }) => visitId === id),
    resultsOfPatient: (id) =>
      [...documents.labResults.values()].filter(({ patientId }) => patientId === id),
    entriesOfDay: (day) => entriesWhere((entry) => entry.queueDay === day),
    namesakes: (name, phone) =>
      [...clinic.patients.values()]
        .filter((patient) => duplicateKeysOf(patient).includes(duplicateKey(name, phone)))
        .map(({ id }) => id),
  }

  const commit = <T>(by: UserId, make: (tx: CommandTx) => CommandDraft<T>): T => {
    clinic.clock += 1_000
    const at = nextStamp(lastStamp, clinic.clock, nodeOfStation(station.stationId))
    lastStamp = at
    const counted = new Map(counters)
    const tx: CommandTx = {
      ...read,
      ...station,
      clinicId: CLINIC,
      commandId: CommandId.parse(makeId()),
      at,
      now: stampTime(at),
      by,
      newId: makeId,
      nextTicket: (day) => ({
        letter: station.letter,
        number: count(`${station.letter}:${day}`),
      }),
      nextNumber: (counter) => ({
        letter: station.letter,
        number: count(`${station.letter}/${counter}`),
      }),
      nextReceipt: () => ({ letter: station.letter, number: count(station.letter) }),
    }
    try {
      const draft = make(tx)
      store(judged(tx, draft))
      return draft.output
    } catch (error) {
      counters.clear()
      for (const [name, value] of counted) counters.set(name, value)
      throw error
    }
  }

  const judged = (tx: CommandTx, draft: CommandDraft<unknown>): Command => {
    const command = Command.parse({
      commandId: tx.commandId,
      stationId: tx.stationId,
      seq: clinic.accepted.length + 1,
      name: draft.name,
      by: tx.by,
      at: tx.at,
      seen: 0,
      writes: draft.writes,
      decision: draft.decision ?? null,
    })
    const judgement = judgeCommand(command, judgeContext(clinic.settings, read, people.get(tx.by)))
    if (judgement.verdict !== 'ACCEPTED') throw new AppError(judgement.code, judgement.details)
    return command
  }

  const store = (command: Command): void => {
    for (const write of command.writes) keep(clinic, write)
    clinic.accepted.push(command)
  }

  const clinic: TestClinic = {
    replica: {
      commit,
      read,
      rejected: () => [],
      dismissRejected: () => false,
      givenAnew: () => [],
      seeGivenAnew: () => false,
      now: () => clinic.clock,
    },
    doctors,
    prices,
    quarantined: [],
    documents,
    patients: documents.patients,
    visits: documents.visits,
    entries: documents.entries,
    accepted: [],
    settings: SETTINGS,
    clock: START,
    personWith(...roles) {
      const key = roles.join()
      for (const [userId, theirs] of people) if (theirs.join() === key) return userId
      const userId = UserId.parse(makeId())
      people.set(userId, roles)
      return userId
    },
    moveTo(other) {
      station = other
    },
  }
  return clinic
}

function keep<C extends WritableCollection>(
  { documents }: TestClinic,
  { collection, id, next }: WriteOf<C>,
): void {
  documents[collection].set(id, next)
}

function judgeContext(
  settings: Settings,
  read: ReplicaReader,
  roles: readonly Role[] | undefined,
): JudgeContext {
  return {
    settings,
    author: roles === undefined ? null : { roles, knownInactive: false, inactiveSince: null },
    clinicClosed: null,
    mayBeginWork: () => true,
    find: read.find,
    findSeen: read.find,
    entriesOf: read.entriesOfVisit,
    invoicesOf: read.invoicesOfVisit,
    statusesOfPatient: (patientId, day) =>
      read
        .visitsOfDay(day)
        .filter((visit) => visit.patientId === patientId)
        .map(({ status }) => status),
  }
}

function price(doctorId: UserId | null, visitType: Price['visitType'], minor: number): Price {
  return { kind: 'PRICE', doctorId, visitType, amount: { minor, currency: 'EGP' } }
}

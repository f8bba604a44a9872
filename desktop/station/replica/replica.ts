import type { RxCollection, RxDatabase } from 'rxdb'
import type {
  ClinicStaff,
  Doctor,
  Favourites,
  Price,
  Quarantined,
  Settings,
  StationEntry,
} from '#shared/clinic.ts'
import type { CollectionName, Documents, WritableCollection } from '#shared/collections.ts'
import type { Command, CommandName, Write } from '#shared/commands.ts'
import type { Entry, Receipt } from '#shared/entry.ts'
import type { ErrorCode, ErrorDetails } from '#shared/errors.ts'
import type { EntitlementState } from '#shared/entitlement.ts'
import type { CalendarDate } from '#shared/fields.ts'
import type { ClinicId, CommandId, PatientId, StationId, UserId, VisitId } from '#shared/ids.ts'
import type { Invoice } from '#shared/invoice.ts'
import type { LabResult } from '#shared/lab-result.ts'
import type { SharedRecord } from '#shared/shared-record.ts'
import type { Patient } from '#shared/patient.ts'
import type { Prescription } from '#shared/prescription.ts'
import type { PatientReading } from '#shared/patient-search.ts'
import type { Stamp } from '#shared/stamp.ts'
import type { Ticket } from '#shared/ticket.ts'
import type { Visit } from '#shared/visit.ts'
import type { ContestedCollection } from './contested.ts'
import type { NumberGivenAnew } from './given-anew.ts'

/** The clinic as the server last told it. */
export interface ClinicDirectory {
  settings(): Settings
  staff(): readonly ClinicStaff[]
  doctors(): readonly Doctor[]
  prices(): readonly Price[]
  stations(): readonly StationEntry[]
  quarantined(): readonly Quarantined[]
  favourites(): readonly Favourites[]
}

/** Documents as they stand here: the server's, with this station's pending writes applied. */
export interface ReplicaReader extends ClinicDirectory {
  find<C extends CollectionName>(collection: C, id: string): Documents[C] | null
  patient(id: string): Patient | null
  visit(id: string): Visit | null
  entry(id: string): Entry | null
  /** In no particular order. */
  visitsOfDay(queueDay: CalendarDate): Visit[]
  /** Latest queue day first. */
  visitsOfPatient(patientId: PatientId, limit: number): Visit[]
  entriesOfVisit(visitId: VisitId): Entry[]
  entriesOfVisits(visitIds: readonly VisitId[]): Entry[]
  invoicesOfVisit(visitId: VisitId): Invoice[]
  prescriptionsOfVisit(visitId: VisitId): Prescription[]
  resultsOfPatient(patientId: PatientId): LabResult[]
  /** What the owner's other clinics know of them, and they agreed to share. */
  sharedOfPatient(patientId: PatientId): SharedRecord[]
  entriesOfPatient(patientId: PatientId): Entry[]
  entriesOfDay(queueDay: CalendarDate): Entry[]
  /** Whether, these days, another ticket stands on somebody's paper than here. */
  hasTicketsGivenAnew(): boolean
  /** Patients with this normalised name and phone; with this name alone, if there is no phone. */
  namesakes(name: string, phone: string | null): PatientId[]
}

/** What a command reads and draws while it is made; valid inside `commit` only, and synchronous. */
export interface CommandTx extends ReplicaReader {
  readonly clinicId: ClinicId
  readonly stationId: StationId
  readonly letter: string
  readonly commandId: CommandId
  readonly at: Stamp
  /** The time of `at`, milliseconds since the Unix epoch: never before an earlier command's. */
  readonly now: number
  readonly by: UserId
  /** A UUIDv7; those of one process sort in the order they were made. */
  newId(): string
  /** The next number of this station for the queue day; durable with the command, or not taken. */
  nextTicket(queueDay: CalendarDate): Ticket
  nextReceipt(): Receipt
  /** The next number of another counter, as `numbers` in a collection's rules names it. */
  nextNumber(counter: string): { letter: string; number: number }
}

export interface CommandDraft<T> {
  name: CommandName
  /** `base` must be the document as `CommandTx` gave it, or null if the command makes it. */
  writes: Write[]
  /** Only for `decideQuarantined`. */
  decision?: { commandId: CommandId; accept: boolean }
  output: T
}

/** QUEUED: not yet answered by the server. HELD: kept there, waits for a person or a payment. */
export type PendingState = 'NONE' | 'QUEUED' | 'HELD'

export interface OutboxRow {
  readonly seq: number
  readonly command: Command
  readonly state: 'QUEUED' | 'HELD'
  readonly code: ErrorCode | null
  readonly details: ErrorDetails
}

/** An unsynced command as it is listed: of an import, hundreds of patients need not be read for that. */
export interface WaitingRow {
  readonly commandId: CommandId
  readonly name: CommandName
  readonly by: UserId
  readonly at: Stamp
  /** The one patient it is about; null for an import of many. */
  readonly patientId: PatientId | null
  readonly state: 'QUEUED' | 'HELD'
}

export interface RejectedRow {
  /** With what was entered, for a person to read and enter again. */
  readonly command: Command
  readonly code: ErrorCode
  readonly details: ErrorDetails
  /** Milliseconds since the Unix epoch. */
  readonly answeredAt: number
}

/** What one transaction touched. Told once, after its commit; commands and sync alike. */
export interface Touched {
  readonly collections: ReadonlySet<CollectionName>
  /** The outbox or the rejected commands changed. */
  readonly outbox: boolean
}

/** What views watch by RxDB's live queries. All else is read from the file. */
export const LIVE_COLLECTIONS = ['clinic', 'patients', 'visits', 'entries'] as const

export type ReplicaCollections = {
  [C in (typeof LIVE_COLLECTIONS)[number]]: RxCollection<Documents[C]>
}

/** One clinic's partition on this station. */
export interface Replica {
  readonly clinicId: ClinicId
  readonly stationId: StationId
  readonly stationName: string
  readonly letter: string
  /** Live queries for views: cached and kept up to date by RxDB's event reduce. */
  readonly database: RxDatabase<ReplicaCollections>
  /** Reads outside a command, of what is committed. Synchronous, straight from the file. */
  readonly read: ReplicaReader
  /** Whether the clinic's settings are here yet: until then `settings()` throws NOT_ENROLLED. */
  isOpen(): boolean
  /**
   * Makes, judges and stores a command: its documents and its signed outbox row in one transaction.
   * Returns only when that is durable.
   * @throws AppError with the judge's code; then nothing was stored and no number was taken
   */
  commit<T>(by: UserId, make: (tx: CommandTx) => CommandDraft<T>): T
  onCommitted(listener: (touched: Touched) => void): () => void
  pending(collection: WritableCollection, id: string): PendingState
  /** Those of a collection that are not `NONE`, by id. */
  pendingOf(collection: WritableCollection): ReadonlyMap<string, 'QUEUED' | 'HELD'>
  /** In the order made. */
  outbox(): OutboxRow[]
  /** The latest unsynced commands, latest first. */
  latestUnsynced(limit: number): WaitingRow[]
  held(): OutboxRow[]
  countOutbox(): { queued: number; held: number; oldest: Stamp | null }
  /** Latest first. */
  rejected(): RejectedRow[]
  /** Takes a rejected command out of the inbox. False: there is none. */
  dismissRejected(commandId: CommandId): boolean
  /** Numbers given here that the server found taken, as far as nobody has seen to it. */
  givenAnew(): NumberGivenAnew[]
  /** Takes those of a command out of the inbox. False: there are none. */
  seeGivenAnew(commandId: CommandId): boolean
  /** Ids that any of the readings finds, those of earlier readings first. */
  searchPatients(readings: readonly PatientReading[], limit: number): PatientId[]
  /** False while the search index is made anew after an update: some are found as before it only. */
  isSearchWhole(): boolean
  countPatients(): number
  /** Ids of documents with values that lost against others, as far as nobody has dealt with them. */
  contested(collection: ContestedCollection): string[]
  /** Null until the server's first statement has come. */
  entitlement(): (EntitlementState & { endsAt: string }) | null
  /**
   * The desk's time, milliseconds: its clock, corrected by the server's when that is far off, and
   * never before the latest stamp. `CommandTx.now` is the same.
   */
  now(): number
}

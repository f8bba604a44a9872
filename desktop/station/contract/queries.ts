import { z } from 'zod'
import { CommandName } from '#shared/commands.ts'
import { EnteredName, ReasonCode } from '#shared/entered.ts'
import { Encounter } from '#shared/encounter.ts'
import { Entry, PaymentMethod } from '#shared/entry.ts'
import { ErrorCode, ErrorDetails } from '#shared/errors.ts'
import { CalendarDate, ClinicalValue, FieldValue } from '#shared/fields.ts'
import {
  ClinicId,
  CommandId,
  EntryId,
  PatientId,
  PrescriptionId,
  StationId,
  UserId,
  VisitId,
} from '#shared/ids.ts'
import { LabResult } from '#shared/lab-result.ts'
import { Money } from '#shared/money.ts'
import { BirthDate, PatientDraft, Sex } from '#shared/patient.ts'
import { Prescription } from '#shared/prescription.ts'
import { Action, Role, VisitStatus } from '#shared/roles.ts'
import { SharedRecord } from '#shared/shared-record.ts'
import { Priority, VisitType } from '#shared/visit.ts'

/** Instants here are UTC ISO 8601; the window shows them in the clinic's time zone and digits. */
const Instant = z.string()

export const ClinicView = z.object({
  clinicId: ClinicId,
  name: z.string(),
  timeZone: z.string(),
  currency: Money.shape.currency,
  digits: z.enum(['ARABIC_INDIC', 'LATIN']),
  waitAmberMinutes: z.number(),
  waitRedMinutes: z.number(),
  /** Whether courtesy lifts in the line. */
  courtesyEnabled: z.boolean(),
  demo: z.boolean(),
})

export const PersonView = z.object({ userId: UserId, name: z.string(), roles: z.array(Role) })

/** Why the clinic's file cannot be used now. */
export const TroubleCode = z.enum([
  'LOCKED', // another program has the file
  'WRONG_KEY', // the key is another file's
  'DAMAGED', // not whole, and making it anew did not help
  'REPLACING', // not whole: a new one is being made of what can be read
  'NEWER', // a later version of the app has written it
  'DISK_FULL',
  'DISK_FAILED', // the disk does not read or write
  'CANNOT_OPEN', // the folder is read-only or not there
  'KEY_MISSING', // the system's keystore has no key for this data
  'KEY_UNREADABLE', // the system's keystore no longer opens the key
])
export type TroubleCode = z.infer<typeof TroubleCode>

export const SessionView = z.discriminatedUnion('status', [
  /** The clinic's file cannot be used. */
  z.object({
    status: z.literal('TROUBLE'),
    code: TroubleCode,
    /** A recovery code would open it. */
    canRecover: z.boolean(),
  }),
  /** The station belongs to no clinic yet. */
  z.object({ status: z.literal('NOT_ENROLLED'), serverUrl: z.string().nullable() }),
  /** Enrolled, the first pull not far enough to know the clinic. */
  z.object({ status: z.literal('OPENING') }),
  z.object({ status: z.literal('LOCKED'), clinic: ClinicView, stationName: z.string() }),
  z.object({
    status: z.literal('SIGNED_IN'),
    clinic: ClinicView,
    stationName: z.string(),
    stationId: StationId,
    letter: z.string(),
    queueDay: z.string(),
    person: PersonView,
    hasPin: z.boolean(),
    /** What this person may do without regard to a visit's status: drives which buttons exist. */
    mayCheckIn: z.boolean(),
    mayImport: z.boolean(),
    maySeeQueue: z.boolean(),
    /** An ADMIN, who may make a recovery code; `hasRecovery`: this computer's data has one. */
    mayRecover: z.boolean(),
    hasRecovery: z.boolean(),
    subscription: z.object({
      status: z.enum(['TRIAL', 'ACTIVE', 'PAST_DUE', 'CANCELED', 'EXPIRED', 'UNKNOWN']),
      canWrite: z.boolean(),
      warnDays: z.number().nullable(),
      endsAt: Instant.nullable(),
    }),
  }),
])
export type SessionView = z.infer<typeof SessionView>

/** Who may unlock this station. */
export const PeopleView = z.array(
  z.object({
    userId: UserId,
    name: z.string(),
    email: z.string(),
    roles: z.array(Role),
    hasPin: z.boolean(),
    /** Has signed in here before: needs no internet. */
    knownHere: z.boolean(),
    /** On the demo clinic only: what to sign in with. */
    demoPassword: z.string().nullable(),
  }),
)
export type PeopleView = z.infer<typeof PeopleView>

export const PaidState = z.enum(['PAID', 'PART', 'UNPAID', 'FREE'])

export const VisitRow = z.object({
  visitId: VisitId,
  patientId: PatientId,
  /** As shown: `A-12`, or `12` while one station issues tickets. In Latin digits; the window localises. */
  ticket: z.string(),
  name: z.string(),
  birthDate: z.string().nullable(),
  doctorId: UserId,
  type: VisitType,
  priority: Priority,
  boosted: z.boolean(),
  status: VisitStatus,
  /** Check-in, or the return to the line. */
  waitingSince: Instant,
  /** When the present status was reached. */
  since: Instant,
  calledAt: Instant.nullable(),
  calledRoom: z.string().nullable(),
  orderReason: z.string().nullable(),
  /** Null: this person does not see money. */
  paid: PaidState.nullable(),
  balance: Money.nullable(),
  /** Written here and not yet confirmed by the server. */
  unsynced: z.boolean(),
  held: z.boolean(),
  /** Has something in the inbox: a conflict, a duplicate. */
  flagged: z.boolean(),
  /** What the person signed in may do now. */
  actions: z.array(Action),
  /** The last step can be undone by this person now, until this instant. */
  undoUntil: Instant.nullable(),
})
export type VisitRow = z.infer<typeof VisitRow>

export const LineView = z.object({
  doctorId: UserId,
  doctorName: z.string(),
  room: z.string(),
  specialty: z.string(),
  withDoctor: z.array(VisitRow),
  withAssistant: z.array(VisitRow),
  /** In queue order; the first is next. */
  waiting: z.array(VisitRow),
  /** Done today, latest first. */
  done: z.array(VisitRow),
  /** Cancelled or no-show today. */
  aside: z.array(VisitRow),
})
export type LineView = z.infer<typeof LineView>

export const UnheardStation = z.object({
  stationId: StationId,
  name: z.string(),
  /** Null: never. */
  since: Instant.nullable(),
})

export const BoardView = z.object({
  queueDay: z.string(),
  /** Visits of earlier queue days that nobody has closed: settled by a person. The latest 100. */
  leftOpen: z.array(VisitRow),
  /** Of all. */
  leftOpenCount: z.number(),
  lines: z.array(LineView),
  /** Stations whose later work this board may lack. */
  notHeardFrom: z.array(UnheardStation),
})
export type BoardView = z.infer<typeof BoardView>

export const SearchHit = z.object({
  patientId: PatientId,
  name: z.string(),
  phones: z.array(z.string()),
  birthDate: z.string().nullable(),
  sex: z.enum(['MALE', 'FEMALE']).nullable(),
  fileNumber: z.string().nullable(),
  nationalId: z.string().nullable(),
  lastVisitDay: z.string().nullable(),
  openBalance: Money.nullable(),
  /** In a line today. */
  today: z.array(z.object({ visitId: VisitId, ticket: z.string(), status: VisitStatus })),
  possibleDuplicate: z.boolean(),
})
export type SearchHit = z.infer<typeof SearchHit>

export const SearchView = z.object({
  text: z.string(),
  hits: z.array(SearchHit),
  /** How many there are to search; so that an empty answer can say what it searched. */
  patients: z.number(),
  /** After an update of the app some are found as before it only, until all were prepared anew. */
  isPreparing: z.boolean(),
})
export type SearchView = z.infer<typeof SearchView>

export const PatientVisit = z.object({
  visitId: VisitId,
  queueDay: z.string(),
  ticket: z.string(),
  doctorName: z.string(),
  type: VisitType,
  status: VisitStatus,
  arrivedAt: Instant,
  paid: PaidState.nullable(),
  payments: z.array(
    z.object({
      entryId: EntryId,
      kind: z.enum(['PAYMENT', 'REFUND']),
      amount: Money,
      method: PaymentMethod,
      at: Instant,
      byName: z.string(),
      receipt: z.string().nullable(),
    }),
  ),
})

/** `clinicName`: the clinic of the owner that knows of it; null: this one. */
export const PatientAllergy = z.object({
  substance: z.string(),
  reaction: z.string().nullable(),
  isSevere: z.boolean(),
  clinicName: z.string().nullable(),
})

/** What another clinic of the owner told, with the patient's consent. */
export const ToldRecord = z.object({
  recordId: z.string(),
  queueDay: z.string(),
  clinicName: z.string(),
  doctorName: z.string().nullable(),
  body: SharedRecord.shape.body,
})

export const PatientView = z.object({
  patientId: PatientId,
  draft: PatientDraft,
  registeredAt: Instant,
  possibleDuplicateOf: z.object({ patientId: PatientId, name: z.string() }).nullable(),
  unsynced: z.boolean(),
  mayEdit: z.boolean(),
  mayCheckIn: z.boolean(),
  visits: z.array(PatientVisit),
  /** Null: not theirs to see. */
  allergies: z.array(PatientAllergy).nullable(),
  /** Latest first; of allergies above. Empty too where it is not theirs to see. */
  told: z.array(ToldRecord),
  /** Whether the patient agreed that the owner's other clinics are told what this one knows. */
  sharing: z.object({
    agreed: z.boolean(),
    mayRecord: z.boolean(),
    /** An ADMIN, who may say who the patient is at those clinics. */
    mayLink: z.boolean(),
  }),
})
export type PatientView = z.infer<typeof PatientView>

/** What check-in proposes, so that Enter, Enter, Enter is right most of the time. */
export const ProposalView = z.object({
  doctorId: UserId.nullable(),
  visitType: VisitType,
  /** Why a follow-up is proposed: days since the examination. */
  daysSinceExamination: z.number().nullable(),
  doctors: z.array(
    z.object({
      doctorId: UserId,
      name: z.string(),
      room: z.string(),
      waiting: z.number(),
      /** Between when and when the turn of who is checked in now would come, about. */
      turn: z.object({ from: Instant, to: Instant }),
      prices: z.array(z.object({ visitType: VisitType, amount: Money })),
    }),
  ),
  courtesyEnabled: z.boolean(),
  /** Visits of this patient today, if any: checked in already. */
  today: z.array(
    z.object({ visitId: VisitId, ticket: z.string(), doctorName: z.string(), status: VisitStatus }),
  ),
})
export type ProposalView = z.infer<typeof ProposalView>

const field = EnteredName

/** `kind` says how a window shows `value`. Null: a person had emptied the field. Names are resolved. */
export const EnteredField = z.discriminatedUnion('kind', [
  z.object({ field, kind: z.literal('TEXT'), value: z.string().nullable() }),
  /** Letters and Latin digits that are read one by one: a ticket, an identity number. */
  z.object({ field, kind: z.literal('DIGITS'), value: z.string().nullable() }),
  z.object({ field, kind: z.literal('DATE'), value: BirthDate.nullable() }),
  z.object({ field, kind: z.literal('SEX'), value: Sex.nullable() }),
  z.object({ field, kind: z.literal('PHONES'), value: z.array(z.string()) }),
  z.object({ field, kind: z.literal('PATIENT'), value: z.array(z.string()) }),
  z.object({ field, kind: z.literal('VISIT_TYPE'), value: VisitType }),
  z.object({ field, kind: z.literal('PRIORITY'), value: Priority }),
  z.object({ field, kind: z.literal('STATUS'), value: VisitStatus }),
  z.object({ field, kind: z.literal('METHOD'), value: PaymentMethod }),
  z.object({ field, kind: z.literal('REASON'), value: ReasonCode }),
  /** `value` is `125.50 EGP`; `money` for a window that writes it its own way. */
  z.object({ field, kind: z.literal('MONEY'), value: z.string(), money: Money }),
])
export type EnteredField = z.infer<typeof EnteredField>

/** What a field can hold, the clinical ones too. */
const AnyValue = z.union([FieldValue, ClinicalValue])

const inboxBase = {
  itemId: z.string(),
  at: Instant,
  byName: z.string(),
  patientId: PatientId.nullable(),
  patientName: z.string().nullable(),
}

/** One row for each thing that a person must look at. */
export const InboxItem = z.discriminatedUnion('kind', [
  z.object({
    ...inboxBase,
    kind: z.literal('HELD'),
    commandId: CommandId,
    command: CommandName,
    code: ErrorCode,
    details: ErrorDetails,
    entered: z.array(EnteredField),
  }),
  z.object({
    ...inboxBase,
    kind: z.literal('REJECTED'),
    commandId: CommandId,
    command: CommandName,
    code: ErrorCode,
    details: ErrorDetails,
    /** What was entered, for a person to read and enter again. */
    entered: z.array(EnteredField),
  }),
  /** Two people changed one field without seeing each other. */
  z.object({
    ...inboxBase,
    kind: z.literal('SUPERSEDED'),
    collection: z.enum([
      'patients',
      'visits',
      'encounters',
      'prescriptions',
      'appointments',
      'inventory',
    ]),
    documentId: z.string(),
    /** The day of the visit or booking that a record is of; null: of none. */
    day: CalendarDate.nullable(),
    /** What of the stock it is; else null. */
    itemName: z.string().nullable(),
    field: z.string(),
    lost: AnyValue,
    stands: AnyValue,
    standsBy: z.string(),
    standsAt: Instant,
    mayRestore: z.boolean(),
    /** Whether both texts can stand in the field, one after the other. */
    mayJoin: z.boolean(),
  }),
  /** A step of a visit that the fold passed over: a cancellation against care. */
  z.object({
    ...inboxBase,
    kind: z.literal('OVERRULED'),
    visitId: VisitId,
    ticket: z.string(),
    step: VisitStatus,
    reason: z.enum(['CARE_STANDS', 'UNLAWFUL', 'UNDO_LATE']),
    stands: VisitStatus,
  }),
  /** The same patient, doctor and day, checked in at two stations. */
  z.object({
    ...inboxBase,
    kind: z.literal('DUPLICATE_VISIT'),
    doctorName: z.string(),
    visits: z.array(
      z.object({
        visitId: VisitId,
        ticket: z.string(),
        status: VisitStatus,
        at: Instant,
        byName: z.string(),
        paid: Money.nullable(),
      }),
    ),
    mayMerge: z.boolean(),
  }),
  /** Numbers that were given here were somebody else's already: on paper stands another than here. */
  z.object({
    ...inboxBase,
    kind: z.literal('GIVEN_ANEW'),
    commandId: CommandId,
    numbers: z.array(
      z.object({
        kind: z.enum(['TICKET', 'RECEIPT', 'INVOICE', 'BOOKING']),
        taken: z.string(),
        given: z.string(),
      }),
    ),
    /** Whose slip says them when it is printed again; null: no slip does. */
    visitId: VisitId.nullable(),
  }),
  /** Waits for an ADMIN's word. */
  z.object({
    ...inboxBase,
    kind: z.literal('QUARANTINED'),
    commandId: CommandId,
    command: CommandName,
    /** SESSION_UNKNOWN: they were deactivated, and whether they had signed in there nobody knows. */
    reason: z.enum(['MEMBER_INACTIVE', 'CLINIC_INACTIVE', 'SESSION_UNKNOWN']),
    /** Empty where an older server had not kept it. */
    entered: z.array(EnteredField),
    /** How many more fields there are: of a long list of patients. */
    more: z.number(),
    mayDecide: z.boolean(),
  }),
])
export type InboxItem = z.infer<typeof InboxItem>
export const InboxView = z.object({ items: z.array(InboxItem) })
export type InboxView = z.infer<typeof InboxView>

export const SyncView = z.object({
  state: z.enum(['OFFLINE', 'CONNECTING', 'CATCHING_UP', 'LIVE', 'NEEDS_ATTENTION']),
  /** Why it needs attention, or why it is offline. */
  code: ErrorCode.nullable(),
  /** Since when in this state. */
  since: Instant,
  /** While catching up, or while a new desk's history comes in behind its day: had and to have. */
  progress: z.object({ done: z.number(), total: z.number() }).nullable(),
  unsynced: z.number(),
  held: z.number(),
  oldestUnsynced: Instant.nullable(),
  lastContact: Instant.nullable(),
  /** The newest unsynced commands, latest first, at most 50. */
  waiting: z.array(
    z.object({
      commandId: CommandId,
      command: CommandName,
      at: Instant,
      byName: z.string(),
      patientName: z.string().nullable(),
      held: z.boolean(),
    }),
  ),
  stations: z.array(
    z.object({
      stationId: StationId,
      name: z.string(),
      isThis: z.boolean(),
      live: z.boolean(),
      lastContact: Instant.nullable(),
    }),
  ),
  /** How far this machine's clock is ahead of the server's, if more than five minutes. */
  clockAheadMinutes: z.number().nullable(),
  /** The server no longer takes this installation as the station it was: an ADMIN may `rejoin` it. */
  mayRejoin: z.boolean(),
  /** The file was damaged, and what came of it; until somebody has read it. */
  damage: z
    .object({
      at: Instant,
      kind: z.enum(['REPLACED', 'LOG_CUT']),
      /** Unsynced acts that go on, and those that only a person can enter again (in the inbox). */
      kept: z.number(),
      listed: z.number(),
      /** Whether all that was confirmed could be read. */
      whole: z.boolean(),
    })
    .nullable(),
})
export type SyncView = z.infer<typeof SyncView>

const ImportRemark = z.object({
  line: z.number(),
  /** The heading, as the file has it. */
  column: z.string(),
  code: z.string(),
  value: z.string(),
})

export const ImportView = z.object({
  running: z.boolean(),
  fileName: z.string().nullable(),
  done: z.number(),
  total: z.number(),
  imported: z.number(),
  duplicates: z.number(),
  /** Rows that were not taken. The first 500; `errorCount` counts all. */
  errors: z.array(ImportRemark),
  errorCount: z.number(),
  /** Cells that were taken and are worth a look. The first 500; `warningCount` counts all. */
  warnings: z.array(ImportRemark),
  warningCount: z.number(),
  /** Headings that were not understood: these columns are not in the clinic's book. */
  unread: z.array(z.string()),
})
export type ImportView = z.infer<typeof ImportView>

/**
 * The clinical record of a visit. Of each document the fields that this person may see are there, and
 * no document of which they may see nothing.
 */
export const RecordView = z.object({
  /** Whether the notes are theirs to read; else `openRecord` comes first. */
  isOpen: z.boolean(),
  encounter: Encounter.partial().nullable(),
  prescriptions: z.array(Prescription.partial()),
  /** Prescriptions that show struck through and print VOID. */
  canceled: z.array(PrescriptionId),
  addenda: z.array(Entry.partial()),
  results: z.array(LabResult.partial()),
})
export type RecordView = z.infer<typeof RecordView>

/** The closed list of what a window may watch: name -> parameters and view. */
export const QUERIES = {
  session: { params: z.strictObject({}), view: SessionView },
  people: { params: z.strictObject({}), view: PeopleView },
  board: { params: z.strictObject({}), view: BoardView },
  search: {
    params: z.strictObject({ text: z.string().max(200), limit: z.int().min(1).max(50) }),
    view: SearchView,
  },
  patient: { params: z.strictObject({ patientId: PatientId }), view: PatientView },
  proposal: {
    params: z.strictObject({ patientId: PatientId.nullable(), doctorId: UserId.nullable() }),
    view: ProposalView,
  },
  record: { params: z.strictObject({ visitId: VisitId }), view: RecordView },
  inbox: { params: z.strictObject({}), view: InboxView },
  sync: { params: z.strictObject({}), view: SyncView },
  import: { params: z.strictObject({}), view: ImportView },
} as const

export const QueryName = z.enum([
  'session',
  'people',
  'board',
  'search',
  'patient',
  'proposal',
  'record',
  'inbox',
  'sync',
  'import',
])
export type QueryName = z.infer<typeof QueryName>
export type QueryParams<Q extends QueryName> = z.infer<(typeof QUERIES)[Q]['params']>
export type QueryView<Q extends QueryName> = z.infer<(typeof QUERIES)[Q]['view']>

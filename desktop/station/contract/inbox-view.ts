import { z } from 'zod'
import { CommandName } from '#shared/commands.ts'
import { ErrorCode, ErrorDetails } from '#shared/errors.ts'
import { CalendarDate, ClinicalValue, FieldValue } from '#shared/fields.ts'
import { CommandId, PatientId, VisitId } from '#shared/ids.ts'
import { Money } from '#shared/money.ts'
import { VisitStatus } from '#shared/roles.ts'
import { EnteredField } from './entered-field.ts'
import { Instant } from './instant.ts'

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

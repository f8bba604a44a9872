import { z } from 'zod'

export const Role = z.enum(['ADMIN', 'DOCTOR', 'ASSISTANT', 'RECEPTION', 'ACCOUNTANT', 'INVENTORY'])
export type Role = z.infer<typeof Role>

export const VisitStatus = z.enum([
  'WAITING',
  'WITH_ASSISTANT',
  'WITH_DOCTOR',
  'DONE',
  'CANCELED',
  'NO_SHOW',
])
export type VisitStatus = z.infer<typeof VisitStatus>

/** `NONE`: the patient has no visit today. */
export type StatusKey = VisitStatus | 'NONE'

export const Action = z.enum([
  'REGISTER_PATIENT',
  'EDIT_PATIENT',
  'IMPORT_PATIENTS',
  'CHECK_IN',
  'BOOK',
  'START_VISIT',
  'CALL',
  'SKIP',
  'MOVE_LINE',
  'SET_PRIORITY',
  'CANCEL',
  'MARK_NO_SHOW',
  'RECALL',
  'MERGE_VISITS',
  'SETTLE_CONFLICT',
  'TAKE_PAYMENT',
  'REFUND',
  'WAIVE_FEE',
  'ISSUE_INVOICE',
  'VOID_INVOICE',
  'RECORD_VITALS',
  'EDIT_ALLERGIES',
  'SEND_TO_DOCTOR',
  'SEND_TO_ASSISTANT',
  'RETURN_TO_LINE',
  'FINISH_VISIT',
  'FILE_RESULT',
  'REVIEW_RESULT',
  'ORDER_LAB',
  'WRITE_NOTES',
  'CREATE_DRAFT_PRESCRIPTION',
  'FINALIZE_PRESCRIPTION',
  'EDIT_FINAL_PRESCRIPTION',
  'APPEND_ADDENDUM',
  'MANAGE_STOCK',
  'COUNT_DRAWER',
  'RECORD_CONSENT',
  'OPEN_RECORD',
  'DECIDE_QUARANTINE',
])
export type Action = z.infer<typeof Action>

type Row = Record<StatusKey, readonly Action[]>

const RECEPTION: Row = {
  NONE: [
    'REGISTER_PATIENT',
    'EDIT_PATIENT',
    'CHECK_IN',
    'BOOK',
    'SETTLE_CONFLICT',
    'COUNT_DRAWER',
    'RECORD_CONSENT',
  ],
  WAITING: [
    'EDIT_PATIENT',
    'START_VISIT',
    'CALL',
    'SKIP',
    'MOVE_LINE',
    'SET_PRIORITY',
    'CANCEL',
    'MARK_NO_SHOW',
    'MERGE_VISITS',
    'SETTLE_CONFLICT',
    'TAKE_PAYMENT',
  ],
  WITH_ASSISTANT: [
    'EDIT_PATIENT',
    'CANCEL',
    'MARK_NO_SHOW',
    'MERGE_VISITS',
    'SETTLE_CONFLICT',
    'TAKE_PAYMENT',
  ],
  WITH_DOCTOR: ['SETTLE_CONFLICT', 'TAKE_PAYMENT'],
  DONE: ['SETTLE_CONFLICT', 'ISSUE_INVOICE', 'TAKE_PAYMENT', 'REFUND'],
  CANCELED: ['SETTLE_CONFLICT', 'REFUND'],
  NO_SHOW: ['SETTLE_CONFLICT', 'RECALL', 'REFUND'],
}

const ASSISTANT: Row = {
  NONE: [],
  WAITING: ['START_VISIT', 'CALL', 'RECORD_VITALS', 'EDIT_ALLERGIES'],
  WITH_ASSISTANT: ['RECORD_VITALS', 'EDIT_ALLERGIES', 'SEND_TO_DOCTOR', 'FILE_RESULT'],
  WITH_DOCTOR: ['RECORD_VITALS', 'EDIT_ALLERGIES', 'FILE_RESULT'],
  DONE: ['FILE_RESULT'],
  CANCELED: [],
  NO_SHOW: [],
}

const DOCTOR: Row = {
  NONE: ['EDIT_ALLERGIES', 'FILE_RESULT', 'REVIEW_RESULT', 'RECORD_CONSENT'],
  WAITING: ['START_VISIT', 'CALL', 'EDIT_ALLERGIES', 'OPEN_RECORD'],
  WITH_ASSISTANT: ['START_VISIT', 'EDIT_ALLERGIES', 'OPEN_RECORD'],
  WITH_DOCTOR: [
    'WRITE_NOTES',
    'RECORD_VITALS',
    'EDIT_ALLERGIES',
    'ORDER_LAB',
    'CREATE_DRAFT_PRESCRIPTION',
    'FINALIZE_PRESCRIPTION',
    'APPEND_ADDENDUM',
    'WAIVE_FEE',
    'RETURN_TO_LINE',
    'SEND_TO_ASSISTANT',
    'FINISH_VISIT',
    'OPEN_RECORD',
  ],
  // WRITE_NOTES: to complete them, until the cut-over (`judge-record.ts`).
  DONE: ['APPEND_ADDENDUM', 'FILE_RESULT', 'REVIEW_RESULT', 'WRITE_NOTES', 'OPEN_RECORD'],
  CANCELED: ['APPEND_ADDENDUM', 'OPEN_RECORD'],
  NO_SHOW: ['APPEND_ADDENDUM', 'OPEN_RECORD'],
}

const ACCOUNTANT: Row = {
  NONE: ['COUNT_DRAWER'],
  WAITING: ['TAKE_PAYMENT'],
  WITH_ASSISTANT: ['TAKE_PAYMENT'],
  WITH_DOCTOR: ['TAKE_PAYMENT'],
  DONE: ['ISSUE_INVOICE', 'TAKE_PAYMENT', 'REFUND', 'VOID_INVOICE'],
  CANCELED: ['REFUND'],
  NO_SHOW: ['REFUND'],
}

const INVENTORY: Row = {
  NONE: ['MANAGE_STOCK'],
  WAITING: ['MANAGE_STOCK'],
  WITH_ASSISTANT: ['MANAGE_STOCK'],
  WITH_DOCTOR: ['MANAGE_STOCK'],
  DONE: ['MANAGE_STOCK'],
  CANCELED: ['MANAGE_STOCK'],
  NO_SHOW: ['MANAGE_STOCK'],
}

/** What an ADMIN may do beyond desk, money and stock. */
const ADMIN_ONLY: readonly Action[] = ['IMPORT_PATIENTS', 'DECIDE_QUARANTINE']

function unite(...rows: readonly Row[]): Row {
  const at = (status: StatusKey): Action[] => [
    ...new Set([...rows.flatMap((row) => row[status]), ...ADMIN_ONLY]),
  ]
  return {
    NONE: at('NONE'),
    WAITING: at('WAITING'),
    WITH_ASSISTANT: at('WITH_ASSISTANT'),
    WITH_DOCTOR: at('WITH_DOCTOR'),
    DONE: at('DONE'),
    CANCELED: at('CANCELED'),
    NO_SHOW: at('NO_SHOW'),
  }
}

/** Who may do what: PRODUCT's table, roles x visit status. `EDIT_FINAL_PRESCRIPTION` is in no row. */
export const RIGHTS: Record<Role, Row> = {
  RECEPTION,
  ASSISTANT,
  DOCTOR,
  ACCOUNTANT,
  INVENTORY,
  ADMIN: unite(RECEPTION, ACCOUNTANT, INVENTORY),
}

/** What a clinic's admin took away from a role. */
export const Narrowing = z.partialRecord(Role, z.array(Action).max(64))
export type Narrowing = z.infer<typeof Narrowing>

/** Whether a person with these roles may do this to a visit (or patient) in this status. */
export function can(
  roles: readonly Role[],
  status: StatusKey,
  action: Action,
  narrowing: Narrowing = {},
): boolean {
  return roles.some(
    (role) =>
      RIGHTS[role][status].includes(action) && !(narrowing[role]?.includes(action) ?? false),
  )
}

/**
 * What a person may see; which fields each shows is said by `sight.ts`. FINAL_PRESCRIPTIONS: to print
 * them, without the notes. Identity and queue are for all who serve patients; INVENTORY sees stock only.
 */
export const Sight = z.enum([
  'IDENTITY',
  'QUEUE',
  'OWN_SHIFT_MONEY',
  'ALL_MONEY',
  'OWN_EARNINGS',
  'VITALS',
  'CLINICAL',
  'FINAL_PRESCRIPTIONS',
  'STOCK',
  'STAFF',
  'REPORTS',
])
export type Sight = z.infer<typeof Sight>

const SIGHTS: Record<Role, readonly Sight[]> = {
  RECEPTION: ['IDENTITY', 'QUEUE', 'OWN_SHIFT_MONEY', 'FINAL_PRESCRIPTIONS'],
  ASSISTANT: ['IDENTITY', 'QUEUE', 'VITALS'],
  DOCTOR: ['IDENTITY', 'QUEUE', 'VITALS', 'CLINICAL', 'OWN_EARNINGS'],
  ACCOUNTANT: ['IDENTITY', 'QUEUE', 'OWN_SHIFT_MONEY', 'ALL_MONEY'],
  INVENTORY: ['STOCK'],
  ADMIN: ['IDENTITY', 'QUEUE', 'OWN_SHIFT_MONEY', 'ALL_MONEY', 'STOCK', 'STAFF', 'REPORTS'],
}

export function mayView(roles: readonly Role[], sight: Sight): boolean {
  return roles.some((role) => SIGHTS[role].includes(sight))
}

/** Strictest first: with several visits today the strictest status governs EDIT_PATIENT. */
const STRICTNESS: readonly StatusKey[] = [
  'WITH_DOCTOR',
  'DONE',
  'CANCELED',
  'NO_SHOW',
  'WITH_ASSISTANT',
  'WAITING',
  'NONE',
]

/** The status that governs a patient's identity: the strictest of today's visits, `NONE` without one. */
export function governingStatus(statuses: readonly VisitStatus[]): StatusKey {
  return STRICTNESS.find((status) => status === 'NONE' || statuses.includes(status)) ?? 'NONE'
}

import { z } from 'zod'
import { Appointment } from '#shared/appointment.ts'
import { EncounterDraft, VitalSigns } from '#shared/encounter.ts'
import { Addendum, Consent, DrawerShift, PaymentMethod } from '#shared/entry.ts'
import {
  AppointmentId,
  ClinicId,
  CommandId,
  EntryId,
  FactId,
  InvoiceId,
  LabResultId,
  PatientId,
  PrescriptionId,
  StockItemId,
  UserId,
  VisitId,
} from '#shared/ids.ts'
import { Invoice } from '#shared/invoice.ts'
import { FiledResult, LabResult, ResultReview } from '#shared/lab-result.ts'
import { Money } from '#shared/money.ts'
import { Allergy, Condition, PatientDraft } from '#shared/patient.ts'
import { PrescriptionDraft } from '#shared/prescription.ts'
import { SharingAt } from '#shared/patient-sharing.ts'
import { Membership } from '#shared/protocol.ts'
import { StockItemDraft, StockMovement } from '#shared/stock.ts'
import { Ticket } from '#shared/ticket.ts'
import { Priority, VisitType } from '#shared/visit.ts'
import { Slip } from './slip.ts'

const Nothing = z.object({})
const OneVisit = z.strictObject({ visitId: VisitId })
const OneEntry = z.object({ entryId: EntryId })
const OneResult = z.object({ labResultId: LabResultId })
const Reason = z.string().trim().min(1).max(200)
const { doctorId, day, time, note } = Appointment.shape
const place = { doctorId, day, time }
/** As typed; `recovery/recovery-code.ts` reads it. */
const RecoveryCode = z.string().min(1).max(80)
const Pin = z.string().regex(/^\d{4,8}$/)

/**
 * The closed list of what a window may ask of the station: name -> input and output. Those that
 * write are commands: checked, one transaction with the outbox, confirmed only once durable.
 */
export const ACTIONS = {
  // --- the station and who is at it
  /** Opens the clinic's file once more, after something stood in the way. */
  tryAgain: { input: Nothing, output: Nothing },
  /** Opens data whose key this computer has lost, by the owner's recovery code. INVALID: not that code. */
  openWithRecoveryCode: { input: z.strictObject({ code: RecoveryCode }), output: Nothing },
  /** For an ADMIN, to be written down; nothing is kept until it comes back by `keepRecoveryCode`. */
  newRecoveryCode: { input: Nothing, output: z.object({ code: z.string() }) },
  /** For an ADMIN: from now on this code, new or another computer's, opens this computer's data. */
  keepRecoveryCode: { input: z.strictObject({ code: RecoveryCode }), output: Nothing },
  /** Somebody has read what became of a damaged file. */
  dismissDamage: { input: Nothing, output: Nothing },
  lookUpClinics: {
    input: z.strictObject({
      serverUrl: z.url().max(300),
      email: z.string().max(200),
      password: z.string().max(200),
    }),
    output: z.object({ memberships: z.array(Membership) }),
  },
  enrol: {
    input: z.strictObject({
      serverUrl: z.url().max(300),
      email: z.string().max(200),
      password: z.string().max(200),
      clinicId: ClinicId,
      stationName: z.string().trim().min(1).max(80),
    }),
    output: Nothing,
  },
  /**
   * An ADMIN lets an installation that the server refuses go on as a new station, with all it has.
   * INVALID: it is not refused. Afterwards everybody signs in anew.
   */
  rejoin: {
    input: z.strictObject({ email: z.string().max(200), password: z.string().max(200) }),
    output: Nothing,
  },
  /** By e-mail and password; offline too, for who has signed in here before. */
  signIn: {
    input: z.strictObject({ email: z.string().max(200), password: z.string().max(200) }),
    output: Nothing,
  },
  /** Fast switching between people. */
  unlock: { input: z.strictObject({ userId: UserId, pin: Pin }), output: Nothing },
  /** The password again: at a desk left unlocked a PIN would be somebody else's for good. */
  setPin: {
    input: z.strictObject({ password: z.string().max(200), pin: Pin }),
    output: Nothing,
  },
  lock: { input: z.strictObject({}), output: Nothing },
  syncNow: { input: z.strictObject({}), output: Nothing },

  // --- patients
  registerPatient: {
    input: z.strictObject({ draft: PatientDraft }),
    output: z.object({ patientId: PatientId, possibleDuplicateOf: PatientId.nullable() }),
  },
  editPatient: {
    input: z.strictObject({ patientId: PatientId, changes: PatientDraft.partial() }),
    output: Nothing,
  },
  /**
   * For an ADMIN: who the patient is, or may be, at the owner's other clinics. This and the next two ask
   * the server as that person, and write nothing here. Null: they have given their password already.
   * UNAUTHENTICATED: they have not, or too long ago. NOT_FOUND: the server has no such patient yet, or they
   * are not an ADMIN of both.
   */
  findLinks: {
    input: z.strictObject({ patientId: PatientId, password: z.string().max(200).nullable() }),
    output: z.object({ clinics: z.array(SharingAt) }),
  },
  /** INVALID: one of the two is somebody else's already. */
  linkPatient: {
    input: z.strictObject({
      patientId: PatientId,
      otherClinicId: ClinicId,
      otherPatientId: PatientId,
    }),
    output: Nothing,
  },
  unlinkPatient: {
    input: z.strictObject({ patientId: PatientId, otherClinicId: ClinicId }),
    output: Nothing,
  },
  /** The text of a CSV file; progress comes by the `import` query. */
  importCsv: {
    input: z.strictObject({ fileName: z.string().max(300), text: z.string().max(64_000_000) }),
    output: z.object({ imported: z.number(), duplicates: z.number(), errorCount: z.number() }),
  },

  // --- the queue
  checkIn: {
    input: z.strictObject({
      patient: z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('KNOWN'), patientId: PatientId }),
        z.strictObject({ kind: z.literal('NEW'), draft: PatientDraft }),
      ]),
      doctorId: UserId,
      visitType: VisitType,
      priority: Priority,
      payment: z.strictObject({ amount: Money, method: PaymentMethod }).nullable(),
      /** The booking that brought the patient. */
      appointmentId: AppointmentId.optional(),
    }),
    output: z.object({ visitId: VisitId, patientId: PatientId, slip: Slip }),
  },
  call: { input: OneVisit, output: Nothing },
  /** Calls the first of the line who has not been called, or again the first. */
  callNext: { input: z.strictObject({ doctorId: UserId }), output: z.object({ visitId: VisitId }) },
  startVisit: {
    input: z.strictObject({ visitId: VisitId, to: z.enum(['WITH_ASSISTANT', 'WITH_DOCTOR']) }),
    output: Nothing,
  },
  sendToDoctor: { input: OneVisit, output: Nothing },
  sendToAssistant: { input: OneVisit, output: Nothing },
  returnToLine: { input: OneVisit, output: Nothing },
  finishVisit: { input: OneVisit, output: Nothing },
  skip: { input: OneVisit, output: Nothing },
  /** Directly before another of the same line; null: to its end. */
  reorder: {
    input: z.strictObject({ visitId: VisitId, before: VisitId.nullable(), reason: Reason }),
    output: Nothing,
  },
  changeLine: {
    input: z.strictObject({ visitId: VisitId, doctorId: UserId, reason: Reason.optional() }),
    output: Nothing,
  },
  setPriority: {
    input: z.strictObject({
      visitId: VisitId,
      priority: Priority,
      reason: Reason,
    }),
    output: Nothing,
  },
  recall: { input: OneVisit, output: Nothing },
  markNoShow: { input: OneVisit, output: Nothing },
  cancel: {
    input: z.strictObject({ visitId: VisitId, reason: z.string().trim().max(200).nullable() }),
    output: Nothing,
  },
  takePayment: {
    input: z.strictObject({ visitId: VisitId, amount: Money, method: PaymentMethod }),
    output: z.object({ entryId: EntryId, receipt: z.string() }),
  },
  refund: {
    input: z.strictObject({
      paymentId: EntryId,
      amount: Money,
      method: PaymentMethod,
      reason: Reason,
    }),
    output: z.object({ entryId: EntryId }),
  },
  /** Undoes this person's own last step at this station, if it still can be. */
  undoLast: { input: z.strictObject({}), output: z.object({ visitId: VisitId }) },
  slipOf: { input: OneVisit, output: Slip },

  // --- bookings
  bookAppointment: {
    input: z.strictObject({ patientId: PatientId, ...place, visitType: VisitType, note }),
    output: z.object({ appointmentId: AppointmentId, number: Ticket }),
  },
  moveAppointment: {
    input: z.strictObject({ appointmentId: AppointmentId, ...place, visitType: VisitType, note }),
    output: z.object({ number: Ticket }),
  },
  cancelAppointment: {
    input: z.strictObject({ appointmentId: AppointmentId, reason: Reason.nullable() }),
    output: Nothing,
  },
  markAppointmentMissed: {
    input: z.strictObject({ appointmentId: AppointmentId }),
    output: Nothing,
  },

  // --- the clinical record
  recordVitals: {
    /** `replaces`: a reading that was wrong. */
    input: z.strictObject({ visitId: VisitId, signs: VitalSigns, replaces: FactId.nullable() }),
    output: Nothing,
  },
  /** The fields that were written in. */
  writeNotes: {
    input: z.strictObject({ visitId: VisitId, ...EncounterDraft.partial().shape }),
    output: Nothing,
  },
  /** What is added; `retracts` takes an earlier one back. */
  editAllergies: {
    input: z.strictObject({
      patientId: PatientId,
      allergies: z
        .array(Allergy.pick({ substance: true, reaction: true, severity: true, retracts: true }))
        .max(20),
      conditions: z.array(Condition.pick({ name: true, retracts: true })).max(20),
    }),
    output: Nothing,
  },
  /** Null: a new draft. */
  draftPrescription: {
    input: z.strictObject({
      visitId: VisitId,
      prescriptionId: PrescriptionId.nullable(),
      ...PrescriptionDraft.shape,
    }),
    output: z.object({ prescriptionId: PrescriptionId }),
  },
  /** Of a draft; answers with the final one, which is another document. */
  finalizePrescription: {
    input: z.strictObject({ prescriptionId: PrescriptionId }),
    output: z.object({ prescriptionId: PrescriptionId }),
  },
  appendAddendum: {
    input: z.strictObject({ visitId: VisitId, ...Addendum.omit({ kind: true }).shape }),
    output: OneEntry,
  },
  orderLab: {
    input: z.strictObject({
      visitId: VisitId,
      test: LabResult.shape.test,
      instructions: LabResult.shape.instructions,
    }),
    output: OneResult,
  },
  fileResult: {
    input: z.strictObject({
      about: z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('ORDERED'), labResultId: LabResultId }),
        z.strictObject({
          kind: z.literal('BROUGHT'),
          patientId: PatientId,
          test: LabResult.shape.test,
        }),
      ]),
      text: FiledResult.shape.text,
      attachments: FiledResult.shape.attachments,
    }),
    output: OneResult,
  },
  reviewResult: {
    input: z.strictObject({ labResultId: LabResultId, note: ResultReview.shape.note }),
    output: OneResult,
  },
  /** Before another doctor's notes are shown; it is recorded. */
  openRecord: { input: OneVisit, output: OneEntry },
  recordConsent: {
    input: z.strictObject({ patientId: PatientId, ...Consent.omit({ kind: true }).shape }),
    output: OneEntry,
  },

  // --- money and stock
  waiveFee: {
    input: z.strictObject({ visitId: VisitId, amount: Money, reason: Reason }),
    output: OneEntry,
  },
  issueInvoice: {
    input: z.strictObject({ visitId: VisitId, lines: Invoice.shape.lines }),
    output: z.object({ invoiceId: InvoiceId, number: z.string() }),
  },
  voidInvoice: {
    input: z.strictObject({ invoiceId: InvoiceId, reason: Reason }),
    output: OneEntry,
  },
  /** `closes`: the count that the shift began with; null: a shift begins. */
  countDrawer: {
    input: z.strictObject(DrawerShift.omit({ kind: true }).shape),
    output: OneEntry,
  },
  /** Null: a new item. */
  saveStockItem: {
    input: z.strictObject({ itemId: StockItemId.nullable(), item: StockItemDraft }),
    output: z.object({ itemId: StockItemId }),
  },
  moveStock: {
    input: z.strictObject(StockMovement.omit({ kind: true }).shape),
    output: OneEntry,
  },

  // --- the inbox
  /** KEEP: what stands, stands. RESTORE: put the lost value back. JOIN: both, in one. DISMISS: read. */
  settle: {
    input: z.strictObject({
      itemId: z.string().max(200),
      choice: z.enum(['KEEP', 'RESTORE', 'JOIN', 'DISMISS']),
    }),
    output: Nothing,
  },
  mergeVisits: { input: z.strictObject({ keep: VisitId, merge: VisitId }), output: Nothing },
  decideQuarantined: {
    input: z.strictObject({ commandId: CommandId, accept: z.boolean() }),
    output: Nothing,
  },
} as const

export const ActionName = z.enum([
  'tryAgain',
  'openWithRecoveryCode',
  'newRecoveryCode',
  'keepRecoveryCode',
  'dismissDamage',
  'lookUpClinics',
  'enrol',
  'rejoin',
  'signIn',
  'unlock',
  'setPin',
  'lock',
  'syncNow',
  'registerPatient',
  'editPatient',
  'findLinks',
  'linkPatient',
  'unlinkPatient',
  'importCsv',
  'checkIn',
  'call',
  'callNext',
  'startVisit',
  'sendToDoctor',
  'sendToAssistant',
  'returnToLine',
  'finishVisit',
  'skip',
  'reorder',
  'changeLine',
  'setPriority',
  'recall',
  'markNoShow',
  'cancel',
  'takePayment',
  'refund',
  'undoLast',
  'slipOf',
  'bookAppointment',
  'moveAppointment',
  'cancelAppointment',
  'markAppointmentMissed',
  'recordVitals',
  'writeNotes',
  'editAllergies',
  'draftPrescription',
  'finalizePrescription',
  'appendAddendum',
  'orderLab',
  'fileResult',
  'reviewResult',
  'openRecord',
  'recordConsent',
  'waiveFee',
  'issueInvoice',
  'voidInvoice',
  'countDrawer',
  'saveStockItem',
  'moveStock',
  'settle',
  'mergeVisits',
  'decideQuarantined',
])
export type ActionName = z.infer<typeof ActionName>
export type ActionInput<A extends ActionName> = z.infer<(typeof ACTIONS)[A]['input']>
export type ActionOutput<A extends ActionName> = z.infer<(typeof ACTIONS)[A]['output']>

import { Appointment } from '#shared/appointment.ts'
import type { ActionName } from '#desktop/station/contract/actions.ts'
import type { VisitRow } from '#desktop/station/contract/board-view.ts'
import type { RecordView } from '#desktop/station/contract/record-view.ts'
import {
  AppointmentId,
  EntryId,
  InvoiceId,
  LabResultId,
  PatientId,
  PrescriptionId,
  StockItemId,
} from '#shared/ids.ts'
import type { Action } from '#shared/roles.ts'
import type { RecordActKind } from './history-plan.ts'
import type { ModelStation } from './model-station.ts'
import { at, type Begun, type Confirmed, LINES, must, somePatient, someVisit } from './begun-act.ts'

const NO_SIGNS = {
  temperature: null,
  respiration: null,
  systolic: null,
  diastolic: null,
  oxygen: null,
  glucose: null,
  weight: null,
  height: null,
}
const NOTE_FIELDS = ['complaint', 'notes', 'plan'] as const
const EGP = (minor: number): { minor: number; currency: 'EGP' } => ({ minor, currency: 'EGP' })

/**
 * Acts on the clinical record, the bookings, the money and the stock. What no view lists is found
 * among what was confirmed anywhere: here it may not have arrived yet, and is refused.
 */
export async function beginRecordAct(
  station: ModelStation,
  kind: RecordActKind,
  { choice, confirmed }: { choice: number; confirmed: readonly Confirmed[] },
): Promise<Begun | null> {
  const { act } = station
  const nth = Math.floor(choice / 8)
  const text = `«نص ${choice}»`
  const told = (name: ActionName, output: Promise<unknown>): Begun => ({
    name,
    output,
    text,
  })
  const untold = (name: ActionName, output: Promise<unknown>): Begun => ({
    name,
    output,
    text: null,
  })
  const row = (action: Action): Promise<VisitRow | null> => someVisit(station, action, choice)
  const recordFor = async (
    action: Action,
  ): Promise<{ visit: VisitRow; record: RecordView } | null> => {
    const visit = await row(action)
    if (visit === null) return null
    return { visit, record: await station.view('record', { visitId: visit.visitId }) }
  }
  const madeBy = (name: ActionName, field: string): string | undefined =>
    at(
      confirmed.flatMap((one) => (one.name === name ? (outputOf(one, field) ?? []) : [])),
      nth,
    )

  switch (kind) {
    case 'reorder': {
      const visit = await row('SKIP')
      if (visit === null) return null
      const line = (await station.view('board', {})).lines.find(
        ({ doctorId }) => doctorId === visit.doctorId,
      )
      const other = at(
        (line?.waiting ?? []).filter((one) => one.visitId !== visit.visitId),
        nth,
      )
      const before = nth % 3 === 0 ? null : (other?.visitId ?? null)
      return told(kind, act(kind, { visitId: visit.visitId, before, reason: text }))
    }
    case 'bookAppointment':
    case 'moveAppointment': {
      const { queueDay } = await station.view('board', {})
      const place = {
        doctorId: must(LINES, nth),
        day: Appointment.shape.day.parse(queueDay),
        time: nth % 2 === 0 ? null : '18:30',
        visitType: 'EXAMINATION' as const,
        note: text,
      }
      if (kind === 'bookAppointment') {
        const patientId = await somePatient(station, nth)
        return patientId === null ? null : told(kind, act(kind, { patientId, ...place }))
      }
      const appointmentId = AppointmentId.safeParse(madeBy('bookAppointment', 'appointmentId')).data
      return appointmentId === undefined ? null : told(kind, act(kind, { appointmentId, ...place }))
    }
    case 'cancelAppointment': {
      const appointmentId = AppointmentId.safeParse(madeBy('bookAppointment', 'appointmentId')).data
      return appointmentId === undefined
        ? null
        : told(kind, act(kind, { appointmentId, reason: text }))
    }
    case 'markAppointmentMissed': {
      const appointmentId = AppointmentId.safeParse(madeBy('bookAppointment', 'appointmentId')).data
      return appointmentId === undefined ? null : untold(kind, act(kind, { appointmentId }))
    }
    case 'checkInBooked': {
      const appointmentId = AppointmentId.safeParse(madeBy('bookAppointment', 'appointmentId')).data
      const patientId = await somePatient(station, nth)
      if (appointmentId === undefined || patientId === null) return null
      return untold(
        'checkIn',
        act('checkIn', {
          patient: { kind: 'KNOWN', patientId },
          doctorId: must(LINES, nth),
          visitType: 'EXAMINATION',
          priority: 'NORMAL',
          payment: null,
          appointmentId,
        }),
      )
    }
    case 'recordVitals': {
      const of = await recordFor('RECORD_VITALS')
      if (of === null) return null
      const replaces = nth % 4 === 0 ? (of.record.encounter?.vitals?.at(-1)?.id ?? null) : null
      const signs = { ...NO_SIGNS, pulse: 40 + (nth % 100), note: text }
      return told(kind, act(kind, { visitId: of.visit.visitId, signs, replaces }))
    }
    case 'writeNotes': {
      const visit = await row('WRITE_NOTES')
      if (visit === null) return null
      const { visitId } = visit
      if (nth % 5 === 0) return told(kind, act(kind, { visitId, orders: [text] }))
      if (nth % 5 === 1)
        return told(kind, act(kind, { visitId, diagnoses: [{ code: null, text }] }))
      return told(kind, act(kind, { visitId, [must(NOTE_FIELDS, nth)]: text }))
    }
    case 'editAllergies': {
      const visit = await row('EDIT_ALLERGIES')
      if (visit === null) return null
      const { patientId } = visit
      const condition = { name: text, retracts: null }
      const allergy = {
        substance: text,
        reaction: null,
        severity: 'UNKNOWN',
        retracts: null,
      } as const
      const changes =
        nth % 3 === 0
          ? { allergies: [], conditions: [condition] }
          : { allergies: [allergy], conditions: [] }
      return told(kind, act(kind, { patientId, ...changes }))
    }
    case 'draftPrescription': {
      const of = await recordFor('CREATE_DRAFT_PRESCRIPTION')
      if (of === null) return null
      // One time in eight a final one: nobody may.
      const status = choice % 8 === 3 ? 'FINAL' : 'DRAFT'
      const prescriptionId = nth % 3 === 0 ? null : prescriptionOf(of.record, status, nth)
      const entered = { lines: [lineOf(text)], note: nth % 2 === 0 ? text : null }
      return told(kind, act(kind, { visitId: of.visit.visitId, prescriptionId, ...entered }))
    }
    case 'finalizePrescription': {
      const of = await recordFor('FINALIZE_PRESCRIPTION')
      const prescriptionId = of === null ? null : prescriptionOf(of.record, 'DRAFT', nth)
      return prescriptionId === null ? null : untold(kind, act(kind, { prescriptionId }))
    }
    case 'appendAddendum': {
      const of = await recordFor('APPEND_ADDENDUM')
      if (of === null) return null
      const { visitId } = of.visit
      const prescriptionId = prescriptionOf(of.record, 'FINAL', nth)
      const relation = nth % 2 === 0 || prescriptionId === null ? 'NOTE' : 'CANCELS'
      const addendum = { relation, prescriptionId, replacementId: null, text } as const
      return told(kind, act(kind, { visitId, ...addendum }))
    }
    case 'orderLab': {
      const visit = await row('ORDER_LAB')
      if (visit === null) return null
      return told(kind, act(kind, { visitId: visit.visitId, test: text, instructions: null }))
    }
    case 'fileResult': {
      const labResultId = LabResultId.safeParse(madeBy('orderLab', 'labResultId')).data
      const patientId = await somePatient(station, nth)
      if (labResultId !== undefined && nth % 4 !== 0) {
        const about = { kind: 'ORDERED', labResultId } as const
        return told(kind, act(kind, { about, text, attachments: [] }))
      }
      if (patientId === null) return null
      const about = { kind: 'BROUGHT', patientId, test: 'تحليل' } as const
      return told(kind, act(kind, { about, text, attachments: [] }))
    }
    case 'reviewResult': {
      const labResultId = LabResultId.safeParse(madeBy('fileResult', 'labResultId')).data
      return labResultId === undefined ? null : told(kind, act(kind, { labResultId, note: text }))
    }
    case 'openRecord': {
      const visit = await row('OPEN_RECORD')
      return visit === null ? null : untold(kind, act(kind, { visitId: visit.visitId }))
    }
    case 'recordConsent': {
      const patientId = PatientId.nullable().parse(await somePatient(station, nth))
      if (patientId === null) return null
      const consent = { scope: 'SHARED_HISTORY', given: nth % 3 !== 0 } as const
      return untold(kind, act(kind, { patientId, ...consent }))
    }
    case 'waiveFee': {
      const visit = await row('WAIVE_FEE')
      if (visit === null) return null
      return told(kind, act(kind, { visitId: visit.visitId, amount: EGP(10_00), reason: text }))
    }
    case 'issueInvoice': {
      const visit = await row('ISSUE_INVOICE')
      if (visit === null) return null
      const lines = [{ text, quantity: 1, amount: EGP(100_00 + (nth % 100)) }]
      return told(kind, act(kind, { visitId: visit.visitId, lines }))
    }
    case 'voidInvoice': {
      const invoiceId = InvoiceId.safeParse(madeBy('issueInvoice', 'invoiceId')).data
      return invoiceId === undefined ? null : told(kind, act(kind, { invoiceId, reason: text }))
    }
    case 'countDrawer': {
      const opened = EntryId.safeParse(madeBy('countDrawer', 'entryId')).data
      const closes = nth % 2 === 0 ? null : (opened ?? null)
      return told(kind, act(kind, { closes, counted: EGP(nth % 1_000_00), note: text }))
    }
    case 'saveStockItem': {
      const known = StockItemId.safeParse(madeBy('saveStockItem', 'itemId')).data
      const itemId = nth % 3 === 0 ? null : (known ?? null)
      const item = { name: text, unit: 'علبة', code: null, minimum: nth % 10, active: true }
      return told(kind, act(kind, { itemId, item }))
    }
    case 'moveStock': {
      const itemId = StockItemId.safeParse(madeBy('saveStockItem', 'itemId')).data
      if (itemId === undefined) return null
      const [reason, quantity] =
        nth % 5 === 0
          ? (['COUNTED', nth % 50] as const)
          : nth % 2 === 0
            ? (['USED', -1 - (nth % 5)] as const)
            : (['RECEIVED', 1 + (nth % 20)] as const)
      return told(kind, act(kind, { itemId, reason, quantity, note: text }))
    }
  }
}

function outputOf({ output }: Confirmed, field: string): string | null {
  const value: unknown = Reflect.get(Object(output), field)
  return typeof value === 'string' ? value : null
}

function prescriptionOf(record: RecordView, status: 'DRAFT' | 'FINAL', nth: number) {
  const some = record.prescriptions.filter((one) => one.status === status)
  return PrescriptionId.nullable().parse(at(some, nth)?.id ?? null)
}

function lineOf(drug: string) {
  const rest = { form: null, route: null, frequency: null, duration: null, instructions: null }
  return { drug, dose: '500 mg', ...rest }
}

import { AppointmentField, type AppointmentStatus } from './appointment.ts'
import { bookingSteps, type Change, pickById, stepsOf } from './change.ts'
import { type CommandName, MAX_WRITES } from './commands.ts'
import { EncounterField } from './encounter.ts'
import type { Entry, EntryKind } from './entry.ts'
import { PatientField } from './patient.ts'
import { PrescriptionField } from './prescription.ts'
import { StockItemField } from './stock.ts'
import type { Visit } from './visit.ts'
import { visitShape } from './visit-shape.ts'
import { AT_MOST_ONE, type CommandShape, ONE, SOME } from './write-shape.ts'

function entryShape(kind: EntryKind): CommandShape {
  return { entries: { count: ONE, makes: 'NEW', fits: ({ next }) => next.body.kind === kind } }
}

function bookingShape(status: AppointmentStatus): CommandShape {
  return {
    appointments: {
      count: ONE,
      makes: 'CHANGE',
      facts: { steps: ONE },
      fits: (change) => bookingSteps(change).every((step) => step.status === status),
    },
  }
}

/** A number is of one doctor's day: who moves a booking sets them all. */
const PLACE: readonly AppointmentField[] = ['doctorId', 'day', 'time', 'number']

/** What the writes of each command are. Nothing else may be among them. */
export const SHAPES: Record<CommandName, CommandShape> = {
  registerPatient: { patients: { count: ONE, makes: 'NEW' } },
  importPatients: { patients: { count: [1, MAX_WRITES], makes: 'NEW' } },
  editPatient: { patients: { count: ONE, makes: 'CHANGE', fields: PatientField.options } },
  checkIn: {
    patients: {
      count: AT_MOST_ONE,
      makes: 'NEW',
      fits: ({ next }, _command, { visits }) => next.id === visits[0]?.next.patientId,
    },
    visits: {
      count: ONE,
      makes: 'NEW',
      facts: { transitions: ONE },
      fits: (change) =>
        change.next.mergedInto === null &&
        stepsOf(change).every(({ status, undoes }) => status === 'WAITING' && undoes === null),
    },
    entries: {
      count: AT_MOST_ONE,
      makes: 'NEW',
      fits: ({ next }, _command, { visits }) =>
        next.body.kind === 'PAYMENT' && visits.every((visit) => belongs(next, visit.next)),
    },
    // The booking that brought the patient.
    appointments: {
      count: AT_MOST_ONE,
      makes: 'CHANGE',
      facts: { steps: ONE },
      fits: (change, _command, { visits }) =>
        bookingSteps(change).every(
          ({ status, visitId }) =>
            status === 'ARRIVED' &&
            visits.every(
              ({ next }) => next.id === visitId && next.patientId === change.next.patientId,
            ),
        ),
    },
  },
  call: visitShape('call'),
  startVisit: visitShape('startVisit'),
  sendToDoctor: visitShape('sendToDoctor'),
  sendToAssistant: visitShape('sendToAssistant'),
  returnToLine: visitShape('returnToLine'),
  finishVisit: visitShape('finishVisit'),
  skip: visitShape('skip'),
  reorder: visitShape('reorder'),
  changeLine: visitShape('changeLine'),
  setPriority: visitShape('setPriority'),
  recall: visitShape('recall'),
  markNoShow: visitShape('markNoShow'),
  cancel: visitShape('cancel'),
  mergeVisits: visitShape('mergeVisits'),
  undoLast: {
    visits: {
      count: ONE,
      makes: 'CHANGE',
      // With the cancellation of a merge the merge itself; which step it is, the judge looks at.
      fields: ['mergedInto'],
      facts: { transitions: ONE },
      fits: (change) =>
        stepsOf(change)[0]?.undoes !== null &&
        (change.fields.length === 0 || change.next.mergedInto === null),
    },
  },
  takePayment: entryShape('PAYMENT'),
  refund: entryShape('REFUND'),
  waiveFee: entryShape('WAIVER'),
  voidInvoice: entryShape('INVOICE_VOID'),
  appendAddendum: entryShape('ADDENDUM'),
  countDrawer: entryShape('DRAWER_SHIFT'),
  moveStock: entryShape('STOCK_MOVEMENT'),
  recordConsent: entryShape('CONSENT'),
  openRecord: entryShape('RECORD_OPENED'),
  issueInvoice: { invoices: { count: ONE, makes: 'NEW' } },
  bookAppointment: {
    appointments: {
      count: ONE,
      makes: 'NEW',
      facts: { steps: ONE },
      fits: (change) => bookingSteps(change).every(({ status }) => status === 'BOOKED'),
    },
  },
  moveAppointment: {
    appointments: {
      count: ONE,
      makes: 'CHANGE',
      fields: AppointmentField.options,
      fits: ({ fields }) => {
        const moved = PLACE.filter((field) => fields.includes(field))
        return moved.length === 0 || moved.length === PLACE.length
      },
    },
  },
  cancelAppointment: bookingShape('CANCELED'),
  markAppointmentMissed: bookingShape('NO_SHOW'),
  recordVitals: { encounters: { count: ONE, makes: 'EITHER', facts: { vitals: ONE } } },
  writeNotes: { encounters: { count: ONE, makes: 'EITHER', fields: EncounterField.options } },
  editAllergies: {
    patients: { count: ONE, makes: 'CHANGE', facts: { allergies: SOME, conditions: SOME } },
  },
  draftPrescription: {
    prescriptions: {
      count: ONE,
      makes: 'EITHER',
      fields: PrescriptionField.options,
      fits: ({ base, next }) => base !== null || (next.status === 'DRAFT' && next.draftId === null),
    },
  },
  finalizePrescription: {
    prescriptions: {
      count: [1, 2],
      makes: 'EITHER',
      facts: { finals: AT_MOST_ONE },
      fits: (change, _command, { prescriptions }) => isFinalization(change, prescriptions),
    },
  },
  orderLab: { labResults: { count: ONE, makes: 'NEW' } },
  fileResult: { labResults: { count: ONE, makes: 'EITHER', facts: { results: ONE } } },
  reviewResult: { labResults: { count: ONE, makes: 'CHANGE', facts: { reviews: ONE } } },
  saveStockItem: {
    inventory: { count: ONE, makes: 'EITHER', fields: StockItemField.options },
  },
  settleConflict: {
    patients: { count: AT_MOST_ONE, makes: 'CHANGE', fields: PatientField.options, settles: true },
    visits: { count: AT_MOST_ONE, makes: 'CHANGE', settles: true },
    // Where and when is a place: whoever wants the other one moves the booking, and it gets a number there.
    appointments: { count: AT_MOST_ONE, makes: 'CHANGE', fields: ['type', 'note'], settles: true },
    encounters: {
      count: AT_MOST_ONE,
      makes: 'CHANGE',
      fields: EncounterField.options,
      settles: true,
    },
    prescriptions: {
      count: AT_MOST_ONE,
      makes: 'CHANGE',
      fields: PrescriptionField.options,
      settles: true,
    },
    inventory: {
      count: AT_MOST_ONE,
      makes: 'CHANGE',
      fields: StockItemField.options,
      settles: true,
    },
  },
  decideQuarantined: {},
}

/** One new FINAL one, and that its draft became it. */
function isFinalization(
  { base, next, facts }: Change<'prescriptions'>,
  all: readonly Change<'prescriptions'>[],
): boolean {
  const final = all.find((made) => made.next.status === 'FINAL')?.next
  if (final === undefined) return false
  if (base === null) {
    const hasDraft = all.some((made) => made.next.id === final.draftId)
    return (
      next.id === final.id &&
      next.finals.length === 0 &&
      next.lines.length > 0 &&
      hasDraft === all.length > 1
    )
  }
  const [made] = pickById(next.finals, facts['finals'])
  const isOfDraft = next.id === final.draftId && next.visitId === final.visitId
  return isOfDraft && made?.prescriptionId === final.id
}

function belongs(entry: Entry, visit: Visit): boolean {
  return (
    entry.visitId === visit.id &&
    entry.patientId === visit.patientId &&
    entry.queueDay === visit.queueDay
  )
}

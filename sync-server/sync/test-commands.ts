import type { Command, CommandName } from '#shared/commands.ts'
import type { Entry, Receipt } from '#shared/entry.ts'
import type { EntryId, PatientId } from '#shared/ids.ts'
import type { Patient } from '#shared/patient.ts'
import type { VisitStatus } from '#shared/roles.ts'
import type { Transition, Visit, VisitField } from '#shared/visit.ts'
import { foldVisit } from '#shared/visit-fold.ts'
import { type Author, type Desk, newId, type Person, TODAY } from './test-clinic.ts'

/** What people do at a test's desk: commands as a station makes them. */

export function patientOf(desk: Desk, author: Author, changes: Partial<Patient> = {}): Patient {
  return {
    id: newId(),
    clinicId: desk.clinicId,
    name: 'منى عبد الرحمن',
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
    created: { ...author },
    marks: {},
    superseded: [],
    settled: [],
    ...changes,
  }
}

export function register(desk: Desk, by: Person, changes: Partial<Patient> = {}): Command {
  return desk.make('registerPatient', by, (author) => {
    const next = patientOf(desk, author, changes)
    return [{ collection: 'patients', id: next.id, base: null, next }]
  })
}

export function editPatient(
  desk: Desk,
  by: Person,
  base: Patient,
  changes: Partial<Pick<Patient, 'name' | 'phones' | 'note' | 'address'>>,
): Command {
  return desk.make('editPatient', by, ({ at, by: userId }) => {
    const marks = { ...base.marks }
    for (const field of Object.keys(changes) as (keyof typeof changes)[]) {
      marks[field] = { at, by: userId }
    }
    const next = { ...base, ...changes, marks }
    return [{ collection: 'patients', id: base.id, base, next }]
  })
}

export function visitOf(
  desk: Desk,
  author: Author,
  patientId: PatientId,
  changes: Partial<Visit> = {},
): Visit {
  const first: Transition = {
    id: newId(),
    status: 'WAITING',
    ...author,
    undoes: null,
    reason: null,
  }
  return {
    id: newId(),
    clinicId: desk.clinicId,
    patientId,
    doctorId: newId(),
    queueDay: TODAY,
    ticket: { letter: desk.letter, number: 1 },
    type: 'EXAMINATION',
    priority: 'NORMAL',
    boosted: true,
    orderKey: author.at,
    orderReason: null,
    mergedInto: null,
    fee: { minor: 30_000, currency: 'EGP' },
    status: 'WAITING',
    transitions: [first],
    calls: [],
    created: { ...author },
    marks: {},
    superseded: [],
    settled: [],
    ...changes,
  }
}

/** Checks a new or known patient in under a ticket's number. */
export function checkIn(
  desk: Desk,
  by: Person,
  {
    number,
    patientId,
    visit = {},
  }: { number: number; patientId?: PatientId; visit?: Partial<Visit> },
): Command {
  return desk.make('checkIn', by, (author) => {
    const patient = patientId === undefined ? patientOf(desk, author) : null
    const next = visitOf(desk, author, patientId ?? patient?.id ?? newId(), {
      ticket: { letter: desk.letter, number },
      ...visit,
    })
    return [
      ...(patient === null
        ? []
        : [{ collection: 'patients', id: patient.id, base: null, next: patient } as const]),
      { collection: 'visits', id: next.id, base: null, next },
    ]
  })
}

/** Takes a visit to another status. */
export function step(
  desk: Desk,
  by: Person,
  base: Visit,
  [name, status]: readonly [CommandName, VisitStatus],
): Command {
  return desk.make(name, by, (author) => {
    const made: Transition = { id: newId(), status, ...author, undoes: null, reason: null }
    const transitions = [...base.transitions, made]
    const next = { ...base, transitions, status: foldVisit(transitions).status }
    return [{ collection: 'visits', id: base.id, base, next }]
  })
}

export function setField(
  desk: Desk,
  by: Person,
  base: Visit,
  { name, field, value }: { name: CommandName; field: VisitField; value: string },
): Command {
  return desk.make(name, by, ({ at, by: userId }) => {
    const next = { ...base, [field]: value, marks: { ...base.marks, [field]: { at, by: userId } } }
    return [{ collection: 'visits', id: base.id, base, next }]
  })
}

export function entryOf(desk: Desk, author: Author, visit: Visit, body: Entry['body']): Entry {
  return {
    id: newId(),
    clinicId: desk.clinicId,
    visitId: visit.id,
    patientId: visit.patientId,
    queueDay: visit.queueDay,
    ...author,
    body,
  }
}

const receiptsGiven = new WeakMap<Desk, number>()

function nextReceipt(desk: Desk): Receipt {
  const number = (receiptsGiven.get(desk) ?? 0) + 1
  receiptsGiven.set(desk, number)
  return { letter: desk.letter, number }
}

/** Under the desk's next receipt. */
export function pay(desk: Desk, by: Person, visit: Visit, minor: number): Command {
  return payUnder(desk, by, visit, { minor, receipt: nextReceipt(desk) })
}

export function payUnder(
  desk: Desk,
  by: Person,
  visit: Visit,
  { minor, receipt }: { minor: number; receipt: Receipt },
): Command {
  return desk.make('takePayment', by, (author) => {
    const next = entryOf(desk, author, visit, {
      kind: 'PAYMENT',
      amount: { minor, currency: 'EGP' },
      method: 'CASH',
      receipt,
    })
    return [{ collection: 'entries', id: next.id, base: null, next }]
  })
}

export function refund(
  desk: Desk,
  by: Person,
  visit: Visit,
  { paymentId, minor }: { paymentId: EntryId; minor: number },
): Command {
  return desk.make('refund', by, (author) => {
    const next = entryOf(desk, author, visit, {
      kind: 'REFUND',
      paymentId,
      amount: { minor, currency: 'EGP' },
      method: 'CASH',
      reason: 'too much',
    })
    return [{ collection: 'entries', id: next.id, base: null, next }]
  })
}

export function madePatient({ writes }: Command): Patient {
  for (const { collection, next } of writes) if (collection === 'patients') return next
  throw new Error('the command writes no patient')
}

export function madeVisit({ writes }: Command): Visit {
  for (const { collection, next } of writes) if (collection === 'visits') return next
  throw new Error('the command writes no visit')
}

export function madeEntry({ writes }: Command): Entry {
  for (const { collection, next } of writes) if (collection === 'entries') return next
  throw new Error('the command writes no entry')
}

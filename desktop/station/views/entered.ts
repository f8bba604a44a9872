import type { Command } from '#shared/commands.ts'
import type { Entry } from '#shared/entry.ts'
import { currencyDecimals, type Money } from '#shared/money.ts'
import { type Patient, PatientField } from '#shared/patient.ts'
import type { Visit } from '#shared/visit.ts'
import { formatReceipt } from '../commands/money.ts'
import { ticketText } from '../commands/ticket-text.ts'
import { type EnteredField, type EnteredName, ReasonCode } from '../contract/queries.ts'
import type { ReplicaReader } from '../replica/replica.ts'
import { nameOf } from './names.ts'

/** What a person had entered with a command that was refused, to read and to enter again. */
export function enteredFields(command: Command, read: ReplicaReader): EnteredField[] {
  const isList = command.name === 'importPatients'
  return command.writes.flatMap((write) => {
    switch (write.collection) {
      case 'patients':
        return isList ? [summaryOf(write.next)] : patientFields(command, write.base, write.next)
      case 'visits':
        return write.base === null
          ? checkInFields(read, write.next)
          : visitFields(command, read, write.next)
      case 'entries':
        return entryFields(write.next)
    }
  })
}

function summaryOf({ name, phones, fileNumber }: Patient): EnteredField {
  const value = [name, ...phones, ...(fileNumber === null ? [] : [fileNumber])]
  return { field: 'patient', kind: 'PATIENT', value }
}

function patientFields(command: Command, base: Patient | null, next: Patient): EnteredField[] {
  return PatientField.options.flatMap((field) => {
    const value = next[field]
    const isFilled = value !== null && value.length > 0
    const isEntered = base === null ? isFilled : next.marks[field]?.at === command.at
    return isEntered ? [patientField(field, next)] : []
  })
}

function patientField(field: PatientField, patient: Patient): EnteredField {
  switch (field) {
    case 'name':
    case 'address':
    case 'note':
      return { field, kind: 'TEXT', value: patient[field] }
    case 'nationalId':
    case 'fileNumber':
      return { field, kind: 'DIGITS', value: patient[field] }
    case 'phones':
      return { field, kind: 'PHONES', value: patient.phones }
    case 'birthDate':
      return { field, kind: 'DATE', value: patient.birthDate }
    case 'sex':
      return { field, kind: 'SEX', value: patient.sex }
  }
}

function checkInFields(read: ReplicaReader, visit: Visit): EnteredField[] {
  const { letter, number } = visit.ticket
  return [
    doctorField(read, visit),
    { field: 'type', kind: 'VISIT_TYPE', value: visit.type },
    { field: 'priority', kind: 'PRIORITY', value: visit.priority },
    { field: 'ticket', kind: 'DIGITS', value: `${letter}-${number}` },
  ]
}

/** Only what the command set; an undo says all by its name. */
function visitFields(command: Command, read: ReplicaReader, visit: Visit): EnteredField[] {
  const { marks } = visit
  const isSet = (field: keyof typeof marks): boolean => marks[field]?.at === command.at
  const step = visit.transitions.find(({ at, by }) => at === command.at && by === command.by)
  return [
    ...(isSet('doctorId') ? [doctorField(read, visit)] : []),
    ...(isSet('priority') ? [priorityField(visit)] : []),
    ...(isSet('orderReason') ? reasonField('orderReason', visit.orderReason) : []),
    ...(isSet('mergedInto') ? mergeField(read, visit) : []),
    ...(step === undefined || step.undoes !== null
      ? []
      : [
          { field: 'status' as const, kind: 'STATUS' as const, value: step.status },
          ...reasonField('reason', step.reason),
        ]),
  ]
}

function doctorField(read: ReplicaReader, { doctorId }: Visit): EnteredField {
  const doctor = read.doctors().find((line) => line.doctorId === doctorId)
  return { field: 'doctorId', kind: 'TEXT', value: doctor?.name ?? nameOf(read, doctorId) }
}

function priorityField({ priority }: Visit): EnteredField {
  return { field: 'priority', kind: 'PRIORITY', value: priority }
}

function mergeField(read: ReplicaReader, { mergedInto }: Visit): EnteredField[] {
  const kept = mergedInto === null ? null : read.visit(mergedInto)
  if (kept === null) return []
  return [{ field: 'mergedInto', kind: 'DIGITS', value: ticketText(read, kept.ticket) }]
}

function reasonField(field: EnteredName, reason: string | null): EnteredField[] {
  if (reason === null) return []
  const code = ReasonCode.safeParse(reason)
  return [
    code.success
      ? { field, kind: 'REASON', value: code.data }
      : { field, kind: 'TEXT', value: reason },
  ]
}

function entryFields({ body }: Entry): EnteredField[] {
  const shared: EnteredField[] = [
    { field: 'amount', kind: 'MONEY', value: plainAmount(body.amount), money: body.amount },
    { field: 'method', kind: 'METHOD', value: body.method },
  ]
  return body.kind === 'PAYMENT'
    ? [...shared, { field: 'receipt', kind: 'DIGITS', value: formatReceipt(body.receipt) }]
    : [...shared, ...reasonField('reason', body.reason)]
}

/** `150.00 EGP`: in Latin digits, for a window to localise. */
function plainAmount({ minor, currency }: Money): string {
  const decimals = currencyDecimals(currency)
  return `${(minor / 10 ** decimals).toFixed(decimals)} ${currency}`
}

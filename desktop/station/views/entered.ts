import type { Command } from '#shared/commands.ts'
import type { Entry } from '#shared/entry.ts'
import type { FieldValue } from '#shared/fields.ts'
import { currencyDecimals, type Money } from '#shared/money.ts'
import { type Patient, PatientField } from '#shared/patient.ts'
import type { Visit } from '#shared/visit.ts'
import { formatReceipt } from '../commands/money.ts'
import type { ClinicDirectory } from '../replica/replica.ts'
import { nameOf } from './names.ts'

export interface EnteredField {
  /** A key that a window labels: a field of a patient, or one of those below. */
  field: string
  value: FieldValue
}

/** What a person had entered with a command that was refused, to read and to enter again. */
export function enteredFields(command: Command, directory: ClinicDirectory): EnteredField[] {
  const isList = command.name === 'importPatients'
  return command.writes.flatMap((write) => {
    switch (write.collection) {
      case 'patients':
        return isList
          ? [{ field: 'patient', value: summaryOf(write.next) }]
          : patientFields(command, write.base, write.next)
      case 'visits':
        return visitFields(command, write.base, write.next).map(({ field, value }) =>
          field === 'doctorId'
            ? { field: 'doctor', value: doctorName(directory, write.next) }
            : { field, value },
        )
      case 'entries':
        return entryFields(write.next)
    }
  })
}

function doctorName(directory: ClinicDirectory, { doctorId }: Visit): string {
  const doctor = directory.doctors().find((line) => line.doctorId === doctorId)
  return doctor?.name ?? nameOf(directory, doctorId)
}

function summaryOf({ name, phones, fileNumber }: Patient): string[] {
  return [name, ...phones, ...(fileNumber === null ? [] : [fileNumber])]
}

function isFilled(value: FieldValue): boolean {
  return value !== null && !(Array.isArray(value) && value.length === 0)
}

function patientFields(command: Command, base: Patient | null, next: Patient): EnteredField[] {
  return PatientField.options.flatMap((field) => {
    const value = next[field]
    const isEntered = base === null ? isFilled(value) : next.marks[field]?.at === command.at
    return isEntered ? [{ field, value }] : []
  })
}

function visitFields(command: Command, base: Visit | null, next: Visit): EnteredField[] {
  const made: EnteredField[] =
    base === null
      ? [
          { field: 'doctorId', value: next.doctorId },
          { field: 'visitType', value: next.type },
          { field: 'priority', value: next.priority },
          { field: 'ticket', value: `${next.ticket.letter}-${next.ticket.number}` },
        ]
      : (['doctorId', 'priority', 'orderReason'] as const).flatMap((field) =>
          next.marks[field]?.at === command.at ? [{ field, value: next[field] }] : [],
        )
  const steps =
    base === null
      ? []
      : next.transitions
          .filter(({ at, by }) => at === command.at && by === command.by)
          .flatMap(({ status, reason }) => [
            { field: 'status', value: status },
            ...(reason === null ? [] : [{ field: 'reason', value: reason }]),
          ])
  return [...made, ...steps]
}

function entryFields({ body }: Entry): EnteredField[] {
  const shared = [
    { field: 'amount', value: plainAmount(body.amount) },
    { field: 'method', value: body.method },
  ]
  return body.kind === 'PAYMENT'
    ? [...shared, { field: 'receipt', value: formatReceipt(body.receipt) }]
    : [...shared, { field: 'reason', value: body.reason }]
}

/** `150.00 EGP`: in Latin digits, for a window to localise. */
function plainAmount({ minor, currency }: Money): string {
  const decimals = currencyDecimals(currency)
  return `${(minor / 10 ** decimals).toFixed(decimals)} ${currency}`
}

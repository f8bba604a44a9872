import { z } from 'zod'
import type { Command } from './commands.ts'
import type { Entry } from './entry.ts'
import { PaymentMethod } from './entry.ts'
import { UserId, VisitId } from './ids.ts'
import { Money } from './money.ts'
import { BirthDate, type Patient, PatientField, Sex } from './patient.ts'
import { VisitStatus } from './roles.ts'
import { Priority, type Visit, VisitType } from './visit.ts'

/** What a command had set; a window has a label for each. */
export const EnteredName = z.enum([
  ...PatientField.options,
  /** A patient of an imported list: name, phones, file number. */
  'patient',
  'doctorId',
  'type',
  'priority',
  'orderReason',
  /** The visit kept. */
  'mergedInto',
  'ticket',
  'status',
  'reason',
  'amount',
  'method',
  'receipt',
  /** Anything else, as it was typed. */
  'entered',
])
export type EnteredName = z.infer<typeof EnteredName>

/** Reasons that the station gives by a code; all others are a person's own words, and TEXT. */
export const ReasonCode = z.enum([
  'SKIPPED',
  'LINE_CHANGED',
  'RECALLED',
  'RETURNED_FRONT',
  'RETURNED_BACK',
  'UNDONE',
  'MERGED',
])
export type ReasonCode = z.infer<typeof ReasonCode>

const field = EnteredName
const Words = z.string().max(500)

/** `kind` says how a value is shown. Null: a person had emptied the field. */
export const Entered = z.discriminatedUnion('kind', [
  z.strictObject({ field, kind: z.literal('TEXT'), value: Words.nullable() }),
  /** Letters and Latin digits that are read one by one: a ticket, an identity number. */
  z.strictObject({ field, kind: z.literal('DIGITS'), value: Words.nullable() }),
  z.strictObject({ field, kind: z.literal('DATE'), value: BirthDate.nullable() }),
  z.strictObject({ field, kind: z.literal('SEX'), value: Sex.nullable() }),
  z.strictObject({ field, kind: z.literal('PHONES'), value: z.array(Words).max(5) }),
  z.strictObject({ field, kind: z.literal('PATIENT'), value: z.array(Words).max(7) }),
  z.strictObject({ field, kind: z.literal('DOCTOR'), value: UserId }),
  z.strictObject({ field, kind: z.literal('VISIT'), value: VisitId }),
  z.strictObject({ field, kind: z.literal('VISIT_TYPE'), value: VisitType }),
  z.strictObject({ field, kind: z.literal('PRIORITY'), value: Priority }),
  z.strictObject({ field, kind: z.literal('STATUS'), value: VisitStatus }),
  z.strictObject({ field, kind: z.literal('METHOD'), value: PaymentMethod }),
  z.strictObject({ field, kind: z.literal('REASON'), value: ReasonCode }),
  z.strictObject({ field, kind: z.literal('MONEY'), value: Money }),
])
export type Entered = z.infer<typeof Entered>

/**
 * What a person entered with a command, field by field: to be read again where the command itself
 * was refused or waits. Identity, queue and money alone, which the desk and an ADMIN may see; of
 * any other document nothing is told here (to its author, `views/written.ts` does).
 */
export function enteredOf(command: Command): Entered[] {
  const isList = command.name === 'importPatients'
  return command.writes.flatMap((write) => {
    if (write.collection === 'patients') {
      return isList ? [summaryOf(write.next)] : patientFields(command, write.base, write.next)
    }
    if (write.collection === 'visits') {
      return write.base === null ? checkInFields(write.next) : visitFields(command, write.next)
    }
    return write.collection === 'entries' ? entryFields(write.next) : []
  })
}

function summaryOf({ name, phones, fileNumber }: Patient): Entered {
  const value = [name, ...phones, ...(fileNumber === null ? [] : [fileNumber])]
  return { field: 'patient', kind: 'PATIENT', value }
}

function patientFields(command: Command, base: Patient | null, next: Patient): Entered[] {
  return PatientField.options.flatMap((field) => {
    const value = next[field]
    const isFilled = value !== null && value.length > 0
    const isEntered = base === null ? isFilled : next.marks[field]?.at === command.at
    return isEntered ? [patientField(field, next)] : []
  })
}

function patientField(field: PatientField, patient: Patient): Entered {
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

function checkInFields({ doctorId, type, priority, ticket }: Visit): Entered[] {
  return [
    { field: 'doctorId', kind: 'DOCTOR', value: doctorId },
    { field: 'type', kind: 'VISIT_TYPE', value: type },
    { field: 'priority', kind: 'PRIORITY', value: priority },
    { field: 'ticket', kind: 'DIGITS', value: `${ticket.letter}-${ticket.number}` },
  ]
}

/** Only what the command set; an undo says all by its name. */
function visitFields(command: Command, visit: Visit): Entered[] {
  const { marks, doctorId, priority, orderReason, mergedInto } = visit
  const isSet = (name: keyof typeof marks): boolean => marks[name]?.at === command.at
  const step = visit.transitions.find(({ at, by }) => at === command.at && by === command.by)
  const made: Entered[] = []
  if (isSet('doctorId')) made.push({ field: 'doctorId', kind: 'DOCTOR', value: doctorId })
  if (isSet('priority')) made.push({ field: 'priority', kind: 'PRIORITY', value: priority })
  if (isSet('orderReason')) made.push(...reasonField('orderReason', orderReason))
  if (isSet('mergedInto') && mergedInto !== null) {
    made.push({ field: 'mergedInto', kind: 'VISIT', value: mergedInto })
  }
  if (step === undefined || step.undoes !== null) return made
  return [
    ...made,
    { field: 'status', kind: 'STATUS', value: step.status },
    ...reasonField('reason', step.reason),
  ]
}

function reasonField(field: EnteredName, reason: string | null): Entered[] {
  if (reason === null) return []
  const code = ReasonCode.safeParse(reason)
  return [
    code.success
      ? { field, kind: 'REASON', value: code.data }
      : { field, kind: 'TEXT', value: reason },
  ]
}

function entryFields({ body }: Entry): Entered[] {
  if (body.kind !== 'PAYMENT' && body.kind !== 'REFUND') return []
  const shared: Entered[] = [
    { field: 'amount', kind: 'MONEY', value: body.amount },
    { field: 'method', kind: 'METHOD', value: body.method },
  ]
  if (body.kind === 'REFUND') return [...shared, ...reasonField('reason', body.reason)]
  const { letter, number } = body.receipt
  return [...shared, { field: 'receipt', kind: 'DIGITS', value: `${letter}-${number}` }]
}

import type { Documents, WritableCollection } from '#shared/collections.ts'
import type { Write, WriteOf } from '#shared/commands.ts'
import type { Entry } from '#shared/entry.ts'
import { AppError } from '#shared/errors.ts'
import type { Authored, CalendarDate, Mark } from '#shared/fields.ts'
import { type ClinicId, EntryId, FactId, type PatientId, type VisitId } from '#shared/ids.ts'
import type { Patient } from '#shared/patient.ts'
import type { Visit } from '#shared/visit.ts'
import type { CommandTx } from '../replica/replica.ts'
import { ownFact } from './visit-change.ts'

/** A new fact of a set: its id, and who made it. */
export function newFact(tx: CommandTx): Authored & { id: FactId } {
  return { id: FactId.parse(tx.newId()), ...ownFact(tx) }
}

/** What every record of a visit says of it. */
export function headOf(visit: Visit): {
  clinicId: ClinicId
  patientId: PatientId
  queueDay: CalendarDate
} {
  const { clinicId, patientId, queueDay } = visit
  return { clinicId, patientId, queueDay }
}

export function visitHead(visit: Visit): ReturnType<typeof headOf> & { visitId: VisitId } {
  return { ...headOf(visit), visitId: visit.id }
}

/** A new fact that is appended to a visit, but for what it says. */
export function factOfVisit(
  tx: CommandTx,
  visit: Visit,
): Omit<Entry, 'body'> & ReturnType<typeof visitHead> {
  return { id: EntryId.parse(tx.newId()), ...visitHead(visit), ...ownFact(tx) }
}

/** What a new document has that people change field by field. */
export function freshRecord(tx: CommandTx): {
  created: Authored
  superseded: []
  settled: []
} {
  return { created: ownFact(tx), superseded: [], settled: [] }
}

/** Marks for the fields that the command sets. */
export function marksOf<F extends string>(
  tx: CommandTx,
  fields: readonly F[],
): Partial<Record<F, Mark>> {
  const mark: Mark = { at: tx.at, by: tx.by }
  // Cast: each of the names
  return Object.fromEntries(fields.map((field) => [field, mark])) as Partial<Record<F, Mark>>
}

/** Of what was entered, what differs from what stands; a field sent along unchanged is not an edit. */
export function changedFields<T extends object, F extends string & keyof T>(
  base: Pick<T, F>,
  entered: { [K in F]?: T[K] | undefined },
  fields: readonly F[],
): F[] {
  return fields.filter(
    (field) =>
      entered[field] !== undefined &&
      JSON.stringify(entered[field]) !== JSON.stringify(base[field]),
  )
}

export function recordWrite<C extends WritableCollection>(
  collection: C,
  base: WriteOf<C>['base'],
  next: WriteOf<C>['next'],
): Write {
  // Cast: a write of that collection
  return { collection, id: next.id, base, next } as Write
}

/** @throws AppError NOT_FOUND */
export function requireRecord<C extends WritableCollection>(
  tx: CommandTx,
  collection: C,
  id: string,
): Documents[C] {
  const found = tx.find(collection, id)
  if (found === null) throw new AppError('NOT_FOUND')
  return found
}

/** @throws AppError NOT_FOUND */
export function requirePatient(tx: CommandTx, patientId: PatientId): Patient {
  const patient = tx.patient(patientId)
  if (patient === null) throw new AppError('NOT_FOUND')
  return patient
}

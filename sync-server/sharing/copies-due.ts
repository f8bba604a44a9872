import type { Settings } from '#shared/clinic.ts'
import type { Encounter } from '#shared/encounter.ts'
import { type Entry, isEntryOf } from '#shared/entry.ts'
import type { CalendarDate } from '#shared/fields.ts'
import type { ClinicId, EntryId, PatientId, UserId, VisitId } from '#shared/ids.ts'
import type { LabResult } from '#shared/lab-result.ts'
import { isErased } from '#shared/erased.ts'
import { type Patient, standingFacts } from '#shared/patient.ts'
import type { Prescription } from '#shared/prescription.ts'
import { queueDayOf } from '#shared/queue-day.ts'
import type { SharedRecord } from '#shared/shared-record.ts'
import { type Stamp, stampTime } from '#shared/stamp.ts'
import { standingConsent } from '#shared/standing-consent.ts'
import type { Visit } from '#shared/visit.ts'

/** One of two clinics, and who its patient is there. */
export interface SharingSide {
  clinicId: ClinicId
  ownerId: UserId
  active: boolean
  /** Null: it has no such patient. */
  patient: Patient | null
}

/**
 * What a clinic knows of a patient by itself. What it was told by others is no part of it: no copy is
 * ever copied on.
 */
export interface OwnRecords {
  settings: Pick<Settings, 'name' | 'timeZone' | 'cutOvers'>
  visits: readonly Visit[]
  encounters: readonly Encounter[]
  prescriptions: readonly Prescription[]
  labResults: readonly LabResult[]
  entries: readonly Entry[]
  /** Names of those who are, or were, doctors there. */
  doctors: ReadonlyMap<UserId, string>
}

/** A body of a copy, and where it is from. */
type Shared = Pick<SharedRecord, 'queueDay' | 'body'> & {
  recordId: string
  doctorName: string | null
}

/**
 * Which copies of a patient's records should stand at the receiving clinic now. All that is asked for
 * is asked for here: that a link says who they are, that both clinics are one owner's and open, that
 * they are forgotten at neither, and that they consent at the clinic whose records these are.
 *
 * @param linked the patients of both clinics as the link names them; null: there is none
 * @returns by id, in order; the same for the same, whatever the order of what is given
 */
export function copiesDue({
  receiver,
  source,
  linked,
  records,
}: {
  receiver: SharingSide
  source: SharingSide
  linked: { receiver: PatientId; source: PatientId } | null
  records: OwnRecords
}): SharedRecord[] {
  if (linked === null || receiver.clinicId === source.clinicId) return []
  if (receiver.ownerId !== source.ownerId || !receiver.active || !source.active) return []
  const [here, there] = [receiver.patient, source.patient]
  if (here === null || there === null || isErased(here) || isErased(there)) return []
  if (here.id !== linked.receiver || there.id !== linked.source) return []
  const own = recordsOf(records, there.id)
  const consentId = standingConsent(own.entries)
  if (consentId === null) return []
  const made = [
    ...visitsOf(own),
    ...prescriptionsOf(own),
    ...factsOf(own, there),
    ...resultsOf(own),
  ]
  return made
    .map((shared) => toRecord(shared, { receiver, source, patientId: here.id, records, consentId }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

/** Of this patient alone, whatever was given. */
function recordsOf(records: OwnRecords, patientId: PatientId): OwnRecords {
  const isTheirs = (record: { patientId: PatientId | null }): boolean =>
    record.patientId === patientId
  return {
    ...records,
    visits: records.visits.filter(isTheirs),
    encounters: records.encounters.filter(isTheirs),
    prescriptions: records.prescriptions.filter(isTheirs),
    labResults: records.labResults.filter(isTheirs),
    entries: records.entries.filter(isTheirs),
  }
}

/** Visits that took place: one that was cancelled, or merged into another, is no history. */
function visitsOf({ visits, encounters, doctors }: OwnRecords): Shared[] {
  const diagnoses = new Map(encounters.map(({ id, diagnoses: found }) => [id, found]))
  return visits
    .filter(({ status }) => status === 'DONE')
    .map(({ id, queueDay, type, doctorId }) => ({
      recordId: id,
      queueDay,
      doctorName: doctors.get(doctorId) ?? null,
      body: { kind: 'VISIT', type, diagnoses: diagnoses.get(id) ?? [] },
    }))
}

/** Final ones. One that was cancelled says so. */
function prescriptionsOf({ prescriptions, entries, doctors }: OwnRecords): Shared[] {
  const canceled = new Set(
    entries.flatMap((entry) =>
      isEntryOf(entry, 'ADDENDUM') && entry.body.relation === 'CANCELS'
        ? (entry.body.prescriptionId ?? [])
        : [],
    ),
  )
  return prescriptions
    .filter(({ status }) => status === 'FINAL')
    .map(({ id, queueDay, doctorId, lines }) => ({
      recordId: id,
      queueDay,
      doctorName: doctors.get(doctorId) ?? null,
      body: { kind: 'PRESCRIPTION', lines, canceled: canceled.has(id) },
    }))
}

function factsOf({ settings, doctors }: OwnRecords, { allergies, conditions }: Patient): Shared[] {
  const told = ({ id, at, by }: { id: string; at: Stamp; by: UserId }) => ({
    recordId: id,
    queueDay: dayOf(at, settings),
    doctorName: doctors.get(by) ?? null,
  })
  return [
    ...standingFacts(allergies).map((fact): Shared => ({
      ...told(fact),
      body: { kind: 'ALLERGY', substance: fact.substance, reaction: fact.reaction },
    })),
    ...standingFacts(conditions).map((fact): Shared => ({
      ...told(fact),
      body: { kind: 'CONDITION', name: fact.name },
    })),
  ]
}

/** Each result by itself, with the doctor of the visit that it was ordered at. */
function resultsOf({ labResults, visits, doctors }: OwnRecords): Shared[] {
  const doctorOf = new Map<VisitId, UserId>(visits.map(({ id, doctorId }) => [id, doctorId]))
  return labResults.flatMap(({ visitId, queueDay, test, results }) =>
    results.map(({ id, by, text }): Shared => {
      const doctorId = visitId === null ? by : (doctorOf.get(visitId) ?? by)
      const doctorName = doctors.get(doctorId) ?? null
      return { recordId: id, queueDay, doctorName, body: { kind: 'RESULT', test, text } }
    }),
  )
}

function dayOf(at: Stamp, settings: OwnRecords['settings']): CalendarDate {
  return queueDayOf(stampTime(at), settings)
}

function toRecord(
  { recordId, doctorName, queueDay, body }: Shared,
  {
    receiver,
    source,
    patientId,
    records,
    consentId,
  }: {
    receiver: SharingSide
    source: SharingSide
    patientId: PatientId
    records: OwnRecords
    consentId: EntryId
  },
): SharedRecord {
  return {
    id: `${source.clinicId}:${body.kind}:${recordId}`,
    clinicId: receiver.clinicId,
    patientId,
    queueDay,
    body,
    source: {
      clinicId: source.clinicId,
      clinicName: records.settings.name,
      doctorName,
      recordId,
    },
    ownerId: source.ownerId,
    consentId,
  }
}

/** What must be written for the copies that are due to be those that stand. */
export interface Difference {
  write: SharedRecord[]
  /** Ids of copies that must go. */
  remove: string[]
}

/** @param isSame whether a copy says what the one that stands says */
export function differenceOf(
  standing: readonly SharedRecord[],
  due: readonly SharedRecord[],
  isSame: (a: SharedRecord, b: SharedRecord) => boolean,
): Difference {
  const known = new Map(standing.map((copy) => [copy.id, copy]))
  const dueIds = new Set(due.map(({ id }) => id))
  return {
    write: due.filter((copy) => {
      const before = known.get(copy.id)
      return before === undefined || !isSame(before, copy)
    }),
    remove: standing.filter(({ id }) => !dueIds.has(id)).map(({ id }) => id),
  }
}

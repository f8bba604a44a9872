import { type AnyValue, fieldIn, type MergedDocument } from '#shared/collection-rules.ts'
import { type Patient, PatientField } from '#shared/patient.ts'
import { markOf } from '#shared/resolve.ts'
import { type Visit, VisitField } from '#shared/visit.ts'
import { foldVisit } from '#shared/visit-fold.ts'
import { duplicateVisits } from '../commands/duplicate-visits.ts'
import { formatInboxItemId } from '../commands/inbox-item-id.ts'
import { accountOf } from '../commands/paid.ts'
import { ticketText } from '../commands/ticket-text.ts'
import type { InboxItem } from '../contract/inbox-view.ts'
import type { Replica } from '../replica/replica.ts'
import { about } from './about.ts'
import { nameOf } from './names.ts'
import { openOverruled, openSuperseded } from './open-conflicts.ts'
import { instantOf } from './visit-row.ts'

type SupersededItem = Extract<InboxItem, { kind: 'SUPERSEDED' }>

export function supersededOfPatient(
  replica: Replica,
  patient: Patient,
  mayRestore: () => boolean,
): InboxItem[] {
  return openSuperseded(patient).flatMap((lost) =>
    PatientField.safeParse(lost.field).success
      ? supersededItem(replica, patient, lost, {
          ...OF_NO_RECORD,
          collection: 'patients',
          patient,
          mayRestore: mayRestore(),
        })
      : [],
  )
}

/** Which line, type or priority: seen and let be. To change it again is a command of its own. */
export function supersededOfVisit(replica: Replica, visit: Visit): InboxItem[] {
  const patient = replica.read.patient(visit.patientId)
  return openSuperseded(visit).flatMap((lost) =>
    VisitField.safeParse(lost.field).success
      ? supersededItem(replica, visit, lost, {
          ...OF_NO_RECORD,
          collection: 'visits',
          patient,
          mayRestore: false,
        })
      : [],
  )
}

const OF_NO_RECORD = { day: null, itemName: null, mayJoin: false }

interface SupersededOf extends Pick<
  SupersededItem,
  'collection' | 'day' | 'itemName' | 'mayRestore' | 'mayJoin'
> {
  patient: Pick<Patient, 'id' | 'name'> | null
}

/** The value that lost, and what stands instead. */
export function supersededItem(
  replica: Replica,
  document: MergedDocument,
  lost: MergedDocument['superseded'][number],
  { patient, ...of }: SupersededOf,
): SupersededItem {
  const { field } = lost
  const mark = markOf(document, field)
  const shown = (value: AnyValue): AnyValue => {
    if (typeof value !== 'string') return value
    if (field === 'doctorId') return doctorName(replica, value)
    if (field !== 'mergedInto') return value
    const visit = replica.read.visit(value)
    return visit === null ? null : ticketText(replica.read, visit.ticket)
  }
  return {
    ...about(replica, lost, patient),
    ...of,
    kind: 'SUPERSEDED',
    itemId: formatInboxItemId({
      kind: 'SUPERSEDED',
      collection: of.collection,
      documentId: document.id,
      supersededId: lost.id,
    }),
    documentId: document.id,
    field,
    lost: shown(lost.value),
    stands: shown(fieldIn(document, field)),
    standsBy: nameOf(replica.read, mark.by),
    standsAt: instantOf(mark.at),
  }
}

function doctorName({ read }: Replica, doctorId: string): string {
  return read.doctors().find((doctor) => doctor.doctorId === doctorId)?.name ?? ''
}

export function overruledItems(replica: Replica, visit: Visit): InboxItem[] {
  const patient = replica.read.patient(visit.patientId)
  return openOverruled(visit, foldVisit(visit.transitions)).map(({ transition, reason }) => ({
    ...about(replica, transition, patient),
    itemId: formatInboxItemId({
      kind: 'OVERRULED',
      visitId: visit.id,
      transitionId: transition.id,
    }),
    kind: 'OVERRULED',
    visitId: visit.id,
    ticket: ticketText(replica.read, visit.ticket),
    step: transition.status,
    reason,
    stands: visit.status,
  }))
}

/** @param group visits of one patient, doctor and day */
export function duplicateItems(
  replica: Replica,
  group: readonly Visit[],
  viewer: { seesMoney: boolean; mayMerge: boolean },
): InboxItem[] {
  return duplicateVisits(group).flatMap((visits) => {
    const [first] = visits
    const latest = visits.at(-1)
    if (first === undefined || latest === undefined) return []
    return [
      {
        ...about(replica, latest.created, replica.read.patient(first.patientId)),
        itemId: formatInboxItemId({ kind: 'DUPLICATE_VISIT', visitId: first.id }),
        kind: 'DUPLICATE_VISIT' as const,
        doctorName: doctorName(replica, first.doctorId),
        visits: visits.map((visit) => ({
          visitId: visit.id,
          ticket: ticketText(replica.read, visit.ticket),
          status: visit.status,
          at: instantOf(visit.created.at),
          byName: nameOf(replica.read, visit.created.by),
          paid: viewer.seesMoney
            ? accountOf(visit, replica.read.entriesOfVisit(visit.id)).net
            : null,
        })),
        // One of them must be still where it can be cancelled into the other.
        mayMerge:
          viewer.mayMerge &&
          visits.some(({ status }) => status === 'WAITING' || status === 'WITH_ASSISTANT'),
      },
    ]
  })
}

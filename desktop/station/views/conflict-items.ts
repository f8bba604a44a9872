import type { Superseded } from '#shared/fields.ts'
import { type Patient, PatientField } from '#shared/patient.ts'
import { markOf } from '#shared/resolve.ts'
import { type Visit, VisitField } from '#shared/visit.ts'
import { foldVisit } from '#shared/visit-fold.ts'
import { duplicateVisits } from '../commands/duplicate-visits.ts'
import { formatInboxItemId } from '../commands/inbox-item-id.ts'
import { accountOf } from '../commands/paid.ts'
import { ticketText } from '../commands/ticket-text.ts'
import type { InboxItem } from '../contract/queries.ts'
import type { Replica } from '../replica/replica.ts'
import { about } from './about.ts'
import { nameOf } from './names.ts'
import { openOverruled, openSuperseded, valueOf } from './open-conflicts.ts'
import { instantOf } from './visit-row.ts'

export function supersededOfPatient(
  replica: Replica,
  patient: Patient,
  mayRestore: () => boolean,
): InboxItem[] {
  return openSuperseded(patient).flatMap((lost) => {
    const field = PatientField.safeParse(lost.field)
    if (!field.success) return []
    const mark = markOf(patient, field.data)
    return [
      {
        ...about(replica, lost, patient),
        ...whatStands(replica, patient, lost, mark),
        itemId: formatInboxItemId({
          kind: 'SUPERSEDED',
          collection: 'patients',
          documentId: patient.id,
          supersededId: lost.id,
        }),
        collection: 'patients' as const,
        mayRestore: mayRestore(),
      },
    ]
  })
}

/** Which line, type or priority: seen and let be. To change it again is a command of its own. */
export function supersededOfVisit(replica: Replica, visit: Visit): InboxItem[] {
  const patient = replica.read.patient(visit.patientId)
  return openSuperseded(visit).flatMap((lost) => {
    const field = VisitField.safeParse(lost.field)
    if (!field.success) return []
    const mark = markOf(visit, field.data)
    return [
      {
        ...about(replica, lost, patient),
        ...whatStands(replica, visit, lost, mark),
        itemId: formatInboxItemId({
          kind: 'SUPERSEDED',
          collection: 'visits',
          documentId: visit.id,
          supersededId: lost.id,
        }),
        collection: 'visits' as const,
        mayRestore: false,
      },
    ]
  })
}

function whatStands(
  replica: Replica,
  document: Patient | Visit,
  lost: Superseded,
  mark: ReturnType<typeof markOf>,
): Pick<
  Extract<InboxItem, { kind: 'SUPERSEDED' }>,
  'kind' | 'documentId' | 'field' | 'lost' | 'stands' | 'standsBy' | 'standsAt'
> {
  const shown = (value: Superseded['value']): Superseded['value'] => {
    if (lost.field === 'doctorId') return doctorName(replica, String(value))
    if (lost.field !== 'mergedInto' || value === null) return value
    const visit = replica.read.visit(String(value))
    return visit === null ? null : ticketText(replica.read, visit.ticket)
  }
  return {
    kind: 'SUPERSEDED',
    documentId: document.id,
    field: lost.field,
    lost: shown(lost.value),
    stands: shown(valueOf(document, lost.field)),
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

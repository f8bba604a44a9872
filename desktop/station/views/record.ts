import type { CollectionName, Documents } from '#shared/collections.ts'
import { isEntryOf } from '#shared/entry.ts'
import { AppError } from '#shared/errors.ts'
import { project, type Seen } from '#shared/sight.ts'
import type { QueryParams } from '../contract/queries.ts'
import type { RecordView } from '../contract/record-view.ts'
import { requireSight } from './sight.ts'
import type { ClinicDeps, View } from './view.ts'
import { viewerOf } from './viewer.ts'

/** The clinical record of a visit, each document as far as this person may see it. */
export function recordView(deps: ClinicDeps, { visitId }: QueryParams<'record'>): View<RecordView> {
  return {
    compute: () => computeRecord(deps, visitId),
    dependsOn: (change) => change.collections.size > 0 || change.outbox || change.session,
  }
}

function computeRecord(
  { replica, session }: ClinicDeps,
  visitId: QueryParams<'record'>['visitId'],
): RecordView {
  const person = session.require()
  requireSight(person.roles, 'QUEUE')
  const { read } = replica
  const visit = read.visit(visitId)
  if (visit === null) throw new AppError('NOT_FOUND')
  const viewer = viewerOf(replica, person)
  const seen = <C extends CollectionName>(
    collection: C,
    documents: readonly Documents[C][],
  ): Seen<C>[] => documents.flatMap((document) => project(collection, document, viewer) ?? [])
  const encounter = read.find('encounters', visitId)
  const addenda = read.entriesOfVisit(visitId).filter((entry) => isEntryOf(entry, 'ADDENDUM'))
  const canceled = addenda.flatMap(({ body }) =>
    body.kind === 'ADDENDUM' && body.relation === 'CANCELS' ? (body.prescriptionId ?? []) : [],
  )
  return {
    isOpen: viewer.isDoctorOf(visitId) || viewer.hasOpened(visitId),
    encounter: seen('encounters', encounter === null ? [] : [encounter])[0] ?? null,
    prescriptions: seen('prescriptions', read.prescriptionsOfVisit(visitId)),
    canceled: [...new Set(canceled)],
    addenda: seen('entries', addenda),
    results: seen(
      'labResults',
      read.resultsOfPatient(visit.patientId).filter((result) => result.visitId === visitId),
    ),
  }
}

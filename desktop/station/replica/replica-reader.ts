import { findNamesakes } from './namesakes.ts'
import type { ReplicaFile } from './replica-file.ts'
import type { ReplicaReader } from './replica.ts'

export function readReplica({ store, rows, directory, givenAnew }: ReplicaFile): ReplicaReader {
  return {
    settings: directory.settings,
    staff: directory.staff,
    doctors: directory.doctors,
    prices: directory.prices,
    stations: directory.stations,
    quarantined: directory.quarantined,
    favourites: directory.favourites,
    find: rows.byId,
    patient: (id) => rows.byId('patients', id),
    visit: (id) => rows.byId('visits', id),
    entry: (id) => rows.byId('entries', id),
    visitsOfDay: rows.visitsOfDay,
    visitsOfPatient: rows.visitsOfPatient,
    entriesOfVisit: (visitId) => rows.entriesOf('visitId', visitId),
    entriesOfVisits: rows.entriesOfVisits,
    invoicesOfVisit: (visitId) => rows.where('invoices', 'visitId', visitId),
    prescriptionsOfVisit: (visitId) => rows.where('prescriptions', 'visitId', visitId),
    resultsOfPatient: (patientId) => rows.where('labResults', 'patientId', patientId),
    sharedOfPatient: (patientId) => rows.where('sharedHistory', 'patientId', patientId),
    entriesOfPatient: (patientId) => rows.entriesOf('patientId', patientId),
    entriesOfDay: (queueDay) => rows.entriesOf('queueDay', queueDay),
    hasTicketsGivenAnew: givenAnew.hasTickets,
    namesakes: (name, phone) => findNamesakes(store, rows, { name, phone }),
  }
}

import type { Settings } from '#shared/clinic.ts'
import type { CalendarDate } from '#shared/fields.ts'
import type { PatientId } from '#shared/ids.ts'
import type { Money } from '#shared/money.ts'
import type { Patient } from '#shared/patient.ts'
import { rankPatientHits } from '#shared/patient-rank.ts'
import { patientSearchQueries } from '#shared/patient-search.ts'
import { standingMerge, type Visit } from '#shared/visit.ts'
import { accountOf, entriesByAccount } from '../commands/paid.ts'
import { ticketText } from '../commands/ticket-text.ts'
import type { QueryParams } from '../contract/queries.ts'
import type { SearchHit, SearchView } from '../contract/search-view.ts'
import type { Replica } from '../replica/replica.ts'
import { findWhere } from './live-documents.ts'
import { showDay } from './shown-day.ts'
import { requireSight, seesAccounts } from './sight.ts'
import type { ClinicDeps, View } from './view.ts'

/** So many answers of the index are ranked for each that is shown. */
const RANKED_PER_HIT = 4
const RANKED_AT_LEAST = 60
/** Further back nobody looks for what a patient owes. */
const VISITS_OF_A_HIT = 50

export function searchView(
  deps: ClinicDeps,
  { text, limit }: QueryParams<'search'>,
): View<SearchView> {
  const day = showDay(deps.replica)
  let wasPreparing = false
  return {
    async compute() {
      const view = await computeSearch(deps, { text, limit, today: day.today() })
      wasPreparing = view.isPreparing
      return view
    },
    dependsOn: (change) =>
      change.collections.size > 0 ||
      change.session ||
      day.isOver(change) ||
      // That it is done is told by nobody.
      (wasPreparing && change.clock),
  }
}

interface Asked {
  text: string
  limit: number
  today: CalendarDate
}

async function computeSearch(
  { replica, session }: ClinicDeps,
  { text, limit, today }: Asked,
): Promise<SearchView> {
  const { roles } = session.require()
  requireSight(roles, 'IDENTITY')
  const settings = replica.read.settings()
  const found =
    text.trim() === ''
      ? await patientsAtHand(replica, today, limit)
      : searchPatients(replica, { text, limit, today })
  const seesMoney = seesAccounts(roles, settings)
  return {
    text,
    hits: found.map((patient) => makeHit(replica, patient, { today, seesMoney, settings })),
    patients: replica.countPatients(),
    isPreparing: !replica.isSearchWhole(),
  }
}

function searchPatients(replica: Replica, { text, limit, today }: Asked): Patient[] {
  const readings = patientSearchQueries(text)
  const ids = replica.searchPatients(readings, Math.max(limit * RANKED_PER_HIT, RANKED_AT_LEAST))
  const candidates = ids.flatMap((id) => {
    const patient = replica.read.patient(id)
    const [last] = replica.read.visitsOfPatient(id, 1)
    return patient === null ? [] : [{ ...patient, lastVisitAt: last?.queueDay ?? null }]
  })
  return rankPatientHits(candidates, text, today).slice(0, limit)
}

/** Before anything is typed: who is here today, the latest first, then the newest in the book. */
async function patientsAtHand(
  replica: Replica,
  today: CalendarDate,
  limit: number,
): Promise<Patient[]> {
  const { visits, patients } = replica.database.collections
  const ofToday = await findWhere(visits, { queueDay: today })
  const here = ofToday
    .toSorted((a, b) => (a.created.at < b.created.at ? 1 : -1))
    .map(({ patientId }) => patientId)
  // Ids are UUIDv7: the newest sorts last.
  const newest = await patients.find({ selector: {}, sort: [{ id: 'desc' }], limit }).exec()
  const ids = new Set<PatientId>([...here, ...newest.map(({ id }) => id)])
  return [...ids].slice(0, limit).flatMap((id) => replica.read.patient(id) ?? [])
}

const TOOK_NO_PLACE: readonly Visit['status'][] = ['CANCELED', 'NO_SHOW']

function makeHit(
  replica: Replica,
  patient: Patient,
  known: { today: CalendarDate; seesMoney: boolean; settings: Settings },
): SearchHit {
  const visits = replica.read.visitsOfPatient(patient.id, VISITS_OF_A_HIT)
  const last = visits.find(({ status }) => !TOOK_NO_PLACE.includes(status))
  return {
    patientId: patient.id,
    name: patient.name,
    phones: patient.phones,
    birthDate: patient.birthDate,
    sex: patient.sex,
    fileNumber: patient.fileNumber,
    nationalId: patient.nationalId,
    lastVisitDay: last?.queueDay ?? null,
    openBalance: known.seesMoney ? openBalance(replica, patient.id, visits, known.settings) : null,
    today: visits
      .filter((visit) => visit.queueDay === known.today && standingMerge(visit) === null)
      .map(({ id, ticket, status }) => ({
        visitId: id,
        ticket: ticketText(replica.read, ticket),
        status,
      })),
    possibleDuplicate: patient.possibleDuplicateOf !== null,
  }
}

function openBalance(
  replica: Replica,
  patientId: PatientId,
  visits: readonly Visit[],
  { currency }: Settings,
): Money {
  const byId = new Map(visits.map((visit) => [visit.id, visit]))
  const entries = visits.length === 0 ? [] : replica.read.entriesOfPatient(patientId)
  const byVisit = entriesByAccount(entries, byId)
  const minor = visits.reduce(
    (sum, visit) => sum + accountOf(visit, byVisit.get(visit.id) ?? []).balance.minor,
    0,
  )
  return { minor, currency }
}

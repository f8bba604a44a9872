import { AppError } from '#shared/errors.ts'
import { type Entry, type EntryOf, isEntryOf } from '#shared/entry.ts'
import type { CalendarDate } from '#shared/fields.ts'
import type { Patient, PatientDraft } from '#shared/patient.ts'
import { can, governingStatus } from '#shared/roles.ts'
import { project } from '#shared/sight.ts'
import { standingConsent } from '#shared/standing-consent.ts'
import type { Visit } from '#shared/visit.ts'
import { formatReceipt } from '../commands/money.ts'
import { type Account, accountOf, entriesByAccount } from '../commands/paid.ts'
import { ticketText } from '../commands/ticket-text.ts'
import type { PatientView } from '../contract/patient-view.ts'
import type { QueryParams } from '../contract/queries.ts'
import type { Replica } from '../replica/replica.ts'
import type { Person } from '../session/current-session.ts'
import { nameOf } from './names.ts'
import { showDay } from './shown-day.ts'
import { requireSight, seesAccounts } from './sight.ts'
import { toldOf } from './told.ts'
import type { ClinicDeps, View } from './view.ts'
import { viewerOf } from './viewer.ts'
import { instantOf } from './visit-row.ts'

const MAX_VISITS = 500

export function patientView(
  deps: ClinicDeps,
  { patientId }: QueryParams<'patient'>,
): View<PatientView> {
  const day = showDay(deps.replica)
  return {
    compute: () => computePatient(deps, patientId, day.today()),
    dependsOn: (change) =>
      change.collections.size > 0 || change.outbox || change.session || day.isOver(change),
  }
}

function computePatient(
  { replica, session }: ClinicDeps,
  patientId: Patient['id'],
  today: CalendarDate,
): PatientView {
  const person = session.require()
  requireSight(person.roles, 'IDENTITY')
  const { read } = replica
  const patient = read.patient(patientId)
  if (patient === null) throw new AppError('NOT_FOUND')
  const settings = read.settings()
  const visits = read.visitsOfPatient(patientId, MAX_VISITS)
  const statuses = visits.filter(({ queueDay }) => queueDay === today).map(({ status }) => status)
  const other =
    patient.possibleDuplicateOf === null ? null : read.patient(patient.possibleDuplicateOf)
  return {
    patientId,
    draft: draftOf(patient),
    registeredAt: instantOf(patient.created.at),
    possibleDuplicateOf: other === null ? null : { patientId: other.id, name: other.name },
    unsynced: replica.pending('patients', patientId) !== 'NONE',
    mayEdit: can(person.roles, governingStatus(statuses), 'EDIT_PATIENT', settings.narrowing),
    mayCheckIn: can(person.roles, 'NONE', 'CHECK_IN', settings.narrowing),
    visits: visitsOf(replica, visits, person),
    ...toldOf(replica, patient, viewerOf(replica, person)),
    sharing: {
      agreed: standingConsent(read.entriesOfPatient(patientId)) !== null,
      mayRecord: can(person.roles, 'NONE', 'RECORD_CONSENT', settings.narrowing),
      mayLink: person.roles.includes('ADMIN'),
    },
  }
}

function draftOf(patient: Patient): PatientDraft {
  const { name, phones, nationalId, birthDate, sex, fileNumber, address, note } = patient
  return { name, phones, nationalId, birthDate, sex, fileNumber, address, note }
}

type PatientVisit = PatientView['visits'][number]

function visitsOf(replica: Replica, visits: readonly Visit[], person: Person): PatientVisit[] {
  const { read } = replica
  const [first] = visits
  if (first === undefined) return []
  const seesMoney = seesAccounts(person.roles, read.settings())
  const looking = viewerOf(replica, person)
  const seen = (entry: Entry): entry is MoneyEntry =>
    isEntryOf(entry, 'PAYMENT', 'REFUND') && project('entries', entry, looking) !== null
  const entries = read.entriesOfPatient(first.patientId)
  const accounts = entriesByAccount(entries, new Map(visits.map((visit) => [visit.id, visit])))
  return visits.map((visit) => {
    const counted = accounts.get(visit.id) ?? []
    const account = seesMoney ? accountOf(visit, counted) : null
    return makeVisit(replica, visit, { account, entries: counted.filter(seen) })
  })
}

type MoneyEntry = EntryOf<'PAYMENT' | 'REFUND'>

function makeVisit(
  replica: Replica,
  visit: Visit,
  { account, entries }: { account: Account | null; entries: readonly MoneyEntry[] },
): PatientVisit {
  const { read } = replica
  const doctor = read.doctors().find(({ doctorId }) => doctorId === visit.doctorId)
  return {
    visitId: visit.id,
    queueDay: visit.queueDay,
    ticket: ticketText(read, visit.ticket),
    doctorName: doctor?.name ?? nameOf(read, visit.doctorId),
    type: visit.type,
    status: visit.status,
    arrivedAt: instantOf(visit.created.at),
    paid: account?.paid ?? null,
    payments: entries
      .toSorted((a, b) => (a.at < b.at ? -1 : 1))
      .map(({ id, body, at, by }) => ({
        entryId: id,
        kind: body.kind,
        amount: body.amount,
        method: body.method,
        at: instantOf(at),
        byName: nameOf(read, by),
        receipt: body.kind === 'PAYMENT' ? formatReceipt(body.receipt) : null,
      })),
  }
}

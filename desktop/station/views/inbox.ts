import { type Command, CommandName, patientIn } from '#shared/commands.ts'
import { type Quarantined, SESSION_UNKNOWN } from '#shared/clinic.ts'
import { enteredOf } from '#shared/entered.ts'
import type { CalendarDate } from '#shared/fields.ts'
import type { PatientId } from '#shared/ids.ts'
import { can, governingStatus, mayView, type Role } from '#shared/roles.ts'
import type { Patient } from '#shared/patient.ts'
import { formatInboxItemId } from '../commands/inbox-item-id.ts'
import type { EnteredField } from '../contract/entered-field.ts'
import type { InboxItem, InboxView } from '../contract/inbox-view.ts'
import type { Replica, ReplicaReader } from '../replica/replica.ts'
import type { Person } from '../session/current-session.ts'
import { type ConflictIndex, conflictIndexOf } from './conflict-index.ts'
import {
  duplicateItems,
  overruledItems,
  supersededOfPatient,
  supersededOfVisit,
} from './conflict-items.ts'
import { enteredFields } from './entered.ts'
import { givenAnewItems } from './given-anew.ts'
import { type About, about } from './about.ts'
import { recordConflicts } from './record-conflicts.ts'
import { showDay } from './shown-day.ts'
import { seesAccounts } from './sight.ts'
import type { ClinicDeps, View } from './view.ts'
import { viewerOf } from './viewer.ts'
import { writtenFields } from './written.ts'

/** One row for each thing that a person must look at; each person sees what they can settle. */
export function inboxView(deps: ClinicDeps): View<InboxView> {
  const day = showDay(deps.replica)
  let isWhole = true
  return {
    async compute() {
      const { replica, session } = deps
      const { roles } = session.require()
      const isDesk = can(roles, 'NONE', 'SETTLE_CONFLICT', replica.read.settings().narrowing)
      const index = isDesk ? await conflictIndexOf(replica) : null
      isWhole = index?.isWhole() ?? true
      return computeInbox(deps, index, day.today())
    },
    dependsOn: (change) =>
      change.collections.size > 0 ||
      change.outbox ||
      change.session ||
      day.isOver(change) ||
      (change.clock && !isWhole),
  }
}

/** @param conflicts null: not this person's to settle */
function computeInbox(
  { replica, session }: ClinicDeps,
  conflicts: ConflictIndex | null,
  today: CalendarDate,
): InboxView {
  const person = session.require()
  const { narrowing } = replica.read.settings()
  const mayDecide = can(person.roles, 'NONE', 'DECIDE_QUARANTINE', narrowing)
  const quarantined = mayDecide ? quarantinedItems(replica) : []
  const isDesk = conflicts !== null
  const known = new Set(quarantined.map(({ itemId }) => itemId))
  const commands = commandItems(replica, person, isDesk).filter(
    (item) => item.kind !== 'HELD' || !known.has(`QUARANTINED/${item.commandId}`),
  )
  const items = [
    ...quarantined,
    ...commands,
    ...(mayView(person.roles, 'IDENTITY')
      ? givenAnewItems(replica, today, ({ by }) => isDesk || by === person.userId)
      : []),
    ...(conflicts === null ? [] : conflictItems(replica, { person, today }, conflicts)),
    ...recordConflicts({ replica, viewer: viewerOf(replica, person) }),
  ]
  return { items: items.toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0)) }
}

/** Refused and held commands of this station: the desk's to look after, and their author's. */
function commandItems(replica: Replica, person: Person, isDesk: boolean): InboxItem[] {
  const isTheirs = ({ command }: { command: Command }): boolean =>
    isDesk || command.by === person.userId
  const viewer = viewerOf(replica, person)
  const entered = (command: Command): EnteredField[] => [
    ...enteredFields(enteredOf(command), replica.read),
    ...writtenFields(command, viewer),
  ]
  const held = replica
    .held()
    .filter(isTheirs)
    .map(({ command, code, details }): InboxItem => ({
      ...aboutCommand(replica, command),
      itemId: formatInboxItemId({ kind: 'HELD', commandId: command.commandId }),
      kind: 'HELD',
      commandId: command.commandId,
      command: command.name,
      code: code ?? 'UNAVAILABLE',
      details,
      entered: entered(command),
    }))
  const rejected = replica
    .rejected()
    .filter(isTheirs)
    .map(({ command, code, details }): InboxItem => ({
      ...aboutCommand(replica, command),
      itemId: formatInboxItemId({ kind: 'REJECTED', commandId: command.commandId }),
      kind: 'REJECTED',
      commandId: command.commandId,
      command: command.name,
      code,
      details,
      entered: entered(command),
    }))
  return [...held, ...rejected]
}

function aboutCommand(replica: Replica, command: Command): About {
  return about(replica, command, patientOfCommand(replica, command))
}

/** Also one whom the refused command had itself registered: then only the command knows them. */
function patientOfCommand(
  replica: Replica,
  { name, writes }: Command,
): Pick<Patient, 'id' | 'name'> | null {
  if (name === 'importPatients') return null
  for (const write of writes) {
    if (write.collection === 'patients') return write.next
    const patientId = patientIn(write)
    const patient = patientId === null ? null : replica.read.patient(patientId)
    if (patient !== null) return patient
  }
  return null
}

function quarantinedItems(replica: Replica): Extract<InboxItem, { kind: 'QUARANTINED' }>[] {
  const { read } = replica
  const pending = read.quarantined().filter(({ decision }) => decision === 'PENDING')
  return pending.flatMap((item) => {
    const name = CommandName.safeParse(item.name)
    if (!name.success) return []
    const patientId = item.patientId ?? patientTouched(item, read)
    const patient = patientId === null ? null : read.patient(patientId)
    // Whom a quarantined command had registered, only the command knows.
    const registered = patientId === null ? null : nameEntered(pending, patientId)
    return [
      {
        ...about(replica, item, patient),
        patientName: patient?.name ?? registered,
        itemId: formatInboxItemId({ kind: 'QUARANTINED', commandId: item.commandId }),
        kind: 'QUARANTINED' as const,
        commandId: item.commandId,
        command: name.data,
        reason: isSessionUnknown(item) ? ('SESSION_UNKNOWN' as const) : item.reason,
        entered: enteredFields(item.entered ?? [], read),
        more: item.more ?? 0,
        mayDecide: true,
      },
    ]
  })
}

function isSessionUnknown({ touches }: Quarantined): boolean {
  return touches.some(({ collection }) => collection === SESSION_UNKNOWN)
}

function patientTouched({ touches }: Quarantined, read: ReplicaReader): PatientId | null {
  const ids = touches.map(({ collection, id }) =>
    collection === 'patients'
      ? read.patient(id)?.id
      : collection === 'visits'
        ? read.visit(id)?.patientId
        : undefined,
  )
  return ids.find((id) => id !== undefined) ?? null
}

function nameEntered(pending: readonly Quarantined[], patientId: PatientId): string | null {
  const fields = pending
    .filter((item) => item.patientId === patientId)
    .flatMap(({ entered }) => entered ?? [])
  const name = fields.find(({ field }) => field === 'name')
  return name?.kind === 'TEXT' ? name.value : null
}

function conflictItems(
  replica: Replica,
  { person, today }: { person: Person; today: CalendarDate },
  index: ConflictIndex,
): InboxItem[] {
  const { read } = replica
  const settings = read.settings()
  const mayEdit = (roles: readonly Role[], patientId: PatientId): boolean => {
    const statuses = read
      .visitsOfPatient(patientId, 20)
      .filter(({ queueDay }) => queueDay === today)
      .map(({ status }) => status)
    return can(roles, governingStatus(statuses), 'EDIT_PATIENT', settings.narrowing)
  }
  const patients = [...index.patients()].flatMap((id) => read.patient(id) ?? [])
  const visits = [...index.visits()].flatMap((id) => read.visit(id) ?? [])
  const groups = [...index.groups()].map((ids) => [...ids].flatMap((id) => read.visit(id) ?? []))
  return [
    ...patients.flatMap((patient) =>
      supersededOfPatient(replica, patient, () => mayEdit(person.roles, patient.id)),
    ),
    ...visits.flatMap((visit) => [
      ...supersededOfVisit(replica, visit),
      ...overruledItems(replica, visit),
    ]),
    ...groups.flatMap((group) =>
      duplicateItems(replica, group, {
        seesMoney: seesAccounts(person.roles, settings),
        mayMerge: can(person.roles, 'WAITING', 'MERGE_VISITS', settings.narrowing),
      }),
    ),
  ]
}

import type { MergedDocument } from '#shared/collection-rules.ts'
import { type Documents, COLLECTIONS } from '#shared/collections.ts'
import { RECORD_COMMANDS, RESTORED_BY } from '#shared/commands.ts'
import type { CalendarDate } from '#shared/fields.ts'
import { areNotesOpen } from '#shared/judge-record.ts'
import { type Action, can, type StatusKey } from '#shared/roles.ts'
import { fieldsSeen, type Viewer } from '#shared/sight.ts'
import type { Visit } from '#shared/visit.ts'
import { canJoin } from '../commands/superseded.ts'
import type { InboxItem } from '../contract/inbox-view.ts'
import { CONTESTED, type ContestedCollection } from '../replica/contested.ts'
import type { Replica } from '../replica/replica.ts'
import { supersededItem } from './conflict-items.ts'
import { openSuperseded } from './open-conflicts.ts'

/** Which conflicts of a record a person may see and settle. */
interface Say {
  readonly replica: Replica
  readonly viewer: Viewer
}

/**
 * Texts of records that two people changed without seeing each other, for those whose matter they are:
 * who may see both, and may write there. What is clinical is for a doctor of that record alone.
 */
export function recordConflicts(say: Say): InboxItem[] {
  const ofCollection = <C extends ContestedCollection>(collection: C): InboxItem[] =>
    say.replica.contested(collection).flatMap((id) => {
      const document = say.replica.read.find(collection, id)
      return document === null ? [] : itemsOf(say, collection, document)
    })
  return CONTESTED.flatMap((collection) => ofCollection(collection))
}

function itemsOf<C extends ContestedCollection>(
  say: Say,
  collection: C,
  document: Documents[C],
): InboxItem[] {
  const { replica, viewer } = say
  const open = openSuperseded<MergedDocument>(document)
  if (open.length === 0 || fieldsSeen(collection, document, viewer) !== 'ALL') return []
  const matter = matterOf(say, collection, document)
  if (matter === null || !matter.may(settledBy(collection))) return []
  const { action } = RECORD_COMMANDS[RESTORED_BY[collection]]
  const mayWrite = matter.isOpen && matter.may(action)
  return open.map((lost) => {
    const mayRestore = mayWrite && isRestorable(collection, lost.field)
    return supersededItem(replica, document, lost, {
      collection,
      patient: matter.patient,
      day: matter.day,
      itemName: matter.itemName,
      mayRestore,
      mayJoin: mayRestore && matter.isText && canJoin(collection, document, lost),
    })
  })
}

interface Matter {
  readonly patient: Documents['patients'] | null
  readonly day: CalendarDate | null
  readonly itemName: string | null
  /** What was written there are texts, which can stand one after the other. */
  readonly isText: boolean
  /** Whether anybody may still write there. */
  readonly isOpen: boolean
  may(action: Action): boolean
}

/** Null: it is not this person's. */
function matterOf<C extends ContestedCollection>(
  { replica: { read }, viewer }: Say,
  collection: C,
  document: Documents[C],
): Matter | null {
  const { narrowing } = read.settings()
  const mayIn =
    (status: StatusKey) =>
    (action: Action): boolean =>
      can(viewer.roles, status, action, narrowing)
  if ('unit' in document) {
    const { name } = document
    const office = { isText: false, isOpen: true, may: mayIn('NONE') }
    return { ...office, patient: null, day: null, itemName: name }
  }
  if ('steps' in document) {
    const { patientId, day, status } = document
    const isOpen = status === 'BOOKED' && day >= viewer.today
    const patient = read.patient(patientId)
    return { patient, day, itemName: null, isText: false, isOpen, may: mayIn('NONE') }
  }
  const visitId = COLLECTIONS[collection].visitOf(document)
  const visit = visitId === null ? null : read.visit(visitId)
  if (visit === null || !isDoctorOf(visit, document, viewer)) return null
  const isOpen = collection !== 'encounters' || areNotesOpen(visit, viewer.today)
  return {
    patient: read.patient(visit.patientId),
    day: visit.queueDay,
    itemName: null,
    isText: true,
    isOpen,
    may: mayIn(visit.status),
  }
}

/** Of the visit, of the draft, or who has opened the record. */
function isDoctorOf({ id }: Visit, document: object, viewer: Viewer): boolean {
  const prescribes = Reflect.get(document, 'doctorId') === viewer.userId
  return prescribes || viewer.isDoctorOf(id) || viewer.hasOpened(id)
}

/** As `judge.ts` asks for it. */
function settledBy(collection: ContestedCollection): Action {
  switch (collection) {
    case 'encounters':
    case 'prescriptions':
      return 'APPEND_ADDENDUM'
    case 'appointments':
      return 'SETTLE_CONFLICT'
    case 'inventory':
      return 'MANAGE_STOCK'
  }
}

/** Whoever wants a booking elsewhere moves it. */
function isRestorable(collection: ContestedCollection, field: string): boolean {
  return collection !== 'appointments' || field === 'type' || field === 'note'
}
